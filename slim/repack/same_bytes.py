"""Entries that two images have in common, byte for byte: found in one pass over the layers of both.

Of what was copied nothing else need be looked at: header, extensions and contents are in these bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

from slim.limits import Limits
from slim.repack.attributes import uncompressed
from slim.repack.pieces import Pieces
from slim.repack.regions import regions
from slim.repack.trees import Tree

_TOGETHER = 64
"""Entries that are compared as one stretch of bytes."""
_GIVE_UP = 16
"""Stretches of a layer that differ, after which no more are tried: another program has made it."""


def same_entries(
    before: Tree,
    after: Tree,
    counterparts: array[int],
    limits: Limits,
    progress: Callable[[int], None] | None = None,
) -> bytearray:
    """1 for each row of `after` whose entry has the bytes of its counterpart in `before`.

    `counterparts` has a row of `before` for each row of `after`, or -1. Each layer is read once: what comes
    in another order than there is passed over.

    Raises:
        InputError, LimitError: a layer cannot be read any more.
    """
    same = bytearray(len(after.files))
    ours, theirs = _Reader(before, limits, progress), _Reader(after, limits, progress)
    cuts = frozenset(before.files.starts)
    for layer in range(len(after.tables)):
        rows, failed = after.files.rows_of(layer), 0
        for start, end in _stretches(counterparts, rows, cuts):
            first, count = counterparts[start], end - start
            if ours.finds(first) and theirs.finds(start):
                size = theirs.size(start, count)
                if ours.size(first, count) == size:
                    if agree(ours.at(first), theirs.at(start), size):
                        same[start:end] = b"\1" * count
                    else:
                        failed += 1
            if failed == _GIVE_UP:
                break
    return same


def agree(left: Pieces, right: Pieces, count: int) -> bool:
    """Whether the next bytes of two streams are the same; both are passed over.

    Raises:
        InputError: there are fewer.
    """
    ends = left.offset + count, right.offset + count
    ours = theirs = b""
    while count:
        ours = ours or left.part(ends[0])
        theirs = theirs or right.part(ends[1])
        size = min(len(ours), len(theirs))
        if ours[:size] != theirs[:size]:
            left.skip(ends[0])
            right.skip(ends[1])
            return False
        ours, theirs, count = ours[size:], theirs[size:], count - size
    return True


def _stretches(
    counterparts: array[int], rows: range, cuts: frozenset[int]
) -> Iterator[tuple[int, int]]:
    """Spans (first row, row after the last) whose counterparts follow each other, in one layer."""
    start = rows.start
    while start < rows.stop:
        end = start + 1
        if counterparts[start] >= 0:
            most = min(rows.stop, start + _TOGETHER)
            while (
                end < most
                and counterparts[end] == counterparts[end - 1] + 1
                and counterparts[end] not in cuts
            ):
                end += 1
            yield start, end
        start = end


class _Reader:
    """The layers of an image, one after the other, each from its start to its end."""

    def __init__(self, tree: Tree, limits: Limits, progress: Callable[[int], None] | None) -> None:
        self._tree, self._limits, self._progress = tree, limits, progress
        self._layer = -1
        self._base = 0
        self._starts = array("q")
        self._feed = Pieces(())

    def finds(self, row: int) -> bool:
        """Whether the entry of a row has not gone by; its layer is the one that is read then."""
        files, tables = self._tree.files, self._tree.tables
        layer = files.layer_of(row)
        if layer > self._layer:
            self._layer, self._base = layer, files.starts[layer]
            self._starts = regions(tables[layer])
            self._feed = Pieces(
                uncompressed(self._tree.layers[layer], tables[layer], self._limits, self._progress)
            )
        return layer == self._layer and self._starts[row - self._base] >= self._feed.offset

    def size(self, row: int, count: int) -> int:
        """Bytes of so many entries, of the layer that is read."""
        at = row - self._base
        return self._starts[at + count] - self._starts[at]

    def at(self, row: int) -> Pieces:
        """The stream, at the start of an entry that has not gone by."""
        self._feed.skip(self._starts[row - self._base])
        return self._feed
