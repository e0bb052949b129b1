"""What entries say of files, and what is in them: read from the layers for rows that are asked about.

Contents are compared by SHA-256. The hashes of a `LayerTable` group files and prove nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

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

    which: array[int]
    """Row → index into `distinct`; -1 for rows that were not read."""
    distinct: list[Attributes]
    contents: bytearray
    """32 bytes per row: SHA-256 of what the entry stores."""
    index: dict[Attributes, int] = field(default_factory=dict)

    def of(self, row: int) -> Attributes:
        """What the entry of a row says."""
        return self.distinct[self.which[row]]

    def content(self, row: int) -> bytes:
        """SHA-256 of the payload."""
        return bytes(self.contents[row * _DIGEST : (row + 1) * _DIGEST])

    def add(self, row: int, found: Attributes, digest: bytes) -> None:
        """Note what a row says, the same attributes once."""
        known = self.index.setdefault(found, len(self.distinct))
        if known == len(self.distinct):
            self.distinct.append(found)
        self.which[row] = known
        self.contents[row * _DIGEST : (row + 1) * _DIGEST] = digest


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
    found = FileAttributes(
        array("i", [-1]) * len(files), [], bytearray(_DIGEST * len(files) if contents else 0)
    )
    by_layer: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        by_layer[files.layer_of(row)].add(row)
    for number, of_layer in sorted(by_layer.items()):
        _read(
            layers[number],
            tables[number],
            files,
            number,
            of_layer,
            limits,
            contents,
            found,
            progress,
        )
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
    layer: Layer,
    table: LayerTable,
    files: Files,
    number: int,
    of_layer: set[int],
    limits: Limits,
    contents: bool,
    found: FileAttributes,
    progress: Callable[[int], None] | None,
) -> None:
    base, starts = files.starts[number], regions(table)
    feed = Pieces(uncompressed(layer, table, limits, progress))
    for row in sorted(of_layer):
        at = row - base
        feed.skip(starts[at])
        attributes = attributes_of(split_header(feed.take(table.data[at] - starts[at])))
        state = hashlib.sha256()
        if contents and table.kind[at] == Kind.FILE:
            for part in feed.until(table.data[at] + table.stored[at]):
                state.update(part)
        found.add(row, attributes, state.digest() if contents else b"")
