"""The final filesystem by path: what exists, where a link leads, what a small file says.

A look-up costs one dictionary access per component. What is asked about all names is asked of each
distinct name once, by functions written in C, and then only of the directories that hold what was found.

Paths are bytes without a leading slash, one being allowed; `.` and `..` are understood. Symbolic links
are followed inside the image only: `..` above the root is the root, an absolute target begins there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from itertools import compress
from operator import itemgetter

from msgspec import Struct

from slim.files.distinct_names import Names, names_of
from slim.files.extract.found import Elf
from slim.files.overlay.children import Children
from slim.files.table import ROOT, Files, Kind, both, mask

MAX_HOPS = 255
"""Most symbolic links followed on the way of one path."""
MAX_STEPS = 2048
"""Most components walked for one path, those of link targets included."""
MAX_FOUND = 10_000
"""Most paths that `find` returns for one name."""


class View(Struct, frozen=True):
    """The names of the final filesystem."""

    files: Files
    names: Children
    """Directory id → name → row, or `~id` of a directory. Hidden directories are empty."""
    every: Names
    """All names, each once, and those of files and directories that are gone."""

    def node(self, path: bytes) -> int | None:
        """The row, or `~id` of the directory, at the end of a path, links followed."""
        kind, links, parents = self.files.kind, self.files.links, self.files.dir_parent
        node = ~ROOT
        hops = steps = 0
        todo = path.split(b"/", MAX_STEPS)[::-1]
        while todo:
            name = todo.pop()
            if node >= 0:
                # A file in the middle of a path; `file/.` leads nowhere either.
                return None
            if name in (b"", b"."):
                continue
            steps += 1
            if steps + len(todo) > 2 * MAX_STEPS:
                return None
            here = ~node
            if name == b"..":
                node = ~max(parents[here], ROOT)
                continue
            found = self.names[here].get(name)
            if found is None:
                return None
            if found >= 0 and kind[found] == Kind.SYMLINK:
                hops += 1
                target = links.get(found, b"")
                if hops > MAX_HOPS or not target:
                    return None
                if target.startswith(b"/"):
                    node = ~ROOT
                todo += target.split(b"/", MAX_STEPS)[::-1]
                continue
            node = found
        return node

    def exists(self, path: bytes) -> bool:
        """Whether the path leads to something, links followed."""
        return self.node(path) is not None

    def is_dir(self, path: bytes) -> bool:
        """Whether the path leads to a directory."""
        node = self.node(path)
        return node is not None and node < 0

    def is_file(self, path: bytes) -> bool:
        """Whether the path leads to a regular file."""
        return self._file(path) is not None

    def real(self, path: bytes) -> bytes | None:
        """The path without links that this one leads to; None where it leads nowhere.

        The root is the empty path.
        """
        node = self.node(path)
        if node is None:
            return None
        return self.files.directory_path(~node) if node < 0 else self.files.path(node)

    def children(self, path: bytes) -> list[bytes]:
        """The names in a directory, sorted; empty where there is none."""
        node = self.node(path)
        return sorted(self.names[~node]) if node is not None and node < 0 else []

    def names_in(self, path: bytes) -> Collection[bytes]:
        """The same in the order of the layers, without the cost of sorting."""
        node = self.node(path)
        return self.names[~node].keys() if node is not None and node < 0 else ()

    def row(self, path: bytes) -> int | None:
        """The row of the regular file that the path leads to; None where it leads to none."""
        return self._file(path)

    def rows_below(self, path: bytes) -> list[int]:
        """The regular files in a directory and all directories below it, links not followed."""
        node = self.node(path)
        pending = [~node] if node is not None and node < 0 else []
        rows: list[int] = []
        while pending:
            for found in self.names[pending.pop()].values():
                if found < 0:
                    pending.append(~found)
                elif self.files.kind[found] in (Kind.FILE, Kind.HARDLINK):
                    rows.append(found)
        return rows

    def read(self, path: bytes) -> bytes | None:
        """The content of a small file; None where it was not kept, or there is no such file."""
        row = self._file(path)
        return None if row is None else self.files.texts.get(self.files.body.get(row, row))

    def elf(self, path: bytes) -> Elf | None:
        """What the file says about itself if it is a program or library."""
        row = self._file(path)
        return None if row is None else self.files.elfs.get(self.files.body.get(row, row))

    def size(self, path: bytes) -> int:
        """Bytes of the file that the path leads to; 0 where there is none."""
        row = self._file(path)
        return 0 if row is None else self.files.size[self.files.body.get(row, row)]

    def find(
        self, names: Collection[bytes], endings: tuple[bytes, ...] = ()
    ) -> dict[bytes, tuple[bytes, ...]]:
        """Where names occur: name → paths, sorted, of files, links and directories alike.

        Names that end in one of `endings` are found under that ending.
        """
        exact = frozenset(names)
        found: dict[bytes, list[bytes]] = {name: [] for name in (*exact, *endings)}
        keys = {
            name: [*exact.intersection((name,)), *(end for end in endings if name.endswith(end))]
            for name in self.every.every & (self.every.ending(endings) | exact)
        }
        for directory, name in sorted(self._occurrences(keys), key=itemgetter(0)):
            above = self.files.directory_path(directory)
            for key in keys[name]:
                if len(found[key]) < MAX_FOUND:
                    found[key].append(above + b"/" + name if above else name)
        return {key: tuple(sorted(paths)) for key, paths in found.items()}

    def holding(self, names: AbstractSet[bytes]) -> Iterator[tuple[int, list[bytes]]]:
        """The directories that have any of some names in them, and which, in the order of the layers."""
        present = self.every.every & names
        for directory in sorted({directory for directory, _ in self._occurrences(present)}):
            yield directory, [name for name in self.names[directory] if name in present]

    def _occurrences(self, names: Collection[bytes]) -> Iterator[tuple[int, bytes]]:
        """(directory, name) of the files, links and directories of some names."""
        files = self.files
        entries = mask(files.kind, *(kind for kind in Kind if kind != Kind.DIRECTORY))
        for directories, column, shown in (
            (files.directory, files.name, both(entries, bytes(files.shown))),
            (files.dir_parent[1:], files.dir_name[1:], bytes(files.dir_shown[1:])),
        ):
            chosen = both(bytes(map(names.__contains__, column)), shown) if names else b""
            yield from zip(compress(directories, chosen), compress(column, chosen), strict=True)

    def _file(self, path: bytes) -> int | None:
        node = self.node(path)
        if node is None or node < 0:
            return None
        return node if self.files.kind[node] in (Kind.FILE, Kind.HARDLINK) else None


def view_of(files: Files) -> View:
    """The view on the final filesystem of `files`."""
    return View(files, files.children, names_of(files))


def encoded(text: str) -> bytes:
    """The bytes of a text that names a file, as `decoded` made it or as a config has it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decoded(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 survive the way back."""
    return path.decode("utf-8", "surrogateescape")


def below(directory: bytes, path: bytes) -> bytes:
    """`path` as seen from `directory`: relative paths are put below it."""
    return path if path.startswith(b"/") or not directory else directory + b"/" + path
