"""Rows of the final filesystem: below a directory, at the end of a path, and where they are from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress
from typing import TYPE_CHECKING

from slim.files.table import ROOT, Kind
from slim.files.view import View
from slim.patterns import regex

if TYPE_CHECKING:
    from slim.rebuild.model import Given

_OF_SYSTEM = tuple(path + b"/" for path in b"usr lib lib64 bin sbin etc proc sys dev run".split())
_OF_PROJECTS = (b"usr/src/", b"usr/local/src/")
_WRITTEN = {
    "ca-certificates": (b"etc/ssl/certs", b"usr/local/share/ca-certificates"),
    "shared-mime-info": (b"usr/share/mime",),
}
"""Package → directories whose files its scripts write when it is installed."""
_COPIES = regex(r"(?:^|#\(nop\) {0,2})(?:COPY|ADD)\b")


def below(view: View, directory: bytes, without: Collection[int] = ()) -> Iterator[int]:
    """Rows of all names below a directory, links and empty ones included; links are not followed.

    Args:
        without: rows, and `~id` of directories, that are left out with all that is below them.
    """
    start = directory_id(view, directory)
    todo = [] if start is None else [start]
    while todo:
        for node in view.names[todo.pop()].values():
            if node in without:
                continue
            if node >= 0:
                yield node
            else:
                todo.append(~node)


def named(view: View, names: Collection[bytes]) -> set[int]:
    """`~id` of all directories of some names."""
    own = view.files.dir_name
    return {~directory for directory in compress(range(len(own)), map(names.__contains__, own))}


def node_at(view: View, path: bytes) -> int | None:
    """The row, or `~id` of the directory, that is at a path itself: no link is followed."""
    node = ~ROOT
    for name in path.split(b"/"):
        found = view.names[~node].get(name) if node < 0 else None
        if found is None:
            return None
        node = found
    return node


def above(path: bytes) -> Iterator[bytes]:
    """The directories that a path is in, the nearest first, without the root."""
    while path := path.rpartition(b"/")[0]:
        yield path


def outermost(paths: Iterable[bytes]) -> list[bytes]:
    """Those of some directories that are in no other of them, the nearest to the root first."""
    every = set(paths)
    found = (path for path in every if every.isdisjoint(above(path)))
    return sorted(found, key=lambda path: (path.count(b"/"), path))


def is_of_system(path: bytes) -> bool:
    """Whether a directory is one that packages and tools fill, or below one: `/usr`, but not `/usr/src`."""
    return (path + b"/").startswith(_OF_SYSTEM) and not path.startswith(_OF_PROJECTS)


def written_by(view: View, packages: Iterable[str]) -> Iterator[int]:
    """Rows of what the scripts of packages wrote and no package lists, as far as that is known."""
    for name in packages:
        for place in _WRITTEN.get(name, ()):
            yield from below(view, place)


def directory_id(view: View, path: bytes) -> int | None:
    """The directory at a path, its own links followed."""
    node = view.node(path)
    return ~node if node is not None and node < 0 else None


def below_any(view: View, directories: Iterable[bytes]) -> bytearray:
    """1 for each directory id that is one of some, or below it."""
    inside = bytearray(len(view.files.dir_parent))
    for path in directories:
        found = directory_id(view, path)
        if found is not None:
            inside[found] = 1
    for directory, parent in enumerate(view.files.dir_parent):
        if parent >= 0 and inside[parent]:
            inside[directory] = 1
    return inside


def below_first(view: View, directories: Sequence[bytes]) -> bytearray:
    """Directory id → the number, from 1, of the first of at most 255 that it is or is below; 0 for none."""
    inside = bytearray(len(view.files.dir_parent))
    for number in range(len(directories), 0, -1):
        found = directory_id(view, directories[number - 1])
        if found is not None:
            inside[found] = number
    for directory, parent in enumerate(view.files.dir_parent):
        if parent >= 0 and inside[parent]:
            inside[directory] = min(inside[parent], inside[directory] or inside[parent])
    return inside


def with_all_above(view: View, directories: Iterable[int]) -> bytearray:
    """1 for each directory id that is one of some, or above it."""
    parents = view.files.dir_parent
    found = bytearray(len(parents))
    for directory in directories:
        here = directory
        while here >= ROOT and not found[here]:
            found[here] = 1
            here = parents[here]
    return found


def row_at(view: View, path: bytes) -> int | None:
    """The row of the file that a path leads to, links followed."""
    node = view.node(path)
    return node if node is not None and node >= 0 else None


def first_rows_at(view: View, paths: Collection[tuple[bytes, bytes]]) -> list[int]:
    """The first files that any layer has at some (directory, name): those of the base, before more was
    installed."""
    files = view.files
    names = frozenset(name for _, name in paths)
    found: dict[tuple[bytes, bytes], int] = {}
    for row in compress(range(len(files)), map(names.__contains__, files.name)):
        path = (files.directory_path(files.directory[row]), files.name[row])
        if path in paths and files.kind[row] == Kind.FILE:
            found.setdefault(path, row)
    return sorted(found.values())


def rows_at(view: View, paths: Iterable[bytes]) -> list[int]:
    """The rows of those paths that lead to files."""
    found = (row_at(view, path) for path in paths)
    return [row for row in found if row is not None]


def copies(created_by: str) -> bool:
    """Whether an entry of the history is of an instruction that copies files."""
    return _COPIES.search(created_by[:256]) is not None


def in_context(given: Given, path: bytes) -> bool:
    """Whether a file is there because the build's context has it, and not because a RUN wrote it.

    A file of a RUN was in the context too if an earlier layer has it. Where the history says nothing,
    a file is taken to be.
    """
    files = given.view.files
    row = row_at(given.view, path)
    if row is None:
        return False
    layer = files.layer_of(row)
    created_by = given.history[layer].created_by
    if not created_by or copies(created_by):
        return True
    name, home = files.name[row], files.directory[row]
    return any(
        files.name[row] == name and files.directory[row] == home
        for row in range(files.starts[layer])
    )
