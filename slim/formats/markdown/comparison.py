"""A comparison as Markdown, for a pull request: what grew, because of which line, and what to do.

The same frame as the report's page: a marker, one sentence, one table, the causes, folds, a footer.
"""

from __future__ import annotations

from slim.formats import changes, verdicts, words
from slim.formats.code_findings import suppressed
from slim.formats.gfm import code, marker, prose, table, unit_definition
from slim.formats.markdown import comparison_folds as folds
from slim.formats.markdown import report_folds
from slim.formats.markdown.page import Section, Style, links, page, place_and_instruction, style_of
from slim.formats.markdown.report import limit_words
from slim.formats.model import RenderOptions
from slim.report.comparison import Comparison
from slim.report.model import Budget
from slim.report.noteworthy import is_unchanged
from slim.report.reasons import Reason, reasons

_CAUSES = 3
_IN_TABLE = ("size", "pull-size", "reclaimable", "layers")
"""Budgets whose limits stand in the table of sizes."""


def render(comparison: Comparison, options: RenderOptions) -> str:
    """The page for the flavor of `options`, within its length.

    Raises:
        UsageError: there is no such flavor.
    """
    own = section(comparison, options)
    return page(
        marker(own.name, options.head, options.run),
        [f"### {code(own.name, 60)} image {own.sentence}", *own.parts],
        own.folds,
        own.footer,
        style_of(options).flavor,
        options.max_bytes,
    )


def section(comparison: Comparison, options: RenderOptions) -> Section:
    """The parts of the page.

    Raises:
        UsageError: there is no such flavor.
    """
    style = style_of(options)
    unchanged = is_unchanged(comparison)
    parts = []
    if not unchanged:
        parts.append(_sizes(comparison, style, options))
        if causes := _causes(comparison, style):
            parts.append(causes)
    if notes := _notes(comparison, style):
        parts.append("\n".join(f"- {note}" for note in notes))
    possible = [
        folds.layers(comparison, style),
        folds.findings(comparison, style),
        report_folds.suppressed(suppressed(comparison), style) if options.show_suppressed else None,
        folds.packages(comparison, style),
        folds.directories(comparison, style),
        folds.files(comparison, style),
    ]
    base, image = (
        prose(side.platform or "unknown platform", 40)
        for side in (comparison.base, comparison.image)
    )
    return Section(
        options.key or words.short_name(comparison),
        _sentence(comparison, style, f"{base} compared with {image}"),
        _sentence(comparison, style, "another platform is compared"),
        parts,
        [] if unchanged else [fold for fold in possible if fold is not None],
        _footer(comparison, style, options),
    )


def _sentence(comparison: Comparison, style: Style, platforms: str) -> str:
    """`platforms`: what to say when they differ."""
    before = comparison.base.totals.disk_bytes
    after = comparison.image.totals.disk_bytes
    change = after - before
    between = ", "
    if is_unchanged(comparison) or not change:
        text = f"unchanged at {style.size(after)}"
        text += f" ({style.change(change)})" if change else ""
    elif not comparison.base.totals.layers:
        text = f"new: {style.size(after)} on disk"
    else:
        grew = "grew" if change > 0 else "shrank"
        share = changes.percent(change, before)
        sign = changes.sign(comparison) if style.flavor.glyphs else ""
        text, between = (
            f"{grew} {style.size(abs(change))}{share} to {style.size(after)}{sign}",
            ": ",
        )
    if comparison.base.platform != comparison.image.platform:
        text += f" ({platforms})"
    verdict = verdicts.brief(comparison)
    if not verdict:
        return text
    mark = "" if comparison.over_on_base else style.verdict_mark(comparison.verdict.result)
    return f"{text}{between}{verdict}{mark}"


def _sizes(comparison: Comparison, style: Style, options: RenderOptions) -> str:
    base, image = comparison.base.totals, comparison.image.totals
    budgets = {budget.name: budget for budget in comparison.budgets}
    rows = []
    for label, name, before, after in (
        ("On disk", "size", base.disk_bytes, image.disk_bytes),
        ("To pull", "pull-size", base.pull_bytes, image.pull_bytes),
        ("Reclaimable", "reclaimable", base.reclaimable_bytes, image.reclaimable_bytes),
    ):
        budget = budgets.get(name)  # type: ignore[call-overload]
        change = style.change(after - before)
        if budget and budget.result == "over" and name not in comparison.over_on_base:
            change = f"**{change}**"
        share = changes.percent(after - before, before) if label != "Reclaimable" else ""
        limit = _limit(comparison, budget, style)
        sizes = style.size(before), style.size(after)
        if label == "To pull":
            sizes = (
                f"{'≈' if base.estimated and before else ''}{sizes[0]}",
                f"{'≈' if image.estimated and after else ''}{sizes[1]}",
            )
            change = style.units.mark(change, after - before)
        rows.append((label, *sizes, change + share, limit))
    if budget := budgets.get("layers"):
        change = f"{image.layers - base.layers:+d}"
        limit = _limit(comparison, budget, style)
        rows.append(("Layers", f"{base.layers:,}", f"{image.layers:,}", change, limit))
    heads = (
        f"{side} {code(head, 12, in_table=True)}" if head else side
        for side, head in (("base", options.base_head), ("this PR", options.head))
    )
    return table(("", *heads, "change", "limit"), "lrrrl", rows)


def _limit(comparison: Comparison, budget: Budget | None, style: Style) -> str:
    if budget is None:
        return ""
    if budget.name in comparison.over_on_base:
        bound = verdicts.budget_value(budget.name, budget.limit, style.size)
        return f"over {bound} on base too"
    return limit_words(budget, style)


def _causes(comparison: Comparison, style: Style) -> str:
    """The layers that changed most, first in the direction in which the image went, each with the fix for
    most of what is new in it, and the rest: the lines add up to the growth."""
    causes = [cause for _, found in changes.largest(comparison, _CAUSES) for cause in found]
    lines = [f"{number}. {_cause(cause, style)}" for number, cause in enumerate(causes, 1)]
    others = sum(1 for layer in comparison.layers if layer.disk_bytes != layer.base_disk_bytes)
    others -= len(causes)
    if causes and others:
        shown = sum(cause.change for cause in causes)
        rest = style.change(comparison.growth.disk_bytes - shown)
        lines.append(f"{len(causes) + 1}. {rest} from {words.count(others, 'other layer')}")
    return "\n".join(lines)


def _cause(cause: changes.Cause, style: Style) -> str:
    layer, finding = cause.layer, cause.finding
    number = layer.base_index if layer.index is None else layer.index
    where = place_and_instruction(number or 0, layer.created_by, layer.dockerfile, in_table=False)
    text = f"**{style.change(cause.change)}** from {where}"
    if layer.from_base:
        text += " of the base image"
    if layer.status == "removed":
        text += ", which is gone"
    if finding is not None:
        fix = prose(finding.fix.text).rstrip(".")
        rule = style.rule(finding, in_table=False)
        text += f": {fix} (saves {style.size(cause.saves)}, {rule})"
    return text


def _notes(comparison: Comparison, style: Style) -> list[str]:
    """Why the gates decided so, what comes from the base image, and what makes it hard to compare."""
    why = [reason for reason in reasons(comparison) if not _is_in_table(reason)]
    notes = [prose(verdicts.sentence(reason, style.units)) for reason in why[: style.rows]]
    if base_image := _base_image(comparison, style):
        notes.append(base_image)
    notes += [f"note: {prose(warning.text)}" for warning in comparison.warnings[: style.rows]]
    return notes


def _is_in_table(reason: Reason) -> bool:
    return reason.kind == "over" and reason.budget is not None and reason.budget.name in _IN_TABLE


def _base_image(comparison: Comparison, style: Style) -> str:
    """What of the growth is the base image's; whether it is charged, where there is a limit on growth."""
    of_base, own = comparison.growth.base_image, comparison.growth.own
    if of_base is None or own is None or not of_base.disk_bytes:
        return ""
    ends = comparison.base.base, comparison.image.base
    names = list(dict.fromkeys(base.name for base in ends if base.name))
    whose = "from another base image" if len(names) > 1 else "from the base image"
    if names:
        whose += f" ({' → '.join(code(name, 60) for name in names)})"
    if any(base.guessed for base in ends):
        whose += ", a guess"
    limit = next((budget for budget in comparison.budgets if budget.name == "growth"), None)
    if limit is not None and of_base.disk_bytes > 0:
        whose += ", not charged" if limit.base_image_bytes else ", charged all the same"
    own_part = f"{style.change(own.disk_bytes)} from this image's own layers"
    return f"{style.change(of_base.disk_bytes)} is {whose}, {own_part}"


def _footer(comparison: Comparison, style: Style, options: RenderOptions) -> str:
    verified = comparison.base.verified and comparison.image.verified
    parts = [
        f"slim {prose(comparison.tool.version, 30)}",
        prose(comparison.image.platform or "unknown platform", 40),
        unit_definition(style.units),
        *(() if verified else ("digests not checked",)),
        *links(options),
        *(("updated on every push",) if style.flavor.marked else ()),
    ]
    return " · ".join(parts)
