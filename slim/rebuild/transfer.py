"""What the final stage copies from a build stage that repeats the image's own build.

Everything that is kept and no system package brings lies in the build stage at the path where the image
has it. Directories are copied whole where nothing of a package is in them; what is not kept of them is
deleted in the build stage first: with the package manager of the language where that is whole packages.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress

from msgspec.structs import replace

from slim.files.table import ROOT, Files, Kind, both, either, mask
from slim.files.view import decoded
from slim.rebuild.model import Given, Transfer, Uninstall
from slim.rebuild.trees import row_at, with_all_above

_MOST_DELETED = 40
_LEAST_DELETED = 10_000
"""Bytes; what is smaller and left over makes the Dockerfile longer than the image."""
_FEW = 6
_CACHE = b"__pycache__"
_GENERATED = (
    *(b"etc/ssl/certs", b"etc/ld.so.cache", b"var/lib/dpkg", b"var/lib/apt", b"lib/apk"),
    b"usr/share/mime/",
)
"""What the installation of packages writes in the final stage, too …"""
_GENERATED_FROM = b"usr/share/mime/packages/"
"""… but for what others put there for it to read."""
_KEPT, _LEFT = range(2)


def transfer(
    given: Given,
    kept: Collection[int],
    base_rows: int,
    *,
    installs: bool,
    uninstalls: Sequence[Uninstall] = (),
) -> Transfer:
    """Paths to copy, to delete before, and packages of the language to uninstall.

    Args:
        kept: names that the rebuild keeps.
        base_rows: rows of the layers that the final stage stands on.
        installs: system packages are installed there.
        uninstalls: how packages may leave the build stage.
    """
    tree = _Tree(given, kept, base_rows, installs, _whole_packages(given, kept, uninstalls))
    found = tree.result()
    packages = given.graph.packages
    holders = {given.owned.owner[row] for row in kept}
    names = [
        tuple(
            sorted(
                {packages[index].name for index in each.packages & tree.uninstalled}
                # Of two with one name the wrong one might go.
                - {packages[index].name for index in each.packages & holders}
            )
        )
        for each in uninstalls
    ]
    return replace(
        found,
        uninstalled=tuple(
            (each, theirs) for each, theirs in zip(uninstalls, names, strict=True) if theirs
        ),
    )


class _Tree:
    """What is kept, left and not to be copied, per directory with all that is below it."""

    def __init__(
        self,
        given: Given,
        kept: Collection[int],
        base_rows: int,
        installs: bool,
        whole: Collection[int],
    ) -> None:
        files = given.view.files
        self._given = given
        self._files = files
        size = len(files.dir_parent)
        self._left, self._bytes = (array("q", bytes(8 * size)) for _ in range(2))
        self._state: dict[int, int] = {}
        self.uninstalled: set[int] = set()
        """Packages whose files are in directories that are looked at."""
        self._copies: list[str] = []
        self._deleted: list[tuple[int, str]] = []
        self._count(kept, base_rows, installs, whole)

    def _count(
        self, kept: Collection[int], base_rows: int, installs: bool, whole: Collection[int]
    ) -> None:
        files, owned = self._files, self._given.owned
        links = both(mask(files.kind, Kind.SYMLINK), bytes(files.shown))
        names, system = either(files.live_names(), links), owned.mask_of(owned.system)
        installed = either(system, bytes(base_rows * [1]).ljust(len(files), b"\0"))
        foreign = set(compress(files.directory, both(names, installed)))
        written = _written_by_installations(files, both(names, system)) if installs else {}
        holding: set[int] = set()
        for row in compress(range(len(files)), both(names, mask(bytearray(installed), 0))):
            here = files.directory[row]
            if here in written and (written[here] or files.path(row).startswith(_GENERATED)):
                foreign.add(here)
            elif files.kind[row] == Kind.SYMLINK:
                self._left[here] += not installs and not self._leads(row, kept)
            elif row in kept:
                holding.add(here)
                self._state[row] = _KEPT
            elif owned.owner[row] in whole:
                self.uninstalled.add(owned.owner[row])
            else:
                self._left[here] += 1
                self._bytes[here] += files.size[files.body.get(row, row)]
                self._state[row] = _LEFT
        self._foreign = with_all_above(self._given.view, foreign)
        self._kept = with_all_above(self._given.view, holding)
        for directory in range(len(files.dir_parent) - 1, ROOT, -1):
            if self._left[directory]:
                parent = files.dir_parent[directory]
                self._left[parent] += self._left[directory]
                self._bytes[parent] += self._bytes[directory]

    def _leads(self, row: int, kept: Collection[int]) -> bool:
        """Whether a link leads to a file that is copied, or to a directory."""
        path = self._files.path(row)
        target = row_at(self._given.view, path)
        return target in kept if target is not None else self._given.view.is_dir(path)

    def result(self) -> Transfer:
        pending = [ROOT]
        while pending:
            pending += reversed(self._visit(pending.pop()))
        largest = sorted(self._deleted, reverse=True)[:_MOST_DELETED]
        return Transfer(
            copies=tuple(self._copies),
            deleted=tuple(sorted(path for _, path in largest)),
        )

    def _visit(self, directory: int) -> list[int]:
        """Copy from a directory; gives those in it that have to be looked at by themselves."""
        if not self._kept[directory]:
            return []
        inside = self._directories(directory)
        useful = [child for child in inside if self._kept[child]]
        loose = [row for row in self._rows(directory) if self._state.get(row) == _KEPT]
        single = (
            len(useful) == 1 and not loose and not self._left[directory] - self._left[useful[0]]
        )
        if directory == ROOT or self._foreign[directory] or single:
            self._copies += (self._path(row) for row in loose)
            return useful
        if self._left[directory]:
            clean = not any(self._left[child] for child in useful)
            if clean and len(useful) + len(loose) <= _FEW:
                self._copies += (self._path(row) for row in loose)
                return useful
            self._deleted += self._unkept(directory)
        self._copies.append("/" + decoded(self._files.directory_path(directory)))
        return []

    def _unkept(self, start: int) -> Iterator[tuple[int, str]]:
        """(bytes, path) of the topmost files and directories of which nothing is kept."""
        files = self._files
        pending = [start]
        while pending:
            directory = pending.pop()
            for child in self._directories(directory):
                if self._kept[child]:
                    pending.append(child)
                elif self._bytes[child] >= _LEAST_DELETED:
                    yield self._bytes[child], "/" + decoded(files.directory_path(child))
            for row in self._rows(directory):
                size = files.size[files.body.get(row, row)]
                if self._state.get(row) == _LEFT and size >= _LEAST_DELETED:
                    yield size, self._path(row)

    def _directories(self, directory: int) -> list[int]:
        return [~node for node in self._given.view.names[directory].values() if node < 0]

    def _rows(self, directory: int) -> list[int]:
        return [node for node in self._given.view.names[directory].values() if node >= 0]

    def _path(self, row: int) -> str:
        return "/" + decoded(self._files.path(row))


def _written_by_installations(files: Files, packaged: bytes) -> dict[int, bool]:
    """Directories in which the installation of packages writes files, or may: whether it writes all of them.

    Args:
        packaged: mask of the rows of packages.
    """
    whole: dict[int, bool] = {ROOT: False}
    for directory, parent in enumerate(files.dir_parent):
        if parent in whole:
            path = files.directory_path(directory) + b"/"
            if path.startswith(_GENERATED):
                if not path.startswith(_GENERATED_FROM):
                    whole[directory] = True
            elif any(place.startswith(path) for place in _GENERATED):
                whole[directory] = False
    owned = set(compress(files.directory, packaged))
    compiled = compress(range(len(files.dir_name)), map(_CACHE.__eq__, files.dir_name))
    whole.update(
        (directory, True) for directory in compiled if files.dir_parent[directory] in owned
    )
    return whole


def _whole_packages(
    given: Given, kept: Collection[int], uninstalls: Iterable[Uninstall]
) -> frozenset[int]:
    """Packages that can be uninstalled and of which no file is kept."""
    owner = given.owned.owner
    return frozenset().union(*(each.packages for each in uninstalls)) - {owner[row] for row in kept}
