"""A comparison as Markdown, for a pull request: what grew, because of which line, and what to do [pure].

The same frame as the report's page: a marker, one sentence, one table, the causes, folds, a footer.
"""

from __future__ import annotations

from collections import Counter

from slim.report import words
from slim.report.comparison import Comparison, LayerChange
from slim.report.gfm import NBSP, code, link, marker, prose, size, table
from slim.report.markdown import ROWS, limit_words, more, place_and_instruction, rule_id
from slim.report.model import Budget, Finding
from slim.report.page import Flavor, Fold, flavor_of, page

_CAUSES = 3
_UNCHANGED = 100_000
"""Less than this many bytes and 0.1 % of the image is no change worth a word."""


def render(
    comparison: Comparison,
    *,
    flavor: str = "github",
    max_bytes: int | None = None,
    key: str = "",
    base_head: str = "",
    head: str = "",
    run: str = "",
    report_url: str = "",
    run_url: str = "",
) -> str:
    """The page; the arguments are those of `slim.report.markdown`, `base_head` the base's commit.

    Raises:
        UsageError: there is no such flavor.
    """
    style = flavor_of(flavor)
    name = key or words.short(comparison.image.name, comparison.image.input)
    parts = [f"### {code(name, 60)} image {_sentence(comparison, style)}"]
    if not is_unchanged(comparison):
        parts.append(_sizes(comparison, style, base_head, head))
        if causes := _causes(comparison):
            parts.append(causes)
    charged = [one for one in comparison.budgets if one.name not in comparison.over_on_base]
    said = sum(1 for one in charged if one.result == "over" and one.name != "growth")
    if reasons := comparison.verdict.reasons[said:]:
        parts.append("\n".join(f"- {prose(reason)}" for reason in reasons[:ROWS]))
    if comparison.warnings:
        parts.append("\n".join(f"- note: {prose(one.text)}" for one in comparison.warnings[:ROWS]))
    folds = [] if is_unchanged(comparison) else [_layers(comparison), _findings(comparison)]
    return page(
        marker(name, head, run),
        parts,
        [fold for fold in folds if fold is not None],
        _footer(comparison, report_url, run_url),
        style,
        max_bytes,
    )


def is_unchanged(comparison: Comparison) -> bool:
    """Whether there is nothing to say: no size, no finding and no gate that is worth a comment."""
    base, image = comparison.base.totals, comparison.image.totals
    return (
        all(
            abs(change) < _UNCHANGED and abs(change) * 1000 <= before
            for change, before in (
                (image.disk_bytes - base.disk_bytes, base.disk_bytes),
                (image.pull_bytes - base.pull_bytes, base.pull_bytes),
            )
        )
        and all(one.status == "still" for one in comparison.findings)
        and comparison.verdict.result == "pass"
    )


def _sentence(comparison: Comparison, style: Flavor) -> str:
    before = comparison.base.totals.disk_bytes
    after = comparison.image.totals.disk_bytes
    change = after - before
    verdict = words.verdict(comparison)
    if verdict and style.glyphs:
        glyph = {"pass": " ✅", "fail": " ❌", "unknown": ""}[comparison.verdict.result]
        verdict += "" if comparison.over_on_base else glyph
    if is_unchanged(comparison) or not change:
        text = f"unchanged at {size(after)}" + (f" ({_signed(change)})" if change else "")
        return f"{text}, {verdict}" if verdict else text
    share = _share(change, before)
    text = f"{'grew' if change > 0 else 'shrank'} {size(abs(change))}{share} to {size(after)}"
    if comparison.base.platform != comparison.image.platform:
        platforms = [prose(one.platform, 40) for one in (comparison.base, comparison.image)]
        text += f" ({platforms[0]} compared with {platforms[1]})"
    return f"{text}: {verdict}" if verdict else text


def _signed(change: int) -> str:
    return f"+{size(change)}" if change > 0 else size(change)


def _share(change: int, before: int) -> str:
    return f" ({100 * change / before:+.1f}%)" if before else ""


def _sizes(comparison: Comparison, style: Flavor, base_head: str, head: str) -> str:
    base, image = comparison.base.totals, comparison.image.totals
    budgets = {one.name: one for one in comparison.budgets}
    rows = []
    for label, name, before, after in (
        ("On disk", "size", base.disk_bytes, image.disk_bytes),
        ("To pull", "pull-size", base.pull_bytes, image.pull_bytes),
        ("Reclaimable", "reclaimable", base.reclaimable_bytes, image.reclaimable_bytes),
    ):
        budget = budgets.get(name)  # type: ignore[call-overload]
        change = _signed(after - before)
        share = _share(after - before, before) if label != "Reclaimable" else ""
        limit = _limit_of(comparison, budget, style) if budget else ""
        if budget is not None and name not in comparison.over_on_base:
            change = f"**{change}**" if budget.result == "over" else change
        rows.append((label, size(before), size(after), change + share, limit))
    if layers := budgets.get("layers"):
        limit = _limit_of(comparison, layers, style)
        change = f"{image.layers - base.layers:+d}"
        rows.append(("Layers", f"{base.layers:,}", f"{image.layers:,}", change, limit))
    for one in comparison.budgets:
        if one.name.startswith("dive-"):
            shown = words.budgeted(one.name, one.value, size)
            rows.append((one.name, "", shown, "", _limit_of(comparison, one, style)))
    before_head = f" {code(base_head, 12, in_table=True)}" if base_head else ""
    after_head = f" {code(head, 12, in_table=True)}" if head else ""
    header = ("", f"base{before_head}", f"this PR{after_head}", "change", "limit")
    return table(header, "lrrrl", rows)


def _limit_of(comparison: Comparison, budget: Budget, style: Flavor) -> str:
    if budget.name not in comparison.over_on_base:
        return limit_words(budget, style)
    word = "below" if budget.name == "dive-efficiency" else "over"
    return f"{word} {words.budgeted(budget.name, budget.limit, size)} on base too"


def _causes(comparison: Comparison) -> str:
    """The layers that grew most, each with the fix of the largest new finding in it."""
    grown = [one for one in comparison.layers if one.disk_bytes > one.base_disk_bytes]
    lines = []
    for number, one in enumerate(grown[:_CAUSES], 1):
        layer = one.index or 0
        where = place_and_instruction(layer, one.created_by, one.dockerfile, in_table=False)
        text = f"{number}. **{_signed(one.disk_bytes - one.base_disk_bytes)}** from {where}"
        if (found := _new_in(comparison, layer)) is not None:
            fix = prose(found.fix.text).rstrip(".")
            text += f": {fix} (saves {size(found.claimed_bytes)}, {prose(found.rule, 20)})"
        lines.append(text)
    return "\n".join(lines)


def _new_in(comparison: Comparison, layer: int) -> Finding | None:
    for one in comparison.findings:
        if one.status == "new" and any(cause.layer == layer for cause in one.finding.where):
            return one.finding
    return None


def _layers(comparison: Comparison) -> Fold | None:
    if not comparison.layers:
        return None
    counts = Counter(one.status for one in comparison.layers)
    says = ", ".join(
        f"{counts[status]:,} {status}"
        for status in ("added", "removed", "grew", "shrank", "rebuilt", "same")
        if counts[status]
    )
    changed = [one for one in comparison.layers if one.status != "same"]
    if not changed:
        return None
    changed.sort(key=lambda one: -abs(one.disk_bytes - one.base_disk_bytes))
    rows = [_layer(one) for one in changed[:ROWS]]
    body = table(("#", "instruction", "base", "this PR", "change"), "rlrrr", rows)
    return Fold("Layers", says, body + more(len(changed)), drop=2)


def _layer(one: LayerChange) -> tuple[str, ...]:
    number = one.base_index if one.index is None else one.index
    text = words.instruction(one.created_by)
    said = [code(text, 60, in_table=True) if text else "(no history)"]
    if one.dockerfile is not None:
        said.insert(0, code(f"{one.dockerfile.path}:{one.dockerfile.line}", 40, in_table=True))
    return (
        "" if number is None else str(number),
        " ".join(said),
        "new" if one.status == "added" else size(one.base_disk_bytes),
        "gone" if one.status == "removed" else size(one.disk_bytes),
        _signed(one.disk_bytes - one.base_disk_bytes),
    )


def _findings(comparison: Comparison) -> Fold | None:
    if not comparison.findings:
        return None
    counts: Counter[str] = Counter(one.status for one in comparison.findings)
    failing = set(comparison.verdict.findings)
    charged = any(
        one.status == "still" and one.finding.id in failing for one in comparison.findings
    )
    free = "" if charged else " (not counted against this PR)"
    says = ", ".join(
        f"{counts[status]:,} {text}"
        for status, text in (
            ("new", "new"),
            ("still", f"already on base{free}"),
            ("fixed", "fixed"),
        )
        if counts[status]
    )
    rows = []
    for one in comparison.findings[:ROWS]:
        cause = one.finding.where[0] if one.finding.where else None
        fails = " (**fails the gate**)" if one.finding.id in failing else ""
        rows.append(
            (
                {"new": "new", "still": "on base", "fixed": "fixed"}[one.status],
                f"{rule_id(one.finding)} {prose(one.finding.title, 80, in_table=True)}{fails}",
                size(one.finding.claimed_bytes),
                place_and_instruction(cause.layer, cause.created_by, cause.dockerfile)
                if cause
                else "",
            )
        )
    body = table(("", "rule", "saves", "where"), "llrl", rows)
    return Fold("Findings", says, body + more(len(comparison.findings)), drop=1)


def _footer(comparison: Comparison, report_url: str, run_url: str) -> str:
    parts = [
        f"slim {prose(comparison.tool.version, 30)}",
        prose(comparison.image.platform or "unknown platform", 40),
        f"1{NBSP}MB = 1,000,000 bytes",
    ]
    if not (comparison.base.verified and comparison.image.verified):
        parts.append("digests not checked")
    if report_url:
        parts.append(link("full report", report_url))
    if run_url:
        parts.append(link("run", run_url))
    return " · ".join(parts)
