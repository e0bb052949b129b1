"""Where things are: project directories, and places such as virtual environments, modules, SDKs.

One pass over all names finds the marks that the ecosystems name (`mix.exs`, `pyvenv.cfg`, `node_modules`,
`cc1`); what stands around a mark decides. Every list is sorted and bounded; no value is the image's root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import raw_names
from slim.files.view import View
from slim.packages.package import parent

MAX_ROOTS = 256
"""Most values of one list."""

_FOREIGN = raw_names("vendor testdata pkgs .git toolchains registry")
"""Directories whose contents were written by others, in any language."""
_SYSTEM = (
    *b"bin sbin lib lib64 dev proc sys run etc boot usr/bin usr/sbin usr/lib usr/lib64 usr/libexec".split(),
    *b"usr/share usr/include usr/games usr/local/lib usr/local/share usr/local/include".split(),
    *b"usr/local/bin usr/local/sbin usr/local/etc var/cache var/log nix".split(),
)
"""No project of the image's own is below these."""
_SHARED = raw_names("usr usr/local usr/src var var/lib var/www tmp opt srv home mnt media data")
"""Directories that hold many things."""

_PROGRAMS = raw_names("bin sbin libexec")
"""Names of directories in which programs are."""

Marks = Mapping[bytes, tuple[bytes, ...]]
"""Name or ending → the paths that have it, sorted."""


class Place(Struct, frozen=True, kw_only=True):
    """A kind of directory or file that is found by its marks."""

    name: str
    marks: frozenset[bytes]
    """Names of files and directories; with a dot in front also endings, if `find` asks for them."""
    find: Callable[[Marks, View, Runs], Iterable[bytes]]
    """The paths, given where the marks are."""
    endings: tuple[bytes, ...] = ()
    """Marks that are endings of names."""
    own: bool = False
    """What lies in directories of the system or of package managers does not count."""
    application: bool = False
    """An application is there, so that the image is no mere base."""


class Compilers(Struct, frozen=True):
    """Programs that compile, by their names."""

    names: frozenset[bytes]
    within: bytes = b""
    """What is in their paths; else they are machine code, or files where programs are: the completion of
    a shell has the same name."""


class Landmarks(Struct, frozen=True):
    """All marks of all ecosystems."""

    projects: Mapping[bytes, str] = field(default_factory=dict)
    """Name of a file or directory in the main directory of a project → stack; with a dot in front: ending."""
    places: tuple[Place, ...] = ()
    compilers: tuple[Compilers, ...] = ()
    foreign: frozenset[bytes] = frozenset()
    """Names of directories whose contents were written by others."""
    system: frozenset[bytes] = frozenset()
    """Paths of directories in which package managers and official images install."""
    names: frozenset[bytes] = frozenset()
    """Names of which others ask where they are."""


class Roots(Struct, frozen=True):
    """What was found; paths without leading slash."""

    projects: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    """Directory → stacks that it has marks of."""
    places: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    """Name of a place → where it is."""
    named: Marks = field(default_factory=dict)
    """Name, of `Landmarks.names` → where it is."""
    compilers: tuple[bytes, ...] = ()
    applications: tuple[bytes, ...] = ()
    """All places that are applications."""
    system: frozenset[bytes] = frozenset((*_SYSTEM, *_SHARED))
    """Directories that every system has, or in which software is installed."""

    def of(self, place: str) -> tuple[bytes, ...]:
        """Where a kind of place is; nothing for one that no ecosystem looks for."""
        return self.places.get(place, ())

    def is_system(self, path: bytes) -> bool:
        """Whether a directory is one that every system has, or the parent of many things."""
        return path in self.system

    def projects_of(self, stack: str) -> list[bytes]:
        """The main directories of projects of one stack."""
        return [home for home, stacks in self.projects.items() if stack in stacks]


def roots_of(view: View, landmarks: Landmarks, runs: Runs) -> Roots:
    """Find everything in one pass."""
    compilers = {name: compiler for compiler in landmarks.compilers for name in compiler.names}
    marks = landmarks.names.union(*(place.marks for place in landmarks.places))
    endings = {ending for place in landmarks.places for ending in place.endings}
    endings.update(mark for mark in landmarks.projects if mark.startswith(b"."))
    is_own = own_test(landmarks)
    found = view.find(marks | landmarks.projects.keys() | compilers.keys(), tuple(sorted(endings)))
    projects: dict[bytes, set[str]] = {}
    for mark, stack in landmarks.projects.items():
        for path in found[mark]:
            home = parent(path)
            if home in projects or (home and is_own(home)):
                projects.setdefault(home, set()).add(stack)
    places = {place.name: tuple(place.find(found, view, runs)) for place in landmarks.places}
    for place in landmarks.places:
        if place.own:
            places[place.name] = cut(path for path in places[place.name] if is_own(path))
    return Roots(
        projects={home: tuple(sorted(projects[home])) for home in _nearest(projects)},
        places=places,
        named={name: found[name] for name in landmarks.names},
        compilers=cut(
            path
            for name, compiler in compilers.items()
            for path in found[name]
            if (compiler.within in path if compiler.within else _is_program(path, view))
        ),
        applications=tuple(
            path for place in landmarks.places if place.application for path in places[place.name]
        ),
        system=frozenset((*_SYSTEM, *_SHARED, *landmarks.system)),
    )


def _is_program(path: bytes, view: View) -> bool:
    """Whether a path is a program's: by its directory, or by what it is."""
    return view.elf(path) is not None or (last(parent(path)) in _PROGRAMS and view.is_file(path))


def own_test(landmarks: Landmarks) -> Callable[[bytes], bool]:
    """Tells whether a path is outside of what the system and package managers put into an image."""
    foreign = _FOREIGN | landmarks.foreign
    system = tuple(folder + b"/" for folder in (*_SYSTEM, *landmarks.system))

    def is_own(path: bytes) -> bool:
        if (path + b"/").startswith(system):
            return False
        parts = path.split(b"/")
        # Caches and tools of users; `.output` and `.next` are builds.
        return foreign.isdisjoint(parts) and not (
            b"/." in b"/" + path
            and any(part[:1] == b"." and part not in (b".output", b".next") for part in parts)
        )

    return is_own


def last(path: bytes) -> bytes:
    """The last component of a path."""
    return path.rpartition(b"/")[2]


def is_real(path: bytes, view: View) -> bool:
    """Whether a path leads over no link."""
    return view.real(path) == path


def cut(paths: Iterable[bytes]) -> tuple[bytes, ...]:
    """Each once, the nearest to the root first, the root itself left out."""
    return tuple(_nearest(set(paths)))


def _nearest(paths: Iterable[bytes]) -> Sequence[bytes]:
    ordered = sorted(paths, key=lambda path: (path.count(b"/"), path))
    return [path for path in ordered if path][:MAX_ROOTS]
