"""What to know about the report itself, and what the gates decided."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from slim.report.model.sizes import Count, Size, check_finite
from slim.report.untrusted import Untrusted


class Warning(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to know that is not an error."""

    id: str
    text: Untrusted
    layer: int | None = None
    path: Untrusted | None = None
    """The first path it applies to."""
    count: Count = 1


class Truncated(Struct, frozen=True, kw_only=True):
    """How many entries the lists leave out."""

    findings: Count
    packages: Count = 0
    waste: Count
    directories: Count
    largest_files: Count


class Budget(Struct, frozen=True, kw_only=True):
    """A limit that the user set, and what it was compared with."""

    name: Literal[
        "size",
        "pull-size",
        "reclaimable",
        "layers",
        "growth",
        "dive-efficiency",
        "dive-wasted-bytes",
        "dive-user-wasted",
    ]
    """Those of dive's are compared with `dive`: efficiency has a lower limit, the others upper ones."""
    value: int
    """Bytes, or layers; growth may be negative; dive's two ratios in millionths, rounded."""
    base_image_bytes: Size = 0
    """Of growth alone: what the base image grew by, which is not in `value` and not charged."""
    error_bytes: Size = 0
    """Of an estimate: how far `value` may be off. It is judged only where that does not matter."""
    limit: Size
    """In the unit of `value`."""
    percent: float | None = None
    """Of growth alone: it is over when it exceeds both `limit` and this share of the base, 1 = 1 %."""
    result: Literal["under", "over", "unknown"]
    """`over`: the limit is exceeded, or missed where it is a lower one; `unknown`: the report does not
    hold what would decide it."""

    def __post_init__(self) -> None:
        check_finite(self.percent)


class Verdict(Struct, frozen=True, kw_only=True):
    """What the gates said; with no budgets and an empty `fail_on` nothing was asked."""

    # `slim.report.reasons` has the reasons as values. Words are for JSON alone: that output fills in
    # `headline` and `reasons`, and reading a document back drops them.
    result: Literal["pass", "fail", "unknown"] = "pass"
    headline: str = ""
    """One sentence; empty where there were no gates."""
    reasons: list[str] = []
    """What failed or could not be decided, one sentence each."""
    fail_on: list[str] = []
    """Levels and rules whose findings fail the gate."""
    findings: list[str] = []
    """Fingerprints of the findings that do."""
    unsuppressed: Count | UnsetType = UNSET
    """How many findings the analysis suppressed that count again: what they claim is not known."""
    role_from_label: bool | UnsetType = UNSET
    """The image's own label says what its role is: for another role there may be other findings."""
