"""A comparison in words and numbers that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from slim.formats import verdicts
from slim.report.comparison import Comparison, FileChange, LayerChange
from slim.report.model import Finding
from slim.report.noteworthy import is_unchanged
from slim.units import Units

_INCREASES = 5
"""Layers that are shown with what to do about them."""


class Total(NamedTuple):
    """A number of both images, and what its limit says."""

    what: str
    before: str
    after: str
    difference: int
    """In its unit; 0 where it is not known."""
    change: str
    """The same in words."""
    over: bool
    """Over its limit, and the base is not."""
    limit: str


def sentence(comparison: Comparison, units: Units) -> str:
    """What happened to the size, in a few words."""
    before, after = comparison.base.totals.disk_bytes, comparison.image.totals.disk_bytes
    change = after - before
    if is_unchanged(comparison) or not change:
        return f"unchanged at {units.size(after)}" + (
            f" ({units.change(change)})" if change else ""
        )
    verb = "grew" if change > 0 else "shrank"
    share = percent(change, before)
    return f"{verb} {units.size(abs(change))}{share} to {units.size(after)}"


def percent(change: int, before: int) -> str:
    """` (+55.2%)`; empty where there was nothing before."""
    return f" ({100 * change / before:+.1f}%)" if before else ""


def totals(comparison: Comparison, units: Units) -> Iterator[Total]:
    """Sizes and counts of both images, then the budgets that are for none of these."""
    base, image = comparison.base.totals, comparison.image.totals
    budgets = {budget.name: budget for budget in comparison.budgets}
    for what, name, before, after in (
        ("On disk", "size", base.disk_bytes, image.disk_bytes),
        ("To pull", "pull-size", base.pull_bytes, image.pull_bytes),
        ("Reclaimable", "reclaimable", base.reclaimable_bytes, image.reclaimable_bytes),
        ("Dead", "", base.dead_bytes, image.dead_bytes),
        ("Layers", "layers", base.layers, image.layers),
        ("Files", "", base.live_files, image.live_files),
    ):
        counted = what in ("Layers", "Files")
        show: Callable[[int], str] = "{:,}".format if counted else units.size
        change = f"{after - before:+,}" if counted else units.change(after - before)
        budget = budgets.pop(name, None)  # type: ignore[call-overload]
        on_base = name in comparison.over_on_base
        limit = verdicts.limit(budget, units, on_base) if budget else ""
        over = budget is not None and budget.result == "over" and not on_base
        yield Total(what, show(before), show(after), after - before, change, over, limit)
    for budget in budgets.values():
        on_base = budget.name in comparison.over_on_base
        over = budget.result == "over" and not on_base
        value = verdicts.budget_value(budget.name, budget.value, units.size)
        limit = verdicts.limit(budget, units, on_base)
        yield Total(budget.name.capitalize(), "", value, 0, "", over, limit)


def growth(comparison: Comparison) -> Iterator[tuple[str, int, int]]:
    """(part, bytes on disk, bytes to pull): the change by where it comes from, and by what became of it."""
    growth = comparison.growth
    if growth.base_image is not None and growth.own is not None:
        yield "the base image's layers", growth.base_image.disk_bytes, growth.base_image.pull_bytes
        yield "this image's own layers", growth.own.disk_bytes, growth.own.pull_bytes
    yield "files that the image shows", growth.live.disk_bytes, growth.live.pull_bytes
    yield "dead weight", growth.dead.disk_bytes, growth.dead.pull_bytes


def largest_increases(
    comparison: Comparison, most: int = _INCREASES
) -> Iterator[tuple[LayerChange, int, Finding | None]]:
    """The layers that grew most, by how many bytes on disk, and the largest new finding in each."""
    grown = [layer for layer in comparison.layers if layer.disk_bytes > layer.base_disk_bytes]
    for layer in grown[:most]:
        new = (
            change.finding
            for change in comparison.findings
            if change.status == "new"
            and any(cause.layer == layer.index for cause in change.finding.where)
        )
        yield layer, layer.disk_bytes - layer.base_disk_bytes, next(new, None)


def file_change(file: FileChange, size: Callable[[int], str]) -> str:
    """`+1.2 MB`; where one side is not known `was 1.2 MB` or `now 1.2 MB`. `size` writes bytes."""
    if file.disk_bytes is None:
        return f"was {size(file.base_disk_bytes or 0)}"
    if file.base_disk_bytes is None:
        return f"now {size(file.disk_bytes)}"
    change = file.disk_bytes - file.base_disk_bytes
    return f"+{size(change)}" if change > 0 else size(change)


def counts(statuses: Iterable[str]) -> str:
    """`1 added, 2 grew, 10 same`, in order of appearance."""
    return ", ".join(f"{count:,} {status}" for status, count in Counter(statuses).items())
