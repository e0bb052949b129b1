"""Every byte to a row or to a bracketed label, on disk and in the pull; and the proof that none is lost.

A pull share is the difference of two rounded positions on the way through the compressed blob, so the
shares of a layer add up to its blob exactly, whatever the rounding. Between two checkpoints of the
decompressor positions are interpolated. Where a file's payload begins a gzip member or zstd frame of
its own (eStargz, zstd:chunked), its share is what its members take, which is what their tables of
contents say: a lazy puller fetches just that. A member of eStargz goes on to the next payload, so the
padding and the header between them are in the file's share there.

    tar   │header│payload│pad│header│payload…│pad│0…0│
    label │  [1] │  row  │[2]│  [1] │  row   │[2]│[3]│   [1] tar headers [2] padding [3] after the end
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, zip_longest

from slim.errors import InternalError
from slim.files.table import Fate, Files, Kind, LayerTable, both, mask

HEADERS = "[tar headers]"
PADDING = "[padding]"
OTHER = "[other entries]"
END = "[after end of archive]"
UNKNOWN = "[unknown contents]"
LABELS = (HEADERS, PADDING, OTHER, END, UNKNOWN)

_FILE = int(Kind.FILE)

Bytes = tuple[int, int]
"""(bytes of the uncompressed tar, bytes of the pull)."""


@dataclass(frozen=True, slots=True)
class LayerSums:
    """The bytes of one layer."""

    blob_bytes: int
    """Stored size."""
    pull_bytes: int
    """Stored size; 0 for a blob that an earlier layer has too: it is pulled once."""
    tar_bytes: int
    disk_bytes: int
    live_bytes: int
    live_pull_bytes: int
    dead_pull_bytes: int
    overhead_bytes: int
    files: int
    live_files: int
    labels: dict[str, Bytes]
    dead: dict[Fate, Bytes]
    """Class → (disk bytes, pull bytes)."""

    @property
    def dead_bytes(self) -> int:
        """Shipped and never visible."""
        return self.disk_bytes - self.live_bytes


@dataclass(frozen=True, slots=True)
class Ledger:
    """Pull bytes per row, and the sums of each layer."""

    pull: array[int]
    layers: tuple[LayerSums, ...]


def account(files: Files, tables: Sequence[LayerTable | None], sizes: Sequence[int]) -> Ledger:
    """Share out the bytes of all layers; `sizes` are the stored sizes of their blobs.

    Raises:
        InternalError: a sum does not add up.
    """
    pull = array("q")
    layers: list[LayerSums] = []
    seen: set[int] = set()
    for layer, table in enumerate(tables):
        size = sizes[layer]
        if table is None:
            layers.append(LayerSums(size, size, 0, 0, 0, 0, 0, 0, 0, 0, {UNKNOWN: (0, size)}, {}))
            continue
        # The same table at two positions is one blob, pulled once.
        again = id(table) in seen
        seen.add(id(table))
        shares, labels = _shares(table)
        if again:
            shares = array("q", bytes(8 * len(shares)))
            labels = {label: (tar, 0) for label, (tar, _) in labels.items()}
        pull += shares
        layers.append(_sum_layer(files, layer, table, shares, labels, again))
    return Ledger(pull, tuple(layers))


def _shares(table: LayerTable) -> tuple[array[int], dict[str, Bytes]]:
    """Pull bytes per row, and the labels; a walk over rows and checkpoints together."""
    marks_raw, marks_out = table.marks.raw, table.marks.out
    shares = array("q", bytes(8 * len(table)))
    other = pull_headers = pull_padding = pull_other = 0
    low_raw = low_out = mark = at_raw = 0
    high_raw, high_out = marks_raw[0], marks_out[0]
    last_mark = len(marks_out) - 1

    def position(cut: int) -> int:
        """Where in the blob an offset of the tar is; cuts come in ascending order."""
        nonlocal mark, low_raw, low_out, high_raw, high_out
        while cut > high_out and mark < last_mark:
            mark += 1
            low_raw, low_out = high_raw, high_out
            high_raw, high_out = marks_raw[mark], marks_out[mark]
        if cut <= low_out:
            return low_raw if low_out else 0
        if cut >= high_out:
            return high_raw
        return low_raw + (cut - low_out) * (high_raw - low_raw) // (high_out - low_out)

    with_data = bytes(map(bool, table.stored))
    members = _members(table, with_data)
    for row, start, stored in zip(
        compress(range(len(table)), with_data),
        compress(table.data, with_data),
        compress(table.stored, with_data),
        strict=True,
    ):
        stop = start + stored
        # Most payloads begin, end and are padded between the same two checkpoints.
        after = stop + (-stop & 511)
        if row in members:
            # The payload has members of its own: they are its share, to their end.
            first = position(start)
            second = third = position(members[row])
        elif low_out < start and after <= high_out:
            width, depth = high_out - low_out, high_raw - low_raw
            first = low_raw + (start - low_out) * depth // width
            second = low_raw + (stop - low_out) * depth // width
            third = low_raw + (after - low_out) * depth // width
        else:
            first, second, third = position(start), position(stop), position(after)
        if table.kind[row] == _FILE:
            shares[row] = second - first
        else:
            other += stored
            pull_other += second - first
        pull_headers += first - at_raw
        pull_padding += third - second
        at_raw = third
    end_raw = position(table.end)
    pull_headers += end_raw - at_raw
    padding = sum(-stored & 511 for stored in table.stored)
    headers = table.end - sum(table.stored) - padding
    labels = {
        HEADERS: (headers, pull_headers),
        PADDING: (padding, pull_padding),
        OTHER: (other, pull_other),
        END: (table.tar_bytes - table.end, table.blob_bytes - end_raw),
    }
    return shares, {label: both for label, both in labels.items() if both != (0, 0)}


def _members(table: LayerTable, with_data: bytes) -> dict[int, int]:
    """Files whose payload begins a member → where the last member that has any of it ends.

    Only if that is before the next payload: otherwise the members were not cut for the files.
    """
    ends = table.marks.ends
    found: dict[int, int] = {}
    if len(ends) < 2:
        return found
    at = 0
    rows = list(compress(range(len(table)), with_data))
    for row, following in zip_longest(rows, rows[1:]):
        start, stop = table.data[row], table.data[row] + table.stored[row]
        while at < len(ends) and ends[at] < start:
            at += 1
        if at == len(ends):
            break
        if ends[at] != start or table.kind[row] != _FILE:
            continue
        while at < len(ends) and ends[at] < stop:
            at += 1
        last = table.data[following] if following is not None else table.end
        if at < len(ends) and ends[at] <= last:
            found[row] = ends[at]
    return found


def _sum_layer(
    files: Files,
    layer: int,
    table: LayerTable,
    shares: array[int],
    labels: dict[str, Bytes],
    again: bool,
) -> LayerSums:
    first, last = files.starts[layer], files.starts[layer + 1]
    kinds, fates = files.kind[first:last], files.fate[first:last]
    sizes = files.size[first:last]
    bodies, names = mask(kinds, Kind.FILE), mask(kinds, Kind.FILE, Kind.HARDLINK)
    disk = sum(compress(sizes, bodies))
    stored = sum(compress(files.stored[first:last], bodies))
    dead: dict[Fate, Bytes] = {}
    for fate in Fate:
        rows = both(bodies, mask(fates, fate))
        amount = sum(compress(sizes, rows)), sum(compress(shares, rows))
        if fate == Fate.LIVE:
            live, live_pull = amount
        elif any(amount):
            dead[fate] = amount
    sums = LayerSums(
        blob_bytes=table.blob_bytes,
        pull_bytes=0 if again else table.blob_bytes,
        tar_bytes=table.tar_bytes,
        disk_bytes=disk,
        live_bytes=live,
        live_pull_bytes=live_pull,
        dead_pull_bytes=sum(pull for _, pull in dead.values()),
        overhead_bytes=table.tar_bytes - stored,
        files=names.count(1),
        live_files=both(names, bytes(files.shown[first:last])).count(1),
        labels=labels,
        dead=dead,
    )
    _prove(sums, layer)
    return sums


def _prove(sums: LayerSums, layer: int) -> None:
    """The invariants of a layer, on every run."""
    label_tar = sum(tar for tar, _ in sums.labels.values())
    label_pull = sum(pull for _, pull in sums.labels.values())
    for what, left, right in (
        ("overhead is what the labels name", label_tar, sums.overhead_bytes),
        (
            "pull shares add up to the blob",
            label_pull + sums.live_pull_bytes + sums.dead_pull_bytes,
            sums.pull_bytes,
        ),
        ("dead is the sum of its classes", sum(d for d, _ in sums.dead.values()), sums.dead_bytes),
    ):
        if left != right:
            raise InternalError(
                "sums",
                f"layer {layer}: {what}: {left:,} and {right:,} differ",
                "this is a bug in slim: please report it with the image, or its layer's digest",
            )
