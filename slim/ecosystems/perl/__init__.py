"""Perl: cpanfile and Carton, PSGI servers, and what cpan, cpanm and cpm leave."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem
from slim.ecosystems.perl.rebuild import plan
from slim.ecosystems.shared import calls
from slim.entrypoint.runners import runner
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Known
from slim.facts.programs import Programs
from slim.facts.roots import Marks, Place, cut, last
from slim.facts.variables import Variable
from slim.files.view import View, decoded
from slim.packages.package import parent
from slim.rebuild.model import Building, Recipe, Sources

_SERVERS = names("plackup starman starlet twiggy hypnotoad")


def _local(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    """The directories `local` in which Carton installs the modules of a project."""
    homes = (parent(path, 2) for path in found[b"perl5"] if path.endswith(b"/local/lib/perl5"))
    return cut(home for home in homes if parent(home) != b"usr" and last(home) == b"local")


def _carried(known: Known) -> Iterator[str]:
    for path in known.roots.of("perl_local"):
        yield f"{decoded(path)} holds modules of Perl"


def _kinds(known: Known) -> Iterator[str]:
    if any(command.name in _SERVERS for command in known.runs.main):
        yield "PSGI server"


PERL = Ecosystem(
    name="perl",
    projects=raw_names("cpanfile"),
    places=(Place(name="perl_local", marks=raw_names("perl5"), find=_local),),
    foreign=raw_names("perl5"),
    programs=Programs(
        family="perl",
        names=_SERVERS | names("perl morbo carton cpan cpanm cpm prove"),
        endings=(".pl", ".psgi"),
        repls=names("perl"),
        servers=_SERVERS,
    ),
    runners=(runner("carton plenv", "exec"),),
    stack=True,
    carried=_carried,
    kinds=_kinds,
    variables=(
        Variable(name="perl_local", samples=("app/local", "srv/app/local"), place="perl_local"),
        Variable(name="cpm_home", samples=("root/.perl-cpm",), in_home=(b".perl-cpm",)),
    ),
    facts={
        "jit.cxx": calls(
            {
                "carton": names("install"),
                "cpm": names("install"),
                "cpan": frozenset(),
                "cpanm": frozenset(),
            }
        )
    },
    building=Building(packages=names("cpanminus libmodule-build-perl carton perl-doc")),
    rebuild=Recipe(plan, "perl", "PERL_VERSION"),
    sources=Sources(unread=(b".pl", b".pm")),
)
