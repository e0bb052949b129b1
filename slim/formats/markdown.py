"""The report as Markdown, for a pull request or a job's summary: what to do first, numbers after [pure].

The first line is a marker by which the comment is found again, the second a sentence that says it all.
"""

from __future__ import annotations

from collections.abc import Sequence

from slim.formats import words
from slim.formats.flavors import Flavor, flavor_of
from slim.formats.gfm import block, code, link, marker, prose, size, table, unit_definition
from slim.formats.page import Cut, Fold, Said, page
from slim.report.model import Budget, Finding, LayerInfo, Place, Report
from slim.report.untrusted import Untrusted, rooted
from slim.units import format_percent

_STEPS = 3


def render(
    report: Report,
    *,
    flavor: str = "github",
    max_bytes: int | None = None,
    key: str = "",
    head: str = "",
    run: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
    show_suppressed: bool = False,
) -> str:
    """The page for `flavor`: github, gitlab, gitea, bitbucket or plain.

    Args:
        report: the analysis.
        flavor: which Markdown, and how long it may be.
        max_bytes: another bound for the length in UTF-8; what stands before the folds is always kept.
        key: tells several images of one pull request apart; by default the image's short name.
        head, run: commit and run that the marker names.
        report_url, run_url: addresses to link to.
        rules_url: template of the addresses of pages about rules, as in `slim.formats.rules_url`.
        show_suppressed: list the findings that are suppressed, and not only count them.

    Raises:
        UsageError: there is no such flavor.
    """
    style = flavor_of(flavor)
    told = say(
        report,
        style,
        key=key,
        report_url=report_url,
        run_url=run_url,
        rules_url=rules_url,
        show_suppressed=show_suppressed,
    )
    return page(
        marker(told.name, head, run),
        [f"### {code(told.name, 60)} image: {told.sentence}", *told.parts],
        told.folds,
        told.footer,
        style,
        max_bytes,
    )


def say(
    report: Report,
    style: Flavor,
    *,
    key: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
    show_suppressed: bool = False,
) -> Said:
    """The parts of the page; the arguments are those of `render`."""
    cut = Cut(style.rows, report_url, rules_url)
    parts = []
    if steps := _claims(report)[:_STEPS]:
        parts.append(_steps(steps, cut))
    parts.append(_sizes(report, style))
    # What is over a limit stands in the line above; the other reasons come after those.
    said = sum(1 for one in report.budgets if one.result == "over")
    if reasons := report.verdict.reasons[said:]:
        parts.append("\n".join(f"- {prose(reason)}" for reason in reasons[: style.rows]))
    if report.predicted.other_base_bytes:
        parts.append(prose(words.other_base(report)))
    if report.predicted.rebuild:
        parts.append(prose(words.rebuilt(report)))
    folds = [
        _findings(report, cut),
        _suppressed(report, cut, show_suppressed),
        _rebuild(report, cut),
        _layers(report, cut),
        _waste(report, cut),
        _files(report, cut),
    ]
    sentence = _sentence(report, style)
    return Said(
        key or words.short_name(report),
        sentence,
        sentence,
        parts,
        [fold for fold in folds if fold is not None],
        _footer(report, report_url, run_url),
    )


def _sentence(report: Report, style: Flavor) -> str:
    totals = report.totals
    text = f"{size(totals.disk_bytes)} on disk, "
    if totals.reclaimable_bytes:
        share = format_percent(totals.reclaimable_bytes, totals.disk_bytes)
        text += f"{size(totals.reclaimable_bytes)} ({share}) of it reclaimable"
    elif totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        text += f"{size(totals.dead_bytes)} ({share}) of it shipped but never visible"
    else:
        text += "nothing to reclaim" if report.tool.rules else "no rules applied"
    verdict = words.verdict(report)
    if not verdict:
        return text
    glyph = {"pass": " ✅", "fail": " ❌", "unknown": ""}[report.verdict.result]
    return f"{text}: {verdict}{glyph if style.glyphs else ''}"


def _claims(report: Report) -> list[Finding]:
    return [one for one in report.findings if one.mode == "claim"]


def _steps(steps: Sequence[Finding], cut: Cut) -> str:
    rows = [
        (
            _strong(size(one.claimed_bytes), number == 0),
            f"{prose(one.fix.text, in_table=True).rstrip('.')} ({cut.rule(one)})",
            _where(one),
        )
        for number, one in enumerate(steps)
    ]
    return table(("saves", "do this", "where"), "rll", rows)


def _strong(text: str, strong: bool) -> str:
    return f"**{text}**" if strong else text


def _where(one: Finding) -> str:
    if not one.where:
        return ""
    cause = one.where[0]
    place = place_and_instruction(cause.layer, cause.created_by, cause.dockerfile)
    return f"{place}{words.other_layers(one)}"


def place_and_instruction(
    layer: int, created_by: Untrusted, place: Place | None, *, in_table: bool = True
) -> str:
    """Line and instruction as code; without a line the number of the layer."""
    text = words.instruction(created_by)
    said = code(text, 60, in_table=in_table) if text else ""
    if place is None:
        return f"layer {layer:,} {said}".rstrip()
    return f"{code(f'{place.path}:{place.line}', 40, in_table=in_table)} {said}".rstrip()


def _sizes(report: Report, style: Flavor) -> str:
    totals = report.totals
    budgets = {one.name: one for one in report.budgets}
    return " · ".join(
        [
            f"On disk {size(totals.disk_bytes)}{_limit(budgets.get('size'), style)}",
            f"to pull {size(totals.pull_bytes)}{_limit(budgets.get('pull-size'), style)}",
            f"reclaimable {size(totals.reclaimable_bytes) if report.tool.rules else 'not known'}"
            + _limit(budgets.get("reclaimable"), style),
            words.count(totals.layers, "layer") + _limit(budgets.get("layers"), style),
            *(
                f"{name} {words.budgeted(name, one.value, size)}{_limit(one, style)}"
                for name, one in budgets.items()
                if name.startswith("dive-")
            ),
        ]
    )


def _limit(budget: Budget | None, style: Flavor) -> str:
    return f" ({limit_words(budget, style)})" if budget else ""


def limit_words(budget: Budget, style: Flavor) -> str:
    """`**over** 340 MB ❌`, `under 130 MB ✅`; by how much, where rounding hides it."""

    def show(value: int) -> str:
        return words.budgeted(budget.name, value, size)

    limit = show(budget.limit)
    if budget.result == "unknown":
        return f"not known to be under {limit}"
    if show(budget.value) == limit and budget.result == "over":
        limit += f" by {show(abs(budget.value - budget.limit))}"
    lower = budget.name == "dive-efficiency"
    word, glyph = ("at least" if lower else "under", " ✅")
    if budget.result == "over":
        word, glyph = ("**below**" if lower else "**over**", " ❌")
    return f"{word} {limit}{glyph if style.glyphs else ''}"


def _findings(report: Report, cut: Cut) -> Fold | None:
    claims = _claims(report)
    silenced = sum(1 for one in report.findings if one.suppressed)
    told = [one for one in report.findings if not one.suppressed]
    notes = len(told) - len(claims)
    left = report.truncated.findings
    if silenced == 0 and len(claims) <= _STEPS and not notes and not left:
        return None
    failing = set(report.verdict.findings)
    rows = [
        (
            f"{cut.rule(one)} {prose(one.title, 80, in_table=True)}"
            + (" (**fails the gate**)" if one.id in failing else ""),
            size(one.claimed_bytes) if one.mode == "claim" else "note",
            one.severity,
            _where(one),
        )
        for one in told[: cut.rows]
    ]
    says = words.count(len(told) + left, "finding")
    if notes:
        says += f", {notes} of them only notes"
    if silenced:
        says += f", {silenced:,} more suppressed"
    body = table(("rule", "saves", "severity", "where"), "lrll", rows) if rows else ""
    return Fold("Findings", says, body + cut.more(len(told) + left), drop=2)


def _suppressed(report: Report, cut: Cut, shown: bool) -> Fold | None:
    """What the user does not want to hear."""
    return silenced([one for one in report.findings if one.suppressed], cut) if shown else None


def silenced(found: Sequence[Finding], cut: Cut) -> Fold | None:
    """Findings that are suppressed, and why."""
    if not found:
        return None
    rows = [
        (
            f"{cut.rule(one)} {prose(one.title, 80, in_table=True)}",
            size(one.disk_bytes),
            prose(words.suppressed(one), 200, in_table=True),
        )
        for one in found[: cut.rows]
    ]
    body = table(("rule", "on disk", "why"), "lrl", rows)
    return Fold(
        "Suppressed", words.count(len(found), "finding"), body + cut.more(len(found)), drop=2
    )


def _rebuild(report: Report, cut: Cut) -> Fold | None:
    """What a multi-stage build would keep, and its Dockerfile."""
    made = report.predicted.rebuild
    if made is None:
        return None
    rows = [
        (
            size(one.disk_bytes),
            size(one.pull_bytes),
            prose(one.what + (" (estimated)" if one.guessed else ""), in_table=True),
            prose(words.contents(one), in_table=True),
        )
        for one in made.keep
    ]
    body = table(("on disk", "to pull", "kept", "what it is"), "rrll", rows)
    if made.assumes:
        body += "\n\n" + "\n".join(f"- It assumes: {prose(one)}" for one in made.assumes)
    body += "\n\n" + block(made.dockerfile, "dockerfile")
    share = format_percent(report.totals.disk_bytes - made.disk_bytes, report.totals.disk_bytes)
    return Fold("Multi-stage build", f"{size(made.disk_bytes)} on disk, {share} less", body, drop=2)


def _layers(report: Report, cut: Cut) -> Fold | None:
    if not report.layers:
        return None
    whole = report.totals.disk_bytes
    base = [one for one in report.layers if one.from_base]
    rows = [(one.disk_bytes, _layer(one, whole)) for one in report.layers if not one.from_base]
    if base:
        rows.append((sum(one.disk_bytes for one in base), _base(report, base, whole)))
    rows.sort(key=lambda row: -row[0])
    says = f"{len(report.layers):,}"
    if len(report.layers) > 4:
        top = sum(sorted((one.disk_bytes for one in report.layers), reverse=True)[:4])
        says += f", the largest four hold {format_percent(top, whole)}"
    shown = [row for _, row in rows[: cut.rows]]
    if left := rows[cut.rows :]:
        disk = sum(one for one, _ in left)
        others = words.count(len(left), "other layer")
        shown.append(("", size(disk), format_percent(disk, whole), others))
    body = table(("#", "size", "share", "instruction"), "rrrl", shown)
    return Fold("Layers", says, body + cut.more(len(rows)), drop=3)


def _layer(layer: LayerInfo, whole: int) -> tuple[str, ...]:
    if layer.missing:
        return str(layer.index), "?", "?", code(layer.missing, in_table=True)
    text = words.instruction(layer.created_by)
    place = layer.dockerfile
    said = [code(f"{place.path}:{place.line}", 40, in_table=True)] if place else []
    said.append(code(text, 60, in_table=True) if text else "(no history)")
    share = format_percent(layer.disk_bytes, whole)
    return str(layer.index), size(layer.disk_bytes), share, " ".join(said)


def _base(report: Report, base: Sequence[LayerInfo], whole: int) -> tuple[str, ...]:
    first, last = base[0].index, base[-1].index
    disk = sum(one.disk_bytes for one in base)
    name = report.image.base.name
    said = "base image" + (f" {code(name, 60, in_table=True)}" if name else "")
    number = str(first) if first == last else f"{first}–{last}"
    return number, size(disk), format_percent(disk, whole), said


def _waste(report: Report, cut: Cut) -> Fold | None:
    if not report.waste:
        return None
    rows = [
        (
            size(one.disk_bytes),
            f"{words.count(one.files, 'file')} of layer {one.origin_layer},"
            f" {words.cause(one.kind)}",
            place_and_instruction(one.ended_by, one.created_by, one.dockerfile),
        )
        for one in report.waste[: cut.rows]
    ]
    says = (
        f"{size(report.totals.dead_bytes)} shipped but never visible,"
        f" {words.count(len(report.waste) + report.truncated.waste, 'cause')}"
    )
    body = table(("bytes", "what", "made so by"), "rll", rows)
    return Fold(
        "Dead weight", says, body + cut.more(len(report.waste) + report.truncated.waste), drop=1
    )


def _files(report: Report, cut: Cut) -> Fold | None:
    if not report.largest_files:
        return None
    rows = [
        (size(one.disk_bytes), code(rooted(one.path), in_table=True), str(one.layer))
        for one in report.largest_files[: cut.rows]
    ]
    says = f"{report.totals.live_files:,}, the largest of them"
    return Fold("Files", says, table(("size", "path", "layer"), "rlr", rows), drop=0)


def _footer(report: Report, report_url: str, run_url: str) -> str:
    parts = [
        f"slim {prose(report.tool.version, 30)}",
        prose(report.image.platform or "unknown platform", 40),
        "no base to compare with",
        unit_definition(),
    ]
    if not report.source.verified:
        parts.insert(2, "digests not checked")
    if report_url:
        parts.append(link("HTML report", report_url))
    if run_url:
        parts.append(link("run", run_url))
    return " · ".join(parts)
