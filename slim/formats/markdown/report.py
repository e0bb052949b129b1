"""The report as Markdown, for a pull request or a job's summary: what to do first, numbers after.

The first line is a marker by which the comment is found again, the second a sentence that sums it all up.
"""

from __future__ import annotations

from collections.abc import Sequence

from slim.formats import plan, verdicts, words
from slim.formats.gfm import code, marker, prose, table, unit_definition
from slim.formats.markdown import report_folds as folds
from slim.formats.markdown.page import Section, Style, links, page, style_of, where
from slim.formats.model import RenderOptions
from slim.patterns import regex
from slim.report.model import Budget, Report
from slim.report.noteworthy import is_base_worth_mentioning, is_worthwhile
from slim.report.reasons import reasons
from slim.units import format_percent

_STEPS = 3
_IN_STEP = 4
_NAMED = 3
"""Packages that a row names."""
_SIZE = regex(r"(\d) ([kMGTPE]?i?B\b)")


def render(report: Report, options: RenderOptions) -> str:
    """The page for the flavor of `options`, within its length.

    Raises:
        UsageError: there is no such flavor.
    """
    own = section(report, options)
    return page(
        marker(own.name, options.head, options.run),
        [f"### {code(own.name, 60)} image: {own.sentence}", *own.parts],
        own.folds,
        own.footer,
        style_of(options).flavor,
        options.max_bytes,
    )


def section(report: Report, options: RenderOptions) -> Section:
    """The parts of the page.

    Raises:
        UsageError: there is no such flavor.
    """
    style = style_of(options)
    parts = []
    advised = plan.recommend(report, style.units)
    if advised is not None:
        image = code(advised.image, 60) if advised.image else ""
        lead = f"**{advised.before}{image}{advised.after}** {advised.because}".rstrip()
        parts.append(_SIZE.sub("\\1\u00a0\\2", lead))
    worthwhile = is_worthwhile(report)
    if worthwhile and (steps := plan.steps(report)):
        parts.append(_steps(steps[:_STEPS], report, style))
    parts.append(_sizes(report, style))
    # What is over a limit stands in the line above.
    why = [reason for reason in reasons(report) if reason.kind != "over"]
    if why:
        lines = (verdicts.sentence(reason, style.units) for reason in why[: style.rows])
        parts.append("\n".join(f"- {prose(line)}" for line in lines))
    other_base = words.other_base(report, style.units)
    if other_base and is_base_worth_mentioning(report):
        parts.append(prose(other_base))
    possible = [
        folds.findings(report, style, _STEPS if worthwhile else 0),
        folds.suppressed(report.findings, style) if options.show_suppressed else None,
        folds.rebuild(report, style) if worthwhile else None,
        folds.layers(report, style),
        folds.waste(report, style) if worthwhile else None,
        folds.files(report, style) if worthwhile else None,
    ]
    sentence = _sentence(report, style)
    return Section(
        options.key or words.short_name(report),
        sentence,
        sentence,
        parts,
        [fold for fold in possible if fold is not None],
        _footer(report, options),
    )


def _sentence(report: Report, style: Style) -> str:
    totals = report.totals
    text = f"{style.size(totals.disk_bytes)} on disk, "
    if totals.reclaimable_bytes:
        share = format_percent(totals.reclaimable_bytes, totals.disk_bytes)
        text += f"{style.size(totals.reclaimable_bytes)} ({share}) of it reclaimable"
    elif totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        text += f"{style.size(totals.dead_bytes)} ({share}) of it shipped but never visible"
    else:
        text += "nothing to reclaim" if report.tool.rules else "no rules applied"
    verdict = verdicts.brief(report)
    if not verdict:
        return text
    return f"{text}: {verdict}{style.verdict_mark(report.verdict.result)}"


def _steps(steps: Sequence[plan.Step], report: Report, style: Style) -> str:
    rows = []
    sizes = words.package_sizes(report)
    for number, step in enumerate(steps):
        saves = style.size(step.saves)
        if len(step.findings) == 1:
            finding = step.findings[0]
            action = prose(finding.fix.text, in_table=True).rstrip(".")
            cause = prose(plan.cause(finding, sizes, style.units, _NAMED), 200, in_table=True)
            action += f" ({style.rule(finding)}{': ' if cause else ''}{cause})"
        else:
            named = [
                f"{prose(finding.title, 80, in_table=True)} ({style.size(finding.claimed_bytes)},"
                f" {style.rule(finding)})"
                for finding in step.findings[:_IN_STEP]
            ]
            more = len(step.findings) - _IN_STEP
            if more > 0:
                named.append(f"and {words.count(more, 'smaller one')}")
            action = f"{step.title}: {'; '.join(named)}"
        rows.append((saves if number else f"**{saves}**", action, where(step.findings[0])))
    return table(("saves", "do this", "where"), "rll", rows)


def _sizes(report: Report, style: Style) -> str:
    totals = report.totals
    budgets = {budget.name: budget for budget in report.budgets}

    def limited(text: str, budget: Budget | None) -> str:
        return f"{text} ({limit_words(budget, style)})" if budget else text

    reclaimable = style.size(totals.reclaimable_bytes) if report.tool.rules else "not known"
    return " · ".join(
        [
            limited(f"On disk {style.size(totals.disk_bytes)}", budgets.get("size")),
            limited(f"to pull {style.pull(totals.pull_bytes)}", budgets.get("pull-size")),
            limited(f"reclaimable {reclaimable}", budgets.get("reclaimable")),
            limited(words.count(totals.layers, "layer"), budgets.get("layers")),
            *(
                limited(f"{name} {verdicts.budget_value(name, budget.value, style.size)}", budget)
                for name, budget in budgets.items()
                if name.startswith("dive-")
            ),
        ]
    )


def limit_words(budget: Budget, style: Style) -> str:
    """`**over** 340 MB ❌`, `under 130 MB ✅`; by how much, where rounding hides it."""

    def show(value: int) -> str:
        return verdicts.budget_value(budget.name, value, style.size)

    limit = show(budget.limit)
    if budget.result == "unknown":
        return f"not known to be under {limit}"
    lower = budget.name == "dive-efficiency"
    if budget.result == "under":
        return f"{'at least' if lower else 'under'} {limit}{style.verdict_mark('pass')}"
    if show(budget.value) == limit:
        limit += f" by {show(abs(budget.value - budget.limit))}"
    return f"**{'below' if lower else 'over'}** {limit}{style.verdict_mark('fail')}"


def _footer(report: Report, options: RenderOptions) -> str:
    parts = [
        f"slim {prose(report.tool.version, 30)}",
        prose(report.image.platform or "unknown platform", 40),
        *(() if report.source.verified else ("digests not checked",)),
        "no base to compare with",
        unit_definition(options.units),
        *links(options),
    ]
    return " · ".join(parts)
