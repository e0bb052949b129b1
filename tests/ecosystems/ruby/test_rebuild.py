"""What a rebuild keeps of Ruby: a bundle, or packages of the distribution."""

from __future__ import annotations

from pathlib import Path

from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import (
    KILO,
    MEGA,
    Debian,
    Tree,
    analyzed,
    base,
    compilers,
    installed,
    part,
    program,
    rebuilt,
)

GEMFILE = b"""source "https://example.org"
gem "sinatra"
gem "puma", "~> 6"
gem "pry", group: :development
group :test, :development do
  gem "rspec"
end
"""


LOCKED = b"""GEM
  remote: https://example.org/
  specs:
    pry (1)
    puma (1)
      nio4r (~> 1)
    nio4r (1)
    rack (1)
    rspec (1)
    sinatra (1)
      rack (>= 1)

DEPENDENCIES
  pry
  puma
  rspec
  sinatra
"""


def gems(home: str, *names: str) -> Tree:
    tree: dict[str, bytes | str | None] = {}
    for name in names:
        stub = f"# -*- encoding: utf-8 -*-\n# stub: {name} 1 ruby lib\n\nGem::Specification.new\n"
        tree[f"{home}/specifications/{name}-1.gemspec"] = stub.encode()
        tree[f"{home}/gems/{name}-1/lib/{name}.rb"] = b"r" * 100 * KILO
        tree[f"{home}/cache/{name}-1.gem"] = b"g" * 50 * KILO
        tree[f"{home}/doc/{name}-1/ri/x.ri"] = b"d" * 20 * KILO
    return tree


@LONG
def test_ruby_keeps_the_bundle_without_its_development(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    kit: Tree = {
        "usr/local/bin/ruby": program(b"libruby.so.3.4", size=30 * KILO),
        "usr/local/bin/bundle": b"#!/usr/local/bin/ruby\n",
        "usr/local/lib/libruby.so.3.4": program(size=4 * MEGA),
        "usr/local/lib/ruby/3.4.0/json.rb": b"j" * MEGA,
        "usr/local/include/ruby-3.4.0/ruby.h": b"h" * 2 * MEGA,
        "usr/local/bundle/bin/puma": b"#!/usr/local/bin/ruby\n",
        **gems("usr/local/bundle", "sinatra", "puma", "nio4r", "rack", "rspec", "pry"),
    }
    app: dict[str, bytes | str | None] = {
        "app/Gemfile": GEMFILE,
        "app/Gemfile.lock": LOCKED,
        "app/config.ru": b"run App\n",
        "app/config/settings.yml": b"a: 1\n",
        "app/node_modules/esbuild/index.js": b"e" * 5 * MEGA,
    }
    report = analyzed(
        tmp_path,
        root,
        {**debian.layer(), **kit},
        app,
        Cmd=["bundle", "exec", "puma", "-C", "config/settings.yml"],
        Env=["PATH=/usr/local/bundle/bin:/usr/local/bin:/usr/bin:/bin", "RUBY_VERSION=3.4.1"],
    )
    rebuild = rebuilt(report)
    assert rebuild.stack == "ruby"
    kept = part(rebuild, "gems")
    assert bare(kept.why).endswith("nio4r, puma, rack, sinatra")
    assert 400 * KILO <= kept.disk_bytes < 402 * KILO, "no archives, no documentation, no rspec"
    assert part(rebuild, "the application").files == 4
    assert MEGA < part(rebuild, "Ruby").disk_bytes < 1.1 * MEGA
    assert part(rebuild, "scripts and libraries").disk_bytes > 4 * MEGA
    text = bare(rebuild.dockerfile)
    assert "FROM ruby:3.4.1 AS build" in text
    assert "RUN bundle install" in text
    assert 'COPY --from=build ["/usr/local/bundle", "/usr/local/bundle"]' in text


def test_ruby_from_packages_of_the_distribution(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("ruby", {"usr/bin/ruby": "ruby3.3"}, depends="ruby3.3")
    runs = {"usr/bin/ruby3.3": program(b"libc.so.6", size=2 * MEGA)}
    debian.add("ruby3.3", runs, auto=True)
    debian.add("ruby-full", {"usr/share/doc/ruby-full/x": b""}, depends="ruby, ruby-dev, ri")
    debian.add("ruby-dev", {"usr/include/ruby-3.3.0/ruby.h": b"h" * 2 * MEGA}, auto=True)
    debian.add("ri", {"usr/share/ri/3.3.0/x.ri": b"r" * 9 * MEGA}, auto=True)
    shared = "usr/share/rubygems-integration/all"
    for name, auto in (("sinatra", False), ("rack", True), ("rspec", False)):
        stub = f"# stub: {name} 1 ruby lib\n".encode()
        debian.add(
            f"ruby-{name}",
            {
                f"{shared}/specifications/{name}-1.gemspec": stub,
                f"usr/share/rubygems-integration/all/gems/{name}-1/{name}.rb": b"x" * 90 * KILO,
            },
            depends="ruby-rack" if name == "sinatra" else "ruby",
            auto=auto,
        )
    app: dict[str, bytes | str | None] = {
        "app/Gemfile": b'gem "sinatra"\n',
        "app/app.rb": b"require 'sinatra'\n",
    }
    report = analyzed(tmp_path, root, debian.layer(), app, Cmd=["ruby", "app.rb"])
    rebuild = rebuilt(report)
    assert installed(rebuild) == ["ruby", "ruby-rack", "ruby-sinatra", "ruby3.3"]
    assert "bundle install" not in bare(rebuild.dockerfile)
