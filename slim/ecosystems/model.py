"""What is known of one package manager, language or server: the type of every folder's value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from slim.entrypoint.runners import Runner, StartScript, Tools
from slim.facts.gather import Facts
from slim.facts.knowledge import Knowledge
from slim.facts.known import Known, Test
from slim.facts.programs import Programs, families_of
from slim.facts.roots import Compilers, Landmarks, Place
from slim.facts.signs import RoleSigns
from slim.facts.stacks import StackSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import Keep
from slim.files.table import Files
from slim.files.view import View
from slim.image.model import Image
from slim.packages.graph import Graph
from slim.packages.owners import Ownership
from slim.packages.package import Contents, Read
from slim.rebuild.model import Building, Recipe, Sources
from slim.rules.match import QueryResult


class Reader(Struct, frozen=True):
    """Reads the packages of one manager."""

    read: Callable[[Contents], Read]
    """Path → content of all kept files, sorted, to packages."""
    marks: tuple[bytes, ...]
    """One of these is in the path of a file without which it finds nothing."""


class Subject(Struct, frozen=True):
    """What queries may ask about one image."""

    image: Image
    files: Files
    view: View
    contents: Contents
    """Path → content of the kept files that the image shows."""
    owned: Ownership
    system_owned: bytes
    """Mask of the rows that a system package owns."""
    graph: Graph
    facts: Facts
    compressions: Sequence[str]
    """How each layer is stored; nothing where the form of the image does not say."""
    gpus: Sequence[int] = ()
    """Architectures of the GPUs that the image is for, as the user says: 90 is sm_90."""


Query = Callable[[Subject], QueryResult]


class Runtime(Struct, frozen=True):
    """One run-time system of a language."""

    program: int
    """Row of the program."""
    rows: frozenset[int]
    """Everything of it that is known by its place."""


class Runtimes(Struct, frozen=True, kw_only=True):
    """How the run-time systems of a language are found."""

    find: Callable[[View, Facts], Iterator[Runtime]]
    names: frozenset[bytes] = frozenset()
    """Names of which `find` asks where they are: `Roots.named`."""
    packages: tuple[str, ...]
    """How the names of packages begin that are there for a run-time system, and go with it."""
    uses: Callable[[View, Facts], Iterable[bytes]] | None = None
    """Paths of programs that are needed besides those that commands lead to."""


class Ecosystem(Struct, frozen=True, kw_only=True):
    """All that is known of one; what it does not have is left out."""

    name: str
    """Name of its folder, and of its stack, if it has one."""

    # Reading
    keeps: tuple[Keep, ...] = ()
    """Small files whose contents are kept while an image is read."""
    packages: Reader | None = None

    # Where things are
    projects: frozenset[bytes] = frozenset()
    """Files and directories in the main directory of a project; with a dot in front: endings."""
    places: tuple[Place, ...] = ()
    compilers: tuple[Compilers, ...] = ()
    foreign: frozenset[bytes] = frozenset()
    """Names of directories whose contents were written by others."""
    system: frozenset[bytes] = frozenset()
    """Paths of directories in which software is installed."""

    # What runs
    programs: Programs | None = None
    runners: tuple[Runner, ...] = ()
    """Tools that start commands and scripts."""
    project_bins: tuple[bytes, ...] = ()
    """Where a project has the commands of its packages."""
    start_script: StartScript | None = None
    """Tells the scripts that its tools write to start an application."""
    stack: bool = False
    """An image can run or carry an application of it."""
    carried: Callable[[Known], Iterable[str]] | None = None
    """Applications in the image, a line each."""
    kinds: Callable[[Known], Iterable[str]] | None = None
    """What is known more closely of an image with such an application."""
    carried_by_project: bool = True
    """A project directory alone makes the image carry one."""
    role: RoleSigns = RoleSigns()

    # The vocabulary of rules
    variables: tuple[Variable, ...] = ()
    facts: Mapping[str, Test] = {}
    """Dotted fact → its test; tests of one fact in several ecosystems add up."""
    queries: Mapping[str, Query] = {}
    older_versions: Callable[[Subject], Iterable[int]] | None = None
    """Rows of versions of one thing of which the program loads another."""
    runtimes: Runtimes | None = None

    # What a multi-stage build would keep
    sources: Sources = Sources()
    building: Building = Building()
    rebuild: Recipe | None = None


def knowledge_of(ecosystems: Sequence[Ecosystem]) -> Knowledge:
    """What facts are found by, of all ecosystems together."""
    programs = [ecosystem.programs for ecosystem in ecosystems if ecosystem.programs is not None]
    return Knowledge(
        landmarks=Landmarks(
            projects={
                mark: ecosystem.name for ecosystem in ecosystems for mark in ecosystem.projects
            },
            places=tuple(place for ecosystem in ecosystems for place in ecosystem.places),
            compilers=tuple(
                compilers for ecosystem in ecosystems for compilers in ecosystem.compilers
            ),
            foreign=frozenset(name for ecosystem in ecosystems for name in ecosystem.foreign),
            system=frozenset(path for ecosystem in ecosystems for path in ecosystem.system),
            names=frozenset(
                name
                for ecosystem in ecosystems
                if ecosystem.runtimes is not None
                for name in ecosystem.runtimes.names
            ),
        ),
        families=families_of(programs),
        tools=Tools(
            {
                name: runner
                for ecosystem in ecosystems
                for runner in ecosystem.runners
                for name in runner.names
            },
            tuple(place for ecosystem in ecosystems for place in ecosystem.project_bins),
            tuple(
                ecosystem.start_script
                for ecosystem in ecosystems
                if ecosystem.start_script is not None
            ),
            frozenset().union(*(of_language.daemons for of_language in programs)),
        ),
        stacks=tuple(
            StackSigns(
                ecosystem.name,
                ecosystem.programs.family if ecosystem.programs else ecosystem.name,
                ecosystem.carried,
                ecosystem.kinds,
                ecosystem.carried_by_project,
            )
            for ecosystem in ecosystems
            if ecosystem.stack
        ),
        roles=tuple(ecosystem.role for ecosystem in ecosystems),
        variables=tuple(variable for ecosystem in ecosystems for variable in ecosystem.variables),
        tests=tuple(test for ecosystem in ecosystems for test in ecosystem.facts.items()),
    )


def fact_names(ecosystems: Sequence[Ecosystem]) -> frozenset[str]:
    """Every dotted fact that an image may have."""
    programs = [ecosystem.programs for ecosystem in ecosystems if ecosystem.programs is not None]
    return frozenset(
        (
            *(f"stack.{ecosystem.name}" for ecosystem in ecosystems if ecosystem.stack),
            *(f"runs.{program.fact or program.family}" for program in programs),
            "runs.shell",
            *(name for ecosystem in ecosystems for name in ecosystem.facts),
        )
    )
