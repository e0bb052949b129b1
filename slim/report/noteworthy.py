"""What is worth a reader's attention: whether an image really changed, whether a comment should be made."""

from __future__ import annotations

from slim.report.comparison import Comparison
from slim.report.model import Report

_SMALL = 100_000
"""Bytes: less than this, and than 0.1 % of the image, is no change; less waste needs no comment."""


def is_unchanged(comparison: Comparison) -> bool:
    """Whether no size, no finding and no gate says anything new; two platforms are never the same."""
    base, image = comparison.base, comparison.image
    before, after = base.totals, image.totals
    return (
        all(
            abs(change) < _SMALL and abs(change) * 1000 <= whole
            for change, whole in (
                (after.disk_bytes - before.disk_bytes, before.disk_bytes),
                (after.pull_bytes - before.pull_bytes, before.pull_bytes),
            )
        )
        and all(change.status == "still" for change in comparison.findings)
        and comparison.verdict.result == "pass"
        and base.platform == image.platform
    )


def is_noteworthy(document: Report | Comparison) -> bool:
    """Whether there is a change that matters, waste that matters, or a gate that did not pass."""
    if isinstance(document, Comparison):
        return not is_unchanged(document)
    totals = document.totals
    return (
        document.verdict.result != "pass"
        or max(totals.reclaimable_bytes, totals.dead_bytes) >= _SMALL
    )
