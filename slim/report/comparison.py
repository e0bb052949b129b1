"""Two images compared: the wire format of `slim compare`, beside that of a report and by its conventions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slim.report.model import (
    SCHEMA_VERSION,
    Budget,
    Count,
    Finding,
    Place,
    Size,
    Tool,
    Totals,
    Verdict,
    Warning,
)


class Side(Struct, frozen=True, kw_only=True):
    """One of two images that are compared."""

    name: str
    input: str
    digest: str
    platform: str
    verified: bool
    totals: Totals


LayerStatus = Literal["added", "removed", "grew", "shrank", "rebuilt", "same"]


class LayerChange(Struct, frozen=True, kw_only=True):
    """A layer of either image, or of both: the same contents, or else the same instruction."""

    status: LayerStatus
    """`rebuilt`: other contents of the same size."""
    base_index: Count | None
    index: Count | None
    created_by: str
    dockerfile: Place | None
    base_disk_bytes: Size
    base_pull_bytes: Size
    disk_bytes: Size
    pull_bytes: Size


class FindingChange(Struct, frozen=True, kw_only=True):
    """A finding of either image; those of both are the same by fingerprint."""

    status: Literal["new", "still", "fixed"]
    base_claimed_bytes: Size
    """0 for a new one."""
    finding: Finding
    """As the image has it; a fixed one as the base has it."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What changed from one image to another. Changes are what `image` has more than `base`."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["comparison"] = "comparison"
    tool: Tool
    base: Side
    image: Side
    layers: list[LayerChange]
    """Largest growth first."""
    findings: list[FindingChange]
    """New, still there, fixed; most claimed bytes first."""
    warnings: list[Warning]
    budgets: list[Budget] = []
    over_on_base: list[str] = []
    """Names of budgets that the base exceeds already: shown, and no reason to fail."""
    verdict: Verdict = Verdict()
