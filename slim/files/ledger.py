"""Every byte to a row or to a bracketed label, on disk and in the pull; and the proof that none is lost.

A pull share is the difference of two rounded positions on the way through the compressed blob, so the
shares of a layer add up to its blob exactly, whatever the rounding. Between two checkpoints of the
decompressor positions are interpolated; where each file has a gzip member or zstd frame of its own
(eStargz, zstd:chunked) there is a checkpoint at each boundary, and the shares are exact.

    tar   │header│payload│pad│header│payload…│pad│0…0│
    label │  [1] │  row  │[2]│  [1] │  row   │[2]│[3]│   [1] tar headers [2] padding [3] after the end
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from slim.errors import InternalError
from slim.files.table import Fate, Files, Kind, LayerTable
from slim.stream.header import BLOCK

HEADERS = "[tar headers]"
PADDING = "[padding]"
OTHER = "[other entries]"
END = "[after end of archive]"
UNKNOWN = "[unknown contents]"
LABELS = (HEADERS, PADDING, OTHER, END, UNKNOWN)

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
    headers = padding = other = 0
    pull_headers = pull_padding = pull_other = 0
    low_raw = low_out = 0
    mark = 0
    high_raw, high_out = marks_raw[0], marks_out[0]
    at = at_raw = 0
    rows = [row for row, stored in enumerate(table.stored) if stored]
    # One more, empty, for what lies between the last payload and the end.
    for row in (*rows, -1):
        start = table.data[row] if row >= 0 else table.end
        stop = start + table.stored[row] if row >= 0 else start
        after = stop + -stop % BLOCK
        cuts = []
        for cut in (start, stop, after):
            while cut > high_out and mark + 1 < len(marks_out):
                mark += 1
                low_raw, low_out = high_raw, high_out
                high_raw, high_out = marks_raw[mark], marks_out[mark]
            if cut <= low_out:
                cuts.append(low_raw if low_out else 0)
            elif cut >= high_out:
                cuts.append(high_raw)
            else:
                cuts.append(
                    low_raw + (cut - low_out) * (high_raw - low_raw) // (high_out - low_out)
                )
        headers += start - at
        pull_headers += cuts[0] - at_raw
        if row >= 0:
            if table.kind[row] == Kind.FILE:
                shares[row] = cuts[1] - cuts[0]
            else:
                other += stop - start
                pull_other += cuts[1] - cuts[0]
            padding += after - stop
            pull_padding += cuts[2] - cuts[1]
            at, at_raw = after, cuts[2]
        else:
            at, at_raw = start, cuts[0]
    labels = {
        HEADERS: (headers, pull_headers),
        PADDING: (padding, pull_padding),
        OTHER: (other, pull_other),
        END: (table.tar_bytes - at, table.blob_bytes - at_raw),
    }
    return shares, {label: both for label, both in labels.items() if both != (0, 0)}


def _sum_layer(
    files: Files,
    layer: int,
    table: LayerTable,
    shares: array[int],
    labels: dict[str, Bytes],
    again: bool,
) -> LayerSums:
    disk = stored = live = live_pull = names = live_names = 0
    dead_disk, dead_pull = [0] * len(Fate), [0] * len(Fate)
    first = files.starts[layer]
    last = files.starts[layer + 1]
    for kind, size, payload, fate, shown, share in zip(
        files.kind[first:last],
        files.size[first:last],
        files.stored[first:last],
        files.fate[first:last],
        files.shown[first:last],
        shares,
        strict=True,
    ):
        if kind > Kind.HARDLINK:
            continue
        names += 1
        live_names += shown
        if kind == Kind.FILE:
            disk += size
            stored += payload
            if fate:
                dead_disk[fate] += size
                dead_pull[fate] += share
            else:
                live += size
                live_pull += share
    dead = {
        fate: (dead_disk[fate], dead_pull[fate])
        for fate in Fate
        if fate and (dead_disk[fate] or dead_pull[fate])
    }
    sums = LayerSums(
        blob_bytes=table.blob_bytes,
        pull_bytes=0 if again else table.blob_bytes,
        tar_bytes=table.tar_bytes,
        disk_bytes=disk,
        live_bytes=live,
        live_pull_bytes=live_pull,
        dead_pull_bytes=sum(dead_pull),
        overhead_bytes=table.tar_bytes - stored,
        files=names,
        live_files=live_names,
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
