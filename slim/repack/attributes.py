"""What entries say of files, and what is in them: read from the layers for rows that are asked about.

Contents are compared by SHA-256. The hashes of a `LayerTable` group files and prove nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress

from msgspec import Struct, field

from slim.files.table import Files, Kind, LayerTable
from slim.image.model import Layer
from slim.limits import Limits
from slim.repack.pieces import Pieces
from slim.repack.raw_header import Attributes, attributes_of, split_header
from slim.repack.regions import regions
from slim.stream.compression import Marks
from slim.stream.inflate import inflate

_DIGEST = 32


class FileAttributes(Struct):
    """Of the rows of an image that were asked about."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    """These rows, ascending."""
    which: array[int] = field(default_factory=lambda: array("i"))
    """Index into `distinct` for each of them."""
    distinct: list[Attributes] = field(default_factory=list)
    contents: bytearray = field(default_factory=bytearray)
    """32 bytes for each: SHA-256 of what the entry stores, where contents were asked for."""
    index: dict[Attributes, int] = field(default_factory=dict)

    def of(self, row: int) -> Attributes:
        """What the entry of a row says."""
        return self.distinct[self.which[bisect_left(self.rows, row)]]

    def content(self, row: int) -> bytes:
        """SHA-256 of the payload."""
        at = bisect_left(self.rows, row)
        return bytes(self.contents[at * _DIGEST : (at + 1) * _DIGEST])

    def add(self, row: int, found: Attributes, digest: bytes) -> None:
        """Note what the next row says, the same attributes once."""
        known = self.index.setdefault(found, len(self.distinct))
        if known == len(self.distinct):
            self.distinct.append(found)
        self.rows.append(row)
        self.which.append(known)
        self.contents += digest


def read_attributes(
    layers: Sequence[Layer],
    tables: Sequence[LayerTable],
    files: Files,
    rows: Iterable[int],
    limits: Limits,
    *,
    contents: bool,
    progress: Callable[[int], None] | None = None,
) -> FileAttributes:
    """Read the layers that hold any of `rows`; with `contents`, also the digests of files.

    Raises:
        InputError, LimitError: a layer cannot be read any more.
    """
    found = FileAttributes()
    wanted = bytearray(len(files))
    for row in rows:
        wanted[row] = 1
    for number, table in enumerate(tables):
        here = files.rows_of(number)
        of_layer = wanted[here.start : here.stop]
        if 1 in of_layer:
            tar = uncompressed(layers[number], table, limits, progress)
            _read(Pieces(tar), table, here.start, of_layer, contents, found)
    return found


def uncompressed(
    layer: Layer, table: LayerTable, limits: Limits, progress: Callable[[int], None] | None = None
) -> Iterator[bytes]:
    """The tar of a layer, in pieces."""
    if layer.blob is None:
        raise AssertionError("a layer without contents has no rows")
    return inflate(_counted(layer.blob.chunks(), progress), table.compression, Marks(), limits)


def _counted(chunks: Iterable[bytes], progress: Callable[[int], None] | None) -> Iterator[bytes]:
    for chunk in chunks:
        if progress is not None:
            progress(len(chunk))
        yield chunk


def _read(
    feed: Pieces,
    table: LayerTable,
    base: int,
    wanted: bytearray,
    contents: bool,
    found: FileAttributes,
) -> None:
    """Read the rows of a layer, which begin at `base`, for which `wanted` has a 1."""
    starts = regions(table)
    for at in compress(range(len(table)), wanted):
        feed.skip(starts[at])
        attributes = attributes_of(split_header(feed.take(table.data[at] - starts[at])))
        state = hashlib.sha256()
        if contents and table.kind[at] == Kind.FILE:
            for part in feed.until(table.data[at] + table.stored[at]):
                state.update(part)
        found.add(base + at, attributes, state.digest() if contents else b"")
