"""Sums over rows that lie together: an archive has the files of a directory one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress, pairwise
from operator import ne

from msgspec import Struct


def stretches(keys: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, end) of each stretch of equal keys.

    >>> list(stretches([7, 7, 5, 7]))
    [(0, 2), (2, 3), (3, 4)]
    """
    inner = compress(range(1, len(keys)), map(ne, keys[1:], keys))
    return pairwise((0, *inner, len(keys)) if keys else ())


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

    def sums(self, keys: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """(key, disk, pull) of each stretch of rows with one key; a key may come again."""
        for first, end in stretches(keys):
            yield keys[first], sum(self.disk[first:end]), sum(self.pull[first:end])
