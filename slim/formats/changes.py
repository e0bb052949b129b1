"""A comparison in words and numbers that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from slim.formats import verdicts
from slim.report.comparison import Comparison, FileChange, LayerChange
from slim.report.model import Finding, Totals
from slim.report.noteworthy import is_unchanged
from slim.units import Units

_SHOWN = 5
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
    """Sizes and counts of both images but those that are 0 in both, then budgets for none of these."""
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
        shown = show(before), show(after)
        if what == "To pull":
            shown = of_side(base, before, units), of_side(image, after, units)
            change = units.pull_change(after - before)
        budget = budgets.pop(name, None)  # type: ignore[call-overload]
        on_base = name in comparison.over_on_base
        if not (before or after or budget):
            continue
        limit = verdicts.limit(budget, units, on_base) if budget else ""
        over = budget is not None and budget.result == "over" and not on_base
        yield Total(what, *shown, after - before, change, over, limit)
    for budget in budgets.values():
        on_base = budget.name in comparison.over_on_base
        over = budget.result == "over" and not on_base
        value = verdicts.budget_value(budget.name, budget.value, units.size)
        limit = verdicts.limit(budget, units, on_base)
        yield Total(budget.name.capitalize(), "", value, 0, "", over, limit)


def of_side(totals: Totals, count: int, units: Units) -> str:
    """Bytes to pull of one of two images: only one of them may be an estimate."""
    return units._replace(estimated=totals.estimated).pull(count)


def growth(comparison: Comparison) -> Iterator[tuple[str, int, int]]:
    """(part, bytes on disk, bytes to pull): the change by where it comes from, and by what became of it."""
    growth = comparison.growth
    if growth.base_image is not None and growth.own is not None:
        yield "the base image's layers", growth.base_image.disk_bytes, growth.base_image.pull_bytes
        yield "this image's own layers", growth.own.disk_bytes, growth.own.pull_bytes
    yield "files that the image shows", growth.live.disk_bytes, growth.live.pull_bytes
    yield "dead weight", growth.dead.disk_bytes, growth.dead.pull_bytes


class Cause(NamedTuple):
    """A layer that became larger or smaller."""

    layer: LayerChange
    change: int
    """Bytes on disk; below zero, less."""
    finding: Finding | None
    """What would save most of what is new in it."""
    saves: int
    """Bytes on disk that this finding claims in this layer, of what is new."""


def largest_increases(comparison: Comparison, most: int = _SHOWN) -> list[Cause]:
    """The layers that grew most, each with the finding that claims most of what is new there."""
    return [_cause(comparison, layer) for layer in _grown(comparison)[:most]]


def largest_decreases(comparison: Comparison, most: int = _SHOWN) -> list[Cause]:
    """The layers that shrank most or are gone, largest first."""
    found = [layer for layer in comparison.layers if layer.disk_bytes < layer.base_disk_bytes]
    found.sort(key=lambda layer: layer.disk_bytes - layer.base_disk_bytes)
    return [
        Cause(layer, layer.disk_bytes - layer.base_disk_bytes, None, 0) for layer in found[:most]
    ]


def largest(comparison: Comparison, most: int = _SHOWN) -> list[tuple[str, list[Cause]]]:
    """(`increases` or `decreases`, the layers): first the direction in which the image went.

    The other one follows where it makes a tenth of the first or more.
    """
    up = ("increases", largest_increases(comparison, most))
    down = ("decreases", largest_decreases(comparison, most))
    found = [down, up] if comparison.growth.disk_bytes < 0 else [up, down]
    first = sum(abs(cause.change) for cause in found[0][1])
    second = sum(abs(cause.change) for cause in found[1][1])
    if second * 10 < first or not found[1][1]:
        found = found[:1]
    return [(what, causes) for what, causes in found if causes]


def _grown(comparison: Comparison) -> list[LayerChange]:
    return [layer for layer in comparison.layers if layer.disk_bytes > layer.base_disk_bytes]


def _cause(comparison: Comparison, layer: LayerChange) -> Cause:
    change = layer.disk_bytes - layer.base_disk_bytes
    best, saves = None, 0
    for each in comparison.findings:
        finding = each.finding
        if each.status == "fixed":
            continue
        place = next((where for where in finding.where if where.layer == layer.index), None)
        if place is None:
            continue
        claimed = place.claimed_bytes
        if not claimed and len(finding.where) == 1:  # a report from before this was counted
            claimed = finding.claimed_bytes
        new = finding.claimed_bytes - each.base_claimed_bytes
        found = min(claimed, change, new)
        if found > saves:
            best, saves = finding, found
    # A fix for a sliver of what came explains nothing.
    return (
        Cause(layer, change, best, saves) if saves * 50 >= change else Cause(layer, change, None, 0)
    )


def sign(comparison: Comparison) -> str:
    """` ▲` for what grew, ` ▼` for what shrank, to be seen before the words are read."""
    change = comparison.growth.disk_bytes
    if is_unchanged(comparison) or not change:
        return ""
    return " ▲" if change > 0 else " ▼"


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
