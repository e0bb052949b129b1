"""Gems."""

from __future__ import annotations

from slim.ecosystems.ruby.packages import read_ruby
from tests.support.installed_languages import GEMSPEC


def test_gems() -> None:
    home = b"usr/local/bundle"
    full = b"nokogiri-1.18.10-x86_64-linux-gnu"
    contents = {
        home + b"/specifications/" + full + b".gemspec": GEMSPEC,
        home + b"/specifications/default/json-2.9.1.gemspec": b"# stub: json 2.9.1 ruby lib\n",
        home + b"/extensions/x86_64-linux/3.4.0/" + full + b"/gem_make.out": b"make\n",
        home + b"/gems/" + full + b"/test/specifications/no.gemspec": b"no stub",
        b"app/app.gemspec": b"# stub: app 1 ruby lib\n",
    }
    read = read_ruby(contents)
    found = {package.name: package for package in read.packages}
    assert set(found) == {"nokogiri", "json"}
    gem = found["nokogiri"]
    assert (gem.version, gem.arch) == ("1.18.10", "x86_64-linux-gnu")
    assert gem.directories == (
        home + b"/gems/" + full,
        home + b"/doc/" + full,
        home + b"/extensions/x86_64-linux/3.4.0/" + full,
    )
    assert home + b"/cache/" + full + b".gem" in gem.files
    names = [dependency.names for dependency in gem.depends]
    assert names == [("usr/local/bundle:mini_portile2",), ("usr/local/bundle:racc",)]
    assert found["json"].directories == ()
    assert found["json"].provides == ("usr/local/bundle:json",)
    assert len(read.warnings) == 1
