"""Report v1: the wire format. These types are the source of the JSON Schema (`slim schema`).

All sizes are whole bytes and end in `_bytes`; ratios are 0..1; lists are sorted; there is no timestamp
unless one is asked for, so that the same image gives the same report. Consumers must accept unknown
fields: a minor version only adds some.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from slim.report.model.advice import (
    Amount,
    Cause,
    Finding,
    FixInfo,
    KeepPart,
    Predicted,
    Rebuild,
    Suppressed,
    UnusedPackage,
)
from slim.report.model.contents import DirectoryInfo, GpuCode, PackageInfo, TreeNode
from slim.report.model.image import Base, ImageInfo, Role, Source, Tool
from slim.report.model.layers import Dive, Example, LabelBytes, LayerInfo, Place, Totals, Waste
from slim.report.model.notes import Budget, Truncated, Verdict, Warning
from slim.report.model.sizes import LARGEST, Count, Moment, Ratio, Size
from slim.report.untrusted import Untrusted, untrusted

__all__ = [
    "LARGEST",
    "SCHEMA_VERSION",
    "Amount",
    "Base",
    "Budget",
    "Cause",
    "Count",
    "DirectoryInfo",
    "Dive",
    "Example",
    "Finding",
    "FixInfo",
    "GpuCode",
    "ImageInfo",
    "KeepPart",
    "LabelBytes",
    "LayerInfo",
    "Moment",
    "PackageInfo",
    "Place",
    "Predicted",
    "Ratio",
    "Rebuild",
    "Report",
    "Role",
    "Size",
    "Source",
    "Suppressed",
    "Tool",
    "Totals",
    "TreeNode",
    "Truncated",
    "UnusedPackage",
    "Verdict",
    "Warning",
    "Waste",
]

SCHEMA_VERSION = "1.0"


class Report(Struct, frozen=True, kw_only=True):
    """The analysis of one image."""

    schema_version: str = SCHEMA_VERSION
    kind: Literal["analysis"] = "analysis"
    timestamp: Moment | UnsetType = UNSET
    """When it was made, in UTC; only with `--timestamp`."""
    key: Untrusted = untrusted("")
    """What `--key` calls the image, to tell several in one comment apart; empty without it."""
    tool: Tool
    source: Source
    image: ImageInfo
    totals: Totals
    predicted: Predicted
    findings: list[Finding]
    """Most claimed bytes first: the order in which to act."""
    layers: list[LayerInfo]
    waste: list[Waste]
    """Largest first."""
    packages: list[PackageInfo] = []
    """Largest first; empty where no rules were applied."""
    gpu_code: list[GpuCode] = []
    """Largest first; empty where nothing has code for GPUs."""
    directories: list[DirectoryInfo]
    """Largest first; one that is mostly a directory below it is left out."""
    largest_files: list[Example]
    """Largest first: with `--all-files` every file that has bytes."""
    tree: list[TreeNode] = []
    """The final filesystem: the files and directories that matter most, and what is left of each
    directory. Parents come before children, and of those the largest first."""
    dive: Dive
    warnings: list[Warning]
    truncated: Truncated
    budgets: list[Budget] = []
    verdict: Verdict = Verdict()
