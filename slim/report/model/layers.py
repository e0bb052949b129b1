"""Sums over all layers, each layer, and what of it later layers hide."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from slim.report.model.sizes import Count, Ratio, Size, check_finite
from slim.report.untrusted import Untrusted


class Totals(Struct, frozen=True, kw_only=True):
    """Sums over all layers."""

    pull_bytes: Size
    """What a registry sends: the stored blobs, or what `gzip -6` makes of layers that an archive stores
    uncompressed."""
    estimated: bool = False
    """Some of `pull_bytes` is an estimate, and so is what is made of it: each `…pull_bytes` of the report."""
    pull_error_bytes: Size = 0
    """How far `pull_bytes` may be off, more or less; 0 where nothing is estimated."""
    disk_bytes: Size
    """What an engine unpacks: logical sizes of regular files in all layers, hard links 0."""
    live_bytes: Size
    """The part of `disk_bytes` that the final filesystem shows."""
    dead_bytes: Size
    """`disk_bytes` - `live_bytes`: shipped and never visible."""
    live_pull_bytes: Size
    dead_pull_bytes: Size
    tar_bytes: Size
    """The layers once decompressed."""
    overhead_bytes: Size
    """`tar_bytes` less the stored contents of regular files: headers, padding, ends."""
    overhead_pull_bytes: Size
    base_bytes: Size
    """`disk_bytes` of the base image's layers."""
    base_pull_bytes: Size
    reclaimable_bytes: Size
    """The union of what all findings claim."""
    reclaimable_pull_bytes: Size
    layers: Count
    files: Count
    """Names of regular files in all layers, hard links included."""
    live_files: Count
    """Those that the final filesystem shows."""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines of a Dockerfile."""

    path: str
    line: Count
    end_line: Count
    from_stage: bool = False
    """It copies from another stage, or from another image."""


class LabelBytes(Struct, frozen=True, kw_only=True):
    """Bytes of a layer that belong to no file."""

    label: str
    tar_bytes: Size
    pull_bytes: Size


class LayerInfo(Struct, frozen=True, kw_only=True):
    """One layer. `pull_bytes` and `tar_bytes` are exactly what files and labels add up to."""

    index: Count
    digest: str
    """Of the stored blob; empty where it is neither named nor computed."""
    diff_id: str
    media_type: str
    compression: str
    """As found: `none`, `gzip`, `zstd`, `bzip2`, `xz`; empty when the contents are unknown."""
    created_by: Untrusted
    """The instruction, from the image's history."""
    dockerfile: Place | None
    from_base: bool
    verified: bool
    missing: str
    """Why the contents are unknown; empty when they are known."""
    blob_bytes: Size
    """Stored size."""
    pull_bytes: Size
    """What a registry sends: the stored size, or what `gzip -6` makes of a layer that an archive stores
    uncompressed; 0 for a blob that an earlier layer has too."""
    estimated: bool = False
    """`pull_bytes` is an estimate, and so are the shares of the layer's files."""
    tar_bytes: Size
    disk_bytes: Size
    live_bytes: Size
    dead_bytes: Size
    """Bytes of this layer that later layers, or itself, hide."""
    live_pull_bytes: Size
    dead_pull_bytes: Size
    reclaimable_bytes: Size = 0
    """What findings claim of this layer, dead bytes included."""
    reclaimable_pull_bytes: Size = 0
    reclaimable_live_bytes: Size = 0
    """The part of `reclaimable_bytes` that the final filesystem shows."""
    reclaimable_live_pull_bytes: Size = 0
    overhead_bytes: Size
    labels: list[LabelBytes]
    files: Count
    live_files: Count
    added: Count
    """Names of regular files that were not there before."""
    changed: Count
    removed: Count


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file, named. A path that is not UTF-8 has U+FFFD in `path` and its bytes in `path_b64`."""

    layer: Count
    path: Untrusted
    disk_bytes: Size = field(default=0)
    pull_bytes: Size = field(default=0)
    estimated: bool = False
    """`pull_bytes` is its share of an estimate."""
    path_b64: str | None = None
    content: str | None = None
    """XXH3-128 of the contents in hexadecimal, where every file is listed: equal for equal files, and no
    proof of it."""


class Waste(Struct, frozen=True, kw_only=True):
    """Dead bytes of one class, made dead by one layer."""

    kind: Literal["rewritten", "metadata-only", "deleted", "duplicate-entry", "orphan"] = field(
        name="class"
    )
    origin_layer: Count
    """Layer that ships the bytes."""
    ended_by: Count
    """Layer that hides them."""
    created_by: Untrusted
    """Instruction of the layer that hides them."""
    dockerfile: Place | None
    disk_bytes: Size
    pull_bytes: Size
    files: Count
    examples: list[Example]


class Dive(Struct, frozen=True, kw_only=True):
    """dive's own score, by dive's formula, for people who move their gates."""

    efficiency: Ratio
    wasted_bytes: Size
    user_wasted_percent: float
    """A share, 1 = 100 %, as `highestUserWastedPercent` is compared; may be over 1."""

    def __post_init__(self) -> None:
        check_finite(self.efficiency, self.user_wasted_percent)
