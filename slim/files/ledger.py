"""The bytes of each layer: live, dead by class, and the proof on every run that none is lost."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import compress

from msgspec import Struct

from slim.errors import InputError, InternalError
from slim.files.table import Bytes, Fate, Files, Kind, LayerTable, both, mask

UNKNOWN = "[unknown contents]"
"""Label of a layer whose contents the image lacks; the other labels are in `shares`."""


class LayerSums(Struct, frozen=True):
    """The bytes of one layer."""

    blob_bytes: int
    """Stored size."""
    pull_bytes: int
    """What a registry sends; 0 for a blob that an earlier layer has too: it is pulled once."""
    tar_bytes: int
    disk_bytes: int
    live_bytes: int
    live_pull_bytes: int
    dead_pull_bytes: int
    overhead_bytes: int
    files: int
    live_files: int
    labels: dict[str, Bytes]
    estimated: bool
    """`pull_bytes` is an estimate."""
    dead: dict[Fate, Bytes]
    """Class → (disk bytes, pull bytes)."""

    @property
    def dead_bytes(self) -> int:
        """Shipped and never visible."""
        return self.disk_bytes - self.live_bytes


class Ledger(Struct, frozen=True):
    """Pull bytes per row, and the sums of each layer."""

    pull: array[int]
    layers: tuple[LayerSums, ...]


def disk_bytes(layers: Iterable[LayerSums]) -> int:
    """Bytes on disk of all layers.

    Raises:
        InputError: more than any filesystem holds. Only sparse files can claim so much; numbers of more than
            63 bits do not survive other JSON parsers.
    """
    disk = sum(layer.disk_bytes for layer in layers)
    if disk >= 1 << 63:
        raise InputError(
            "absurd-sizes",
            f"the files claim {disk:,} bytes together, more than any filesystem holds",
            "the image was made to mislead: it holds sparse files of absurd size",
        )
    return disk


def account(files: Files, tables: Sequence[LayerTable | None], sizes: Sequence[int]) -> Ledger:
    """Sum up the bytes of all layers; `sizes` are the stored sizes of their blobs.

    Raises:
        InternalError: a sum does not add up.
    """
    pull = array("q")
    layers: list[LayerSums] = []
    seen: set[int] = set()
    for layer, table in enumerate(tables):
        size = sizes[layer]
        if table is None:
            layers.append(
                LayerSums(size, size, 0, 0, 0, 0, 0, 0, 0, 0, {UNKNOWN: (0, size)}, False, {})
            )
            continue
        # The same table at two positions is one blob, pulled once.
        again = id(table) in seen
        seen.add(id(table))
        shares, labels = table.pull, table.labels
        if again:
            shares = array("q", bytes(8 * len(shares)))
            labels = {label: (tar, 0) for label, (tar, _) in labels.items()}
        pull += shares
        layers.append(_sum_layer(files, layer, table, shares, labels, again))
    return Ledger(pull, tuple(layers))


def _sum_layer(
    files: Files,
    layer: int,
    table: LayerTable,
    shares: array[int],
    labels: dict[str, Bytes],
    again: bool,
) -> LayerSums:
    here = slice(files.starts[layer], files.starts[layer + 1])
    kinds, fates, sizes = files.kind[here], files.fate[here], files.size[here]
    bodies, names = mask(kinds, Kind.FILE), mask(kinds, Kind.FILE, Kind.HARDLINK)
    # What is not a file has no bytes, neither on disk nor in the pull.
    disk, pull = sum(sizes), sum(shares)
    stored = sum(compress(table.stored, bodies)) if table.stored != table.size else disk
    amounts: dict[Fate, Bytes] = {}
    for fate in Fate:
        rows = both(bodies, mask(fates, fate))
        if rows == bodies:
            amounts[fate] = disk, pull
        elif 1 in rows:
            amounts[fate] = sum(compress(sizes, rows)), sum(compress(shares, rows))
    live, live_pull = amounts.pop(Fate.LIVE, (0, 0))
    dead = {fate: amount for fate, amount in amounts.items() if any(amount)}
    sums = LayerSums(
        blob_bytes=table.blob_bytes,
        pull_bytes=0 if again else table.pull_bytes,
        tar_bytes=table.tar_bytes,
        disk_bytes=disk,
        live_bytes=live,
        live_pull_bytes=live_pull,
        dead_pull_bytes=sum(pull for _, pull in dead.values()),
        overhead_bytes=table.tar_bytes - stored,
        files=names.count(1),
        live_files=both(names, bytes(files.shown[here])).count(1),
        labels=labels,
        estimated=table.estimated,
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
            "pull shares add up to the pull",
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
