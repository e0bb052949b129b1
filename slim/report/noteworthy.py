"""What is worth a reader's attention: whether an image changed, what to do about it, whether to comment."""

from __future__ import annotations

from typing import Literal

from slim.report.comparison import Comparison
from slim.report.model import Report, Totals

_SMALL = 100_000
"""Bytes: less than this, and than 0.1 % of the image, is not a change; less waste needs no comment."""

_TRIFLE, _TRIFLING_PART = 4_000, 10_000
"""Fewer bytes than that, and than this part of the image, are not worth a line."""

Remedy = Literal["nothing", "fixes", "rebuild"]


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


def is_trifle(totals: Totals, size: int) -> bool:
    """Whether so many bytes are too few to mention in an image with these sums."""
    return size < _TRIFLE and size * _TRIFLING_PART < totals.disk_bytes


def best_remedy(report: Report) -> Remedy | None:
    """What to recommend: nothing below 1 % of the image; a multi-stage build, if it gets at least half as far
    as the fixes, of which it then is the first; else the fixes. None where no rules were applied."""
    if report.tool.rules is None:
        return None
    disk, fixed = report.totals.disk_bytes, report.predicted.all.disk_bytes
    rebuild = report.predicted.rebuild
    smallest = min(fixed, rebuild.disk_bytes) if rebuild else fixed
    if (disk - smallest) * 100 < disk:
        return "nothing"
    if rebuild is None or (disk - rebuild.disk_bytes) * 2 < disk - fixed:
        return "fixes"
    return "rebuild"


def is_worthwhile(report: Report) -> bool:
    """Whether steps and details follow a recommendation: where a gate failed they always do."""
    return best_remedy(report) != "nothing" or report.verdict.result == "fail"


def is_base_worth_mentioning(report: Report) -> bool:
    """Whether to mention the waste in the base image: also where nothing else could be improved."""
    waste = report.predicted.other_base_bytes
    return is_worthwhile(report) or waste * 100 >= report.totals.disk_bytes > 0
