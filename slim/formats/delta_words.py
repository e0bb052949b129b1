"""A comparison in words and numbers that the terminal and the HTML page share [pure]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from slim.formats import words
from slim.formats.delta_markdown import is_unchanged
from slim.report.comparison import Comparison, LayerChange
from slim.report.model import Finding
from slim.units import format_bytes

CAUSES = 5
"""Layers that are told with what to do about them."""


def sentence(comparison: Comparison) -> str:
    """What happened to the size, in a few words."""
    before, after = comparison.base.totals.disk_bytes, comparison.image.totals.disk_bytes
    change = after - before
    if is_unchanged(comparison) or not change:
        return f"unchanged at {format_bytes(after)}" + (
            f" ({words.signed(change)})" if change else ""
        )
    share = f" ({100 * change / before:+.1f}%)" if before else ""
    verb = "grew" if change > 0 else "shrank"
    return f"{verb} {format_bytes(abs(change))}{share} to {format_bytes(after)}"


def sums(comparison: Comparison) -> Iterator[tuple[str, str, str, int, str, bool, str]]:
    """(what, before, after, change in its unit, in words, whether it is over, limit)."""
    base, image = comparison.base.totals, comparison.image.totals
    budgets = {one.name: one for one in comparison.budgets}
    for what, name, before, after in (
        ("On disk", "size", base.disk_bytes, image.disk_bytes),
        ("To pull", "pull-size", base.pull_bytes, image.pull_bytes),
        ("Reclaimable", "reclaimable", base.reclaimable_bytes, image.reclaimable_bytes),
        ("Dead", "", base.dead_bytes, image.dead_bytes),
        ("Layers", "layers", base.layers, image.layers),
        ("Files", "", base.live_files, image.live_files),
    ):
        show = "{:,}".format if what in ("Layers", "Files") else format_bytes
        change = (
            f"{after - before:+,}" if what in ("Layers", "Files") else words.signed(after - before)
        )
        budget = budgets.pop(name, None)  # type: ignore[call-overload]
        on_base = name in comparison.over_on_base
        said = words.limit(budget, on_base) if budget else ""
        over = budget is not None and budget.result == "over" and not on_base
        yield what, show(before), show(after), after - before, change, over, said
    for one in budgets.values():
        on_base = one.name in comparison.over_on_base
        over = one.result == "over" and not on_base
        value = words.budgeted(one.name, one.value)
        yield one.name.capitalize(), "", value, 0, "", over, words.limit(one, on_base)


def growth(comparison: Comparison) -> Iterator[tuple[str, int, int]]:
    """(part, disk, pull): the change by whose doing it is, and by what became of the bytes."""
    growth = comparison.growth
    if growth.base_image is not None and growth.own is not None:
        yield "the base image's layers", growth.base_image.disk_bytes, growth.base_image.pull_bytes
        yield "this image's own layers", growth.own.disk_bytes, growth.own.pull_bytes
    yield "files that the image shows", growth.live.disk_bytes, growth.live.pull_bytes
    yield "dead weight", growth.dead.disk_bytes, growth.dead.pull_bytes


def causes(comparison: Comparison) -> Iterator[tuple[LayerChange, int, Finding | None]]:
    """The layers that grew most, and the largest new finding in each."""
    grown = [one for one in comparison.layers if one.disk_bytes > one.base_disk_bytes]
    for one in grown[:CAUSES]:
        new = (
            found.finding
            for found in comparison.findings
            if found.status == "new"
            and any(cause.layer == one.index for cause in found.finding.where)
        )
        yield one, one.disk_bytes - one.base_disk_bytes, next(new, None)


def counts(statuses: Iterable[str]) -> str:
    """`1 added, 2 grew, 10 same`, in order of appearance."""
    return ", ".join(f"{count:,} {status}" for status, count in Counter(statuses).items())
