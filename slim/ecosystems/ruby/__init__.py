"""Ruby: gems, Bundler, Rails."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem, Reader, Runtime, Runtimes
from slim.ecosystems.prefixes import in_prefix, is_program
from slim.ecosystems.ruby.packages import read_ruby
from slim.ecosystems.ruby.queries import older_gems
from slim.ecosystems.ruby.rebuild import plan
from slim.ecosystems.ruby.runners import RUNNERS
from slim.ecosystems.shared import calls
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.gather import Facts
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Marks, Place, cut, last
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import MEDIUM, SMALL, Keep
from slim.files.view import View, below, decoded
from slim.packages.package import parent
from slim.rebuild.model import Building, Recipe, Sources

_JIT_GEMS = (b"RubyInline-",)
"""Gems that call a compiler when they run."""
_INSTALLS = calls({"bundle": names("install"), "gem": names("install")})


def _gem_homes(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    return cut(
        parent(path)
        for path in found[b"specifications"]
        if view.is_dir(below(parent(path), b"gems")) and not path.startswith(b"usr/share/")
    )


def _jit(known: Known) -> Evidence:
    gems = [
        decoded(name)
        for home in known.roots.of("gem_home")
        for name in known.view.names_in(home + b"/gems")
        if name.startswith(_JIT_GEMS)
    ]
    return (*gems, *_INSTALLS(known))


def _kinds(known: Known) -> Iterator[str]:
    homes = known.roots.projects_of("ruby")
    if any(known.view.is_file(below(home, b"bin/rails")) for home in homes):
        yield "rails"


def _runtimes(view: View, facts: Facts) -> Iterator[Runtime]:
    for path in facts.roots.named[b"ruby"]:
        if last(parent(path)) == b"bin" and is_program(view, path):
            own = [b"lib/ruby", b"include/ruby-3"]
            yield from in_prefix(view, path, parent(path, 2), own, facts.roots)


_CALLERS = {
    "activerecord": ("postgresql-client", "default-mysql-client", "mariadb-client"),
    "wicked_pdf": ("wkhtmltopdf",),
    "mini_magick": ("imagemagick", "graphicsmagick"),
    "streamio-ffmpeg": ("ffmpeg",),
    "rugged": ("git",),
}
"""Gem → packages of the system whose programs it starts, as its documentation says."""
RUBY = Ecosystem(
    name="ruby",
    keeps=(
        Keep(
            "specifications/*.gemspec specifications/default/*.gemspec Gemfile.lock Gemfile", MEDIUM
        ),
        Keep("gem.build_complete"),
        Keep(
            "*.rb",
            2 * SMALL,
            heads=(
                *b"re|# |#\n|cl|mo|de|fr|be|$:|$L|wo|po|Bu|RS|bi|th|ge|so|ta|na|Ra|Si".split(b"|"),
            ),
            libraries="gems vendor",
        ),
    ),
    packages=Reader(read_ruby, (b".gemspec",)),
    projects=raw_names("Gemfile config.ru"),
    places=(Place(name="gem_home", marks=raw_names("specifications"), find=_gem_homes),),
    foreign=raw_names("gems bundler"),
    programs=Programs(
        family="ruby",
        names=names(
            "ruby irb bundle bundler rails rake puma unicorn thin rackup sidekiq passenger jekyll rspec "
            "resque clockwork thrust jruby truffleruby falcon iodine good_job karafka gem fluentd"
        ),
        ambiguous=names("rake thin falcon iodine gem resque clockwork passenger"),
        endings=(".rb", ".ru"),
        repls=names("irb pry"),
        servers=names("puma unicorn thin rackup sidekiq"),
        works=names("-e"),
        builds={
            "bundle": names("install"),
            "rake": names("test spec build assets:precompile"),
            "rspec": names("*"),
            "gem": names("build install"),
        },
    ),
    runners=RUNNERS,
    stack=True,
    kinds=_kinds,
    role=RoleSigns(production={"RAILS_ENV": "production", "RACK_ENV": "production"}),
    variables=(
        Variable(
            name="gem_home",
            samples=("usr/local/bundle", "var/lib/gems/3.3.0"),
            place="gem_home",
            env=("GEM_HOME", "BUNDLE_PATH"),
            fixed=(b"usr/local/bundle",),
        ),
    ),
    facts={"jit.cxx": _jit},
    older_versions=older_gems,
    runtimes=Runtimes(
        find=_runtimes, names=raw_names("ruby"), packages=("ruby", "libruby", "rake", "bundler")
    ),
    building=Building(variables=(r"BUNDLE_\w*",), loaders=names("bundle bundler rbenv")),
    rebuild=Recipe(plan, "ruby", "RUBY_VERSION"),
    sources=Sources(
        kept=(b".rb",), unread=(b".rake",), libraries=frozenset((b"vendor",)), callers=_CALLERS
    ),
)
