"""The layers of the report: their bytes, and the Dockerfile lines that made them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.files.gone import Gone
from slim.files.ledger import LayerSums
from slim.files.table import Bytes, Fate, Files, LayerTable, mask
from slim.image.base import BaseImage
from slim.image.model import Image, Layer
from slim.report import model
from slim.report.untrusted import Untrusted

if TYPE_CHECKING:
    from slim.dockerfile.align import Placement


class Reclaimable(Struct, frozen=True):
    """What findings claim of a layer, and of that what the final filesystem shows."""

    disk: int
    pull: int
    live_disk: int
    live_pull: int


def reclaimable(files: Files, gone: Sequence[Gone]) -> list[Reclaimable]:
    """The claimed bytes by layer."""
    live = mask(files.fate, Fate.LIVE)
    every, shown = _by_layer(files, gone), _by_layer(files, [each.only(live) for each in gone])
    return [Reclaimable(*all_, *live_) for all_, live_ in zip(every, shown, strict=True)]


def _by_layer(files: Files, gone: Sequence[Gone]) -> list[Bytes]:
    found = [(0, 0)] * (len(files.starts) - 1)
    for each in gone:
        bounds = pairwise(bisect_left(each.rows, start) for start in files.starts)
        for layer, (start, end) in enumerate(bounds):
            disk, pull = found[layer]
            found[layer] = disk + sum(each.disk[start:end]), pull + sum(each.pull[start:end])
    return found


def layer_info(
    layer: Layer,
    table: LayerTable | None,
    sums: LayerSums,
    changes: tuple[int, int, int],
    reclaimable: Reclaimable,
    created_by: Untrusted,
    place: model.Place | None,
    base: BaseImage,
    verified: bool,
) -> model.LayerInfo:
    """One layer; `changes` are the file names that it added, changed and removed."""
    descriptor = layer.descriptor
    digest = descriptor.digest if descriptor else ""
    if not digest and table is not None:
        digest = table.blob_digest
    return model.LayerInfo(
        index=layer.index,
        digest=digest,
        diff_id=layer.diff_id,
        media_type=descriptor.media_type if descriptor else "",
        compression=table.compression if table is not None else "",
        created_by=created_by,
        dockerfile=place,
        from_base=layer.index < base.layers,
        verified=verified and table is not None and layer.toc is None,
        missing=layer.missing,
        blob_bytes=sums.blob_bytes,
        pull_bytes=sums.pull_bytes,
        estimated=sums.estimated,
        tar_bytes=sums.tar_bytes,
        disk_bytes=sums.disk_bytes,
        live_bytes=sums.live_bytes,
        dead_bytes=sums.dead_bytes,
        live_pull_bytes=sums.live_pull_bytes,
        dead_pull_bytes=sums.dead_pull_bytes,
        reclaimable_bytes=reclaimable.disk,
        reclaimable_pull_bytes=reclaimable.pull,
        reclaimable_live_bytes=reclaimable.live_disk,
        reclaimable_live_pull_bytes=reclaimable.live_pull,
        overhead_bytes=sums.overhead_bytes,
        labels=[
            model.LabelBytes(label=label, tar_bytes=tar, pull_bytes=pull)
            for label, (tar, pull) in sums.labels.items()
        ],
        files=sums.files,
        live_files=sums.live_files,
        added=changes[0],
        changed=changes[1],
        removed=changes[2],
    )


def places(
    image: Image, placements: Sequence[Placement | None], path: str
) -> list[model.Place | None]:
    """The Dockerfile lines of each layer: of the i-th history entry that made one."""
    placed = [
        placement
        for entry, placement in zip(image.history, placements, strict=False)
        if not entry.empty_layer
    ]
    if len(placed) != len(image.layers):
        return [None] * len(image.layers)
    return [
        model.Place(
            path=path,
            line=placement.line,
            end_line=placement.end_line,
            from_stage="--from" in placement.instruction,
        )
        if placement
        else None
        for placement in placed
    ]
