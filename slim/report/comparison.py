"""Two images compared: the wire format of `slim compare`, beside that of a report and by its conventions.

What adds up, in bytes on disk and in the pull: the changes of `layers` are `growth`, as are its parts;
those of `files` and of `packages` are `growth.live`, each with the rest that its list does not show.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from slim.report.model import (
    LARGEST,
    SCHEMA_VERSION,
    Base,
    Budget,
    Count,
    Dive,
    Finding,
    Moment,
    Place,
    Size,
    Tool,
    Totals,
    Verdict,
    Warning,
)
from slim.report.untrusted import Untrusted, untrusted

Delta = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
"""What is more than before; below zero, less."""


class Change(Struct, frozen=True, kw_only=True):
    """Bytes more than before; below zero, less."""

    disk_bytes: Delta
    pull_bytes: Delta


class Side(Struct, frozen=True, kw_only=True):
    """One of two images that are compared."""

    name: Untrusted
    input: Untrusted
    digest: str
    config_digest: str
    platform: Untrusted
    verified: bool
    base: Base
    """The image that it was built from."""
    totals: Totals
    dive: Dive
    rules: str | None
    """Digest of the rule packs that were applied; null when none were."""
    unknown_layers: Count
    """Layers whose contents are not known."""
    pull_known: bool
    """The stored size of every layer is known."""
    unverified_layers: Count | UnsetType = UNSET
    """Layers that are known by their tables of contents alone."""
    role_from_label: bool | UnsetType = UNSET
    """A label of the image itself says what its role is, and with it which rules apply."""
    findings_left_out: Count
    """Findings that its report does not list."""


class Growth(Struct, frozen=True, kw_only=True):
    """What the image has more than the base, in all and by parts."""

    disk_bytes: Delta
    pull_bytes: Delta
    live: Change
    """Of files that the final filesystem shows."""
    dead: Change
    """Of files that are shipped and never visible."""
    overhead_pull_bytes: Delta
    """Of tar headers and padding, in the pull."""
    base_image: Change | None
    """Of the layers of the images that both were built from: not the doing of who changed this image's
    own layers. Null when it is not known for both where those end."""
    own: Change | None
    """Of all other layers."""


LayerStatus = Literal["added", "removed", "grew", "shrank", "rebuilt", "same"]


class LayerChange(Struct, frozen=True, kw_only=True):
    """A layer of either image, or of both: the same contents, or else the same instruction."""

    status: LayerStatus
    """`rebuilt`: other contents of the same size."""
    base_index: Count | None
    index: Count | None
    diff_id: str
    """As the image has it; of a removed layer as the base has it. So are the next three."""
    created_by: Untrusted
    dockerfile: Place | None
    from_base: bool
    base_disk_bytes: Size
    base_pull_bytes: Size
    disk_bytes: Size
    pull_bytes: Size
    reclaimable_bytes: Size
    """What findings claim of it; 0 for a removed layer."""


class FindingChange(Struct, frozen=True, kw_only=True):
    """A finding of either image; those of both are the same by fingerprint."""

    status: Literal["new", "still", "fixed"]
    base_claimed_bytes: Size
    """0 for a new one."""
    finding: Finding
    """As the image has it; a fixed one as the base has it."""


PackageStatus = Literal["added", "removed", "updated", "grew", "shrank"]


class PackageChange(Struct, frozen=True, kw_only=True):
    """A package of either image, by manager and name, with the files that it owns."""

    status: PackageStatus
    """`updated`: another version, older or newer."""
    manager: str
    name: Untrusted
    base_version: Untrusted
    version: Untrusted
    base_layer: Count | None
    """The layer that has most of it."""
    layer: Count | None
    base_disk_bytes: Size
    base_pull_bytes: Size
    disk_bytes: Size
    pull_bytes: Size


class DirectoryChange(Struct, frozen=True, kw_only=True):
    """A directory of the final filesystem with all below it; they overlap."""

    path: Untrusted
    path_b64: str | None = None
    change: Change
    files: Count | None
    """Files below that changed; null when not all are known."""
    layer: Count | None
    """The image's layer that most of what came is in; null when that is not known."""


FileStatus = Literal["new", "gone", "grew", "shrank", "changed", "moved", "larger", "smaller"]


class FileChange(Struct, frozen=True, kw_only=True):
    """A file of either image's final filesystem, by path. One that stayed the same is not listed."""

    status: FileStatus
    """`changed`: other contents of the same size; `moved`: the same contents at another path. Where a
    report leaves files out: `larger` is new or grew, `smaller` is gone or shrank."""
    path: Untrusted
    path_b64: str | None = None
    base_path: Untrusted | None = None
    """Where a moved file was."""
    base_layer: Count | None
    layer: Count | None
    base_disk_bytes: Size | None
    """0 where there is none; null where the report leaves it out."""
    base_pull_bytes: Size | None
    disk_bytes: Size | None
    pull_bytes: Size | None


class Rest(Struct, frozen=True, kw_only=True):
    """What a list does not show."""

    count: Count
    """Changes that are known and not listed."""
    change: Change
    """`growth.live` less the changes that are listed, those with a null on a side aside."""


NOTHING = Rest(count=0, change=Change(disk_bytes=0, pull_bytes=0))


class Partial(Struct, frozen=True, kw_only=True):
    """Lists that are not complete because a report leaves something out; images leave out nothing."""

    findings: bool = False
    packages: bool = False
    directories: bool = False
    files: bool = False
    contents: bool = False
    """Files of the same size could not be told apart, and moved ones not be recognized."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What changed from one image to another. Changes are what `image` has more than `base`."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["comparison"] = "comparison"
    timestamp: Moment | UnsetType = UNSET
    """When it was made, in UTC; only with `--timestamp`."""
    key: Untrusted = untrusted("")
    """The image's, as in its report."""
    tool: Tool
    base: Side
    image: Side
    growth: Growth
    layers: list[LayerChange]
    """All layers, largest growth first."""
    findings: list[FindingChange]
    """New, still there, fixed; most claimed bytes first."""
    notes: list[FindingChange] = []
    """The same of findings that claim no bytes; without those that are fixed."""
    packages: list[PackageChange] = []
    """Largest change on disk first, as in the next two."""
    packages_rest: Rest = NOTHING
    """With files that no package owns."""
    directories: list[DirectoryChange] = []
    """One whose change is mostly that of a directory below it is left out."""
    files: list[FileChange] = []
    files_rest: Rest = NOTHING
    """With the differences in the pull of files that stayed the same."""
    partial: Partial = Partial()
    warnings: list[Warning]
    budgets: list[Budget] = []
    over_on_base: list[str] = []
    """Names of budgets that the base exceeds already: shown, and no reason to fail."""
    verdict: Verdict = Verdict()
