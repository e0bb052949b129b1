"""Bytes that would go, by row, and their sums by whatever the rows have in common."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from msgspec import Struct

from slim.files.table import runs


class Gone(Struct, frozen=True):
    """Bytes of files that would go for one reason; all columns have one value per row."""

    why: str
    """Empty where the files stay, and only parts of them go."""
    rows: Sequence[int]
    """Rows of `Files`, in order."""
    disk: Sequence[int]
    pull: Sequence[int]

    def only(self, mask: bytes) -> Gone:
        """Of the rows that a mask over all rows has."""
        kept = bytes(map(mask.__getitem__, self.rows))
        if all(kept):
            return self
        columns = (list(compress(each, kept)) for each in (self.rows, self.disk, self.pull))
        return Gone(self.why, *columns)

    def sums(self, keys: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """(key, disk, pull) of each run of rows with one key; a key may come again."""
        column = array("i", keys)
        for first, end in runs(column):
            yield column[first], sum(self.disk[first:end]), sum(self.pull[first:end])
