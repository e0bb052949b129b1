"""The nouns of a rebuild: what the image is known by, what a stack keeps, what it all comes to."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from slim.facts.gather import Facts
from slim.files.ledger import LayerSums
from slim.files.view import View
from slim.image.model import Config, History
from slim.packages.graph import Graph
from slim.packages.owners import Ownership

Origin = Literal["layers", "packages", "scratch"]
"""What a final stage stands on: the image's own first layers, a set of packages, nothing."""
Bytes = tuple[int, int]
"""(bytes on disk, bytes in the pull)."""


TOOLS: frozenset[str] = frozenset(("build-input", "toolchain"))
"""Categories of rules that find what only builds or develops."""
FROM_ANY: frozenset[str] = frozenset(("docs", "tests", "cache", "junk", "debug-info", "data"))
"""Categories of rules whose findings go from all that is kept …"""
FROM_APPLICATION: frozenset[str] = FROM_ANY | TOOLS
"""… and from an application's own directory. A tool chain that a package brings is needed by it."""


class Clients(Struct, frozen=True):
    """Packages of the system that people and scripts use, and programs through a library alone."""

    packages: re.Pattern[str]
    """How their names begin."""
    programs: frozenset[str]
    """As which they are started."""


class Sources(Struct, frozen=True):
    """How the sources of applications are told from other files, and what is known of what they call."""

    kept: tuple[bytes, ...] = ()
    """How their names end, of those whose contents are kept while an image is read."""
    unread: tuple[bytes, ...] = ()
    """How the names of other programs end, compiled ones too: of what these call nothing is known."""
    libraries: frozenset[bytes] = frozenset()
    """Names of directories in an application that hold what others wrote."""
    settings: frozenset[bytes] = frozenset()
    """Names of scripts that only set variables."""
    callers: Mapping[str, tuple[str, ...]] = {}
    """Library → packages of the system whose programs it starts, as its documentation says."""
    clients: tuple[Clients, ...] = ()


def all_sources(parts: Iterable[Sources]) -> Sources:
    """What is known of several languages, as one."""
    parts = tuple(parts)
    callers: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for library, packages in part.callers.items():
            callers[library] = tuple(dict.fromkeys((*callers.get(library, ()), *packages)))
    return Sources(
        tuple(ending for part in parts for ending in part.kept),
        tuple(ending for part in parts for ending in part.unread),
        frozenset(name for part in parts for name in part.libraries),
        frozenset(name for part in parts for name in part.settings),
        callers,
        tuple(clients for part in parts for clients in part.clients),
    )


class Building(Struct, frozen=True):
    """What it takes to build applications of a language."""

    packages: frozenset[str] = frozenset()
    """Packages of the system, as people install them by name, that only build."""
    variables: tuple[str, ...] = ()
    """Regular expressions of variables that only a build reads."""
    caches: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(regular expression of commands that download, directories in which they keep that)."""
    loaders: frozenset[str] = frozenset()
    """Package runners without which the program does not find what it loads."""
    commands: tuple[str, ...] = ()
    """Regular expressions of commands that build with the settings of `rebuild-STACK-build`."""


def all_building(parts: Iterable[Building]) -> Building:
    """What is known of several languages, as one."""
    parts = tuple(parts)
    return Building(
        frozenset(name for part in parts for name in part.packages),
        tuple(pattern for part in parts for pattern in part.variables),
        tuple(cache for part in parts for cache in part.caches),
        frozenset(name for part in parts for name in part.loaders),
        tuple(pattern for part in parts for pattern in part.commands),
    )


class Given(Struct, frozen=True):
    """What is known of the image that is to be rebuilt."""

    config: Config
    history: tuple[History, ...]
    """Of the layers, one for each."""
    view: View
    pull: array[int]
    """Row → its share of the stored blobs."""
    layers: tuple[LayerSums, ...]
    base_layers: int
    """Layers that are the base image's, as far as it is known."""
    facts: Facts
    owned: Ownership
    graph: Graph
    claimed: Mapping[int, str]
    """Row of a file that a finding would delete, each of its names too → the category of its rule."""
    history_entries: tuple[History, ...] = ()
    """All entries of the image's history, those without a layer too."""
    sources: Sources = Sources()
    building: Building = Building()


class KeptFiles(Struct, frozen=True):
    """Files that a stack keeps, for one reason."""

    what: str
    why: str
    rows: Sequence[int]
    """Rows of names or of bodies; those that are not files count nothing."""
    strip: bool = False
    """What a release build strips from programs and modules goes."""
    loses: frozenset[str] = FROM_ANY
    """Categories of rules whose findings are not kept."""
    packages: tuple[str, ...] = ()
    """Names of the packages that the files are of, for people."""
    extra: Bytes = (0, 0)
    """Bytes that no file of the image has: a guess."""
    unsure: bool = False
    """Nothing shows that the program uses it."""
    spare: int = 0
    """Bytes on disk by which another build of the same sources may make it smaller."""
    paths: tuple[bytes, ...] = ()
    """Where they are, for people."""


class Uninstall(Struct, frozen=True):
    """Packages that the manager of a language can take out of a build stage."""

    packages: frozenset[int]
    command: str
    """Shell command, quoted. The packages' names follow it …"""
    by_name: bool = True
    """… or it knows which they are."""
    last: frozenset[str] = frozenset()
    """Names of packages that the command needs itself."""
    why: str = ""
    """What they are, for a comment."""


class Plan(Struct, frozen=True):
    """What one stack keeps of an image."""

    stack: str
    parts: tuple[KeptFiles, ...]
    """In order: a file belongs to the first that wants it."""
    runtime: tuple[bytes, ...] = ()
    """Paths that are in a base image only if it is one of this language."""
    packages: tuple[int, ...] = ()
    """System packages that run the application; what they depend on comes along."""
    replaced: frozenset[int] = frozenset()
    """System packages that only build it, or whose files the parts hold."""
    unnamed: frozenset[int] = frozenset()
    """System packages that something known would have to name for them to be used, and does not."""
    loaded: tuple[int, ...] = ()
    """Rows that the image loads as it is configured now, and nothing uses: left out, but never claimed."""
    maybe: tuple[int, ...] = ()
    """Rows that are left out, although the application may use them."""
    doubtful: tuple[int, ...] = ()
    """Rows that are kept, although nothing shows that the application uses them."""
    uninstalls: tuple[Uninstall, ...] = ()
    """How packages that are not kept leave a directory that is copied."""
    builds: frozenset[str] = frozenset()
    """Names of packages that this stack only builds with, unless something else needs them."""
    homes: tuple[bytes, ...] = ()
    """Directories of which the parts hold all that is kept."""
    strips: tuple[bytes, ...] = ()
    """Programs that the build stage strips."""
    static: bool = False
    """The program needs no file of a distribution."""
    values: Mapping[str, str] = field(default_factory=dict)
    """For the Dockerfile: what the stack knows, by placeholder."""
    copies: tuple[tuple[str, str], ...] = ()
    """For the Dockerfile: (path in the build stage, path in the final stage) of further files."""
    command: tuple[str, ...] = ()
    """What starts the rebuilt image, where that is another command than now …"""
    skips: frozenset[str] = frozenset()
    """… and the names of the programs that the present one begins with and it does not."""
    build_environment: str = ""
    """Instructions for the Dockerfile, in front of the image's own steps."""
    guesses: tuple[str, ...] = ()
    """What was assumed, in sentences."""


class Recipe(Struct, frozen=True):
    """How a multi-stage build of one stack is computed."""

    plan: Callable[[Given], Plan | None]
    """What to keep; None where a multi-stage build is not the answer, or is not known."""
    image: str = ""
    """The image that has the tool chain …"""
    version: str = ""
    """… and the variable in which it says its version."""


class Part(Struct, frozen=True):
    """A part of the rebuilt image. No byte is in two parts."""

    what: str
    why: str
    disk: int
    pull: int
    files: int
    packages: tuple[str, ...] = ()
    paths: tuple[bytes, ...] = ()
    guessed: bool = False
    """Its bytes are not those of files of this image."""


class BuildStep(Struct, frozen=True):
    """One instruction of the image's own build, as data."""

    entry: int
    """Index of its history entry."""
    keyword: str
    value: str = ""
    """Command, directory, user or target, not quoted for any place."""
    words: tuple[str, ...] = ()
    """Names in the build's context."""
    flags: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    """(name, value) of variables and build arguments."""
    guessed: bool = False
    """That the files are of the build's context, and their names there, is a guess."""


class Account(Struct, frozen=True):
    """A user that the image's own steps made."""

    name: str
    ids: tuple[str, str]
    """User and group in numbers."""
    group: str
    home: str
    has_home: bool
    shell: str


class Transfer(Struct, frozen=True):
    """What is copied from a build stage that repeats the image's own build."""

    copies: tuple[str, ...] = ()
    """Paths that the final stage has where the build stage has them."""
    deleted: tuple[str, ...] = ()
    """Files and directories to delete before, so that a directory above can be copied whole."""
    uninstalled: tuple[tuple[Uninstall, tuple[str, ...]], ...] = ()
    """Packages of languages to uninstall before, with their names."""
    links: tuple[tuple[str, str], ...] = ()
    """(target, path) of links that steps made beside packages."""
    removed: tuple[str, ...] = ()
    """Files of packages that steps deleted."""
    indexes_libraries: bool = False
    """Libraries are copied to where the loader finds them only by its index, `/etc/ld.so.cache`."""
    account: Account | None = None


class Rebuild(Struct, frozen=True):
    """The image that a multi-stage build would make; its parts add up to it."""

    stack: str
    origin: Origin
    base: str
    """What the final stage stands on, in words."""
    parts: tuple[Part, ...]
    rows: frozenset[int]
    """The bodies that are kept."""
    stripped: Mapping[int, int]
    """Body that is kept → bytes on disk that a release build strips from it."""
    packages: tuple[str, ...]
    """System packages to install in the final stage, without those that they bring along."""
    build_packages: tuple[str, ...]
    """Those that were asked for by name and are left to the build stage."""
    manager: str
    """dpkg, apk or rpm; empty where the image has none."""
    guesses: tuple[str, ...]
    values: Mapping[str, str]
    copies: tuple[tuple[str, str], ...]
    command: tuple[str, ...]
    building: Building = Building()
    build_environment: str = ""
    layers: int = 0
    """The image's first layers that the final stage stands on; 0 where it stands on something else."""
    homes: tuple[bytes, ...] = ()
    """Directories of which all that is kept is in the parts."""
    strips: tuple[bytes, ...] = ()
    """Programs that the build stage strips."""
    runs: frozenset[int] = frozenset()
    """Rows of what the image runs and loads now: it may be started by another command, or with other
    settings, which leave them out."""
    unsure: Bytes = (0, 0)
    """The part of it that nothing shows to be used."""
    more: Bytes = (0, 0)
    """What may be used, or stay, besides it."""
    unused: tuple[tuple[str, Bytes], ...] = ()
    """Packages that were asked for by name and that nothing kept uses, with all that only they need; the
    largest first."""

    unexplained: tuple[str, ...] = ()
    """Those paths of `copies` that the image has and that no package, base image or tool chain brings."""
    steps: tuple[BuildStep, ...] = ()
    """The image's own build on top of its base; empty where its history does not say enough."""
    transfer: Transfer = Transfer()

    @property
    def disk(self) -> int:
        """Bytes on disk."""
        return sum(part.disk for part in self.parts)

    @property
    def pull(self) -> int:
        """Bytes to pull."""
        return sum(part.pull for part in self.parts)
