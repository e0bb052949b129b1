"""The names in each directory of the image so far, and in the end of its final filesystem."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping

from slim.files.table import Kind

_DIRECTORY = int(Kind.DIRECTORY)


class Children:
    """Directory → name → row, or `~directory` for a directory in it.

    Rows whose names are new in their directory, as nearly all are, are only noted. Their names are collected
    when somebody asks for those of the directory: of most directories nobody does.
    """

    def __init__(
        self, kind: array[int], name: list[bytes], ids: Mapping[tuple[int, bytes], int]
    ) -> None:
        self._kind, self._name, self._ids = kind, name, ids
        self._names: list[dict[bytes, int] | list[range]] = [{}]
        """The names of each directory, or rows, each span of one kind, whose names they are."""

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, directory: int) -> dict[bytes, int]:
        names = self._names[directory]
        if isinstance(names, list):
            noted, names = names, {}
            self._names[directory] = names
            for rows in noted:
                self._collect(directory, rows, names)
        return names

    def directory(self, parent: int, name: bytes) -> int | None:
        """The directory of this name in another one; the final filesystem need not show it."""
        return self._ids.get((parent, name))

    def names(self, directory: int) -> dict[bytes, int]:
        """The same for who asks once for each directory: what is collected for that is not kept."""
        names = self._names[directory]
        if isinstance(names, dict):
            return names
        found: dict[bytes, int] = {}
        for rows in names:
            self._collect(directory, rows, found)
        return found

    def __setitem__(self, directory: int, names: dict[bytes, int]) -> None:
        self._names[directory] = names

    def extend(self, whole: Iterable[bool]) -> None:
        """Directories come: all names that their layer has in one that is `whole` are new in it."""
        self._names += [[] if is_whole else {} for is_whole in whole]

    def note(self, directory: int, rows: range) -> None:
        """Rows of one kind come, whose names are new in a directory."""
        names = self._names[directory]
        if isinstance(names, list):
            names.append(rows)
        else:
            self._collect(directory, rows, names)

    def collected(self) -> Iterator[tuple[int, dict[bytes, int]]]:
        """The directories whose names have been collected, because another layer has them, too, say."""
        for directory, names in enumerate(self._names):
            if isinstance(names, dict):
                yield directory, names

    def _collect(self, directory: int, rows: range, names: dict[bytes, int]) -> None:
        fresh = self._name[rows.start : rows.stop]
        if self._kind[rows.start] == _DIRECTORY:
            names.update((name, ~self._ids[directory, name]) for name in fresh)
        else:
            names.update(zip(fresh, rows, strict=True))
