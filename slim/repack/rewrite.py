"""A layer's tar with some entries left out: what stays is passed on as it is, piece by piece."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

from slim.files.table import Files, LayerTable
from slim.repack.edits import Edits
from slim.repack.pieces import Pieces
from slim.repack.raw_header import RawHeader, relinked, renamed, split_header
from slim.repack.regions import regions

END = bytes(1024)
"""What a tar ends with."""


def rewritten(
    pieces: Iterable[bytes], files: Files, table: LayerTable, layer: int, edits: Edits
) -> Iterator[bytes]:
    """The entries of a layer that stay, without what ends the archive.

    `pieces` are its uncompressed bytes. At most a few of them, and the headers of one entry, are in memory.

    Raises:
        InputError: the bytes are not those that the table was made of.
    """
    feed = Pieces(pieces)
    starts, base = regions(table), files.starts[layer]
    at, rows = 0, len(table)
    while at < rows:
        row = base + at
        yield from edits.inserted.get(row, ())
        change = _change(files, edits, row)
        if change is not None:
            yield from _changed(feed, starts, table, at, change)
            at += 1
            continue
        keep = edits.keep[row]
        at += 1
        while (
            at < rows
            and edits.keep[base + at] == keep
            and base + at not in edits.inserted
            and _change(files, edits, base + at) is None
        ):
            at += 1
        if keep:
            yield from feed.until(starts[at])
        else:
            feed.skip(starts[at])
    feed.drain()


def _change(files: Files, edits: Edits, row: int) -> Callable[[RawHeader], bytes] | None:
    """How the headers of a row are written again; None where they stay, or go."""
    root = edits.links.roots.get(row)
    if root is not None:
        path = files.path(root)
        return lambda raw: renamed(raw, path)
    target = edits.links.targets.get(row)
    if target is not None and edits.keep[row]:
        path = files.path(target)
        return lambda raw: relinked(raw, path)
    return None


def _changed(
    feed: Pieces,
    starts: array[int],
    table: LayerTable,
    at: int,
    change: Callable[[RawHeader], bytes],
) -> Iterator[bytes]:
    yield change(split_header(feed.take(table.data[at] - feed.offset)))
    yield from feed.until(starts[at + 1])
