"""What to change, for people at a terminal: the recommendation, the steps, and the multi-stage build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slim.formats import plan, words
from slim.formats.terminal import clean
from slim.formats.text.layout import INDENT, Layout
from slim.formats.text.paint import SEVERITIES
from slim.report.model import Finding, Report
from slim.report.noteworthy import is_base_worth_mentioning, is_worthwhile
from slim.report.untrusted import Untrusted, bare

_SHOWN = 10
_ROOMY = 80
"""Columns from which on there is room to set findings of one step off by as much as their sizes take."""


def lead(report: Report, layout: Layout) -> str:
    """What an expert would say, in a sentence or three."""
    advised = plan.recommend(report, layout.units)
    if advised is None:
        return ""
    lines = [layout.paint("strong", layout.wrapped(clean(advised.sentence), rest=""))]
    if advised.because:
        lines.append(layout.wrapped(advised.because, rest=""))
    return "\n".join(lines)


def what_to_change(report: Report, layout: Layout) -> str:
    """The steps in order, and how big the image is then."""
    if not is_base_worth_mentioning(report):
        return ""
    other_base = layout.wrapped(
        clean(words.other_base(report, layout.units)), first="  ", rest="  "
    )
    found = plan.steps(report)
    if not found or not is_worthwhile(report):
        return other_base.strip()
    safe, everything = report.predicted.safe.disk_bytes, report.predicted.all.disk_bytes
    sizes = [f"What to change: {layout.size(report.totals.disk_bytes)}"]
    if safe not in (report.totals.disk_bytes, everything):
        sizes.append(f"{layout.size(safe)} with the safe fixes")
    sizes.append(f"{layout.size(everything)} with all fixes")
    lines = [layout.wrapped(" → ".join(sizes), rest="  "), _legend(layout)]
    sizes_of = words.package_sizes(report)
    shown = 0
    for step in found[:_SHOWN]:
        shown += min(len(step.findings), _SHOWN)
        lines += _step(step, sizes_of, layout)
    lines += _smaller_steps(report, shown)
    if other_base:
        lines.append(other_base)
    lines.append(
        layout.wrapped(
            "Run `slim rules show ID` for the reason behind a rule and the risks of its fix.",
            first="  ",
            rest="  ",
        )
    )
    return "\n".join(lines)


def multi_stage(report: Report, layout: Layout) -> str:
    """What a multi-stage build would keep, and its Dockerfile."""
    rebuild = report.predicted.rebuild
    if rebuild is None or not is_worthwhile(report):
        return ""
    rows = [
        (
            layout.size(part.disk_bytes),
            layout.pull(part.pull_bytes),
            clean(part.what) + (" (estimated)" if part.guessed else ""),
            clean(words.contents(part)),
        )
        for part in rebuild.keep
    ]
    head = ("on disk", "to pull", "kept", "what it is")
    lines = [
        layout.wrapped(f"{words.rebuilt(report, layout.units)} It keeps:"),
        layout.table(rows, head, "rrll", spare=(1,)),
        *(layout.wrapped(f"Assumption: {clean(text)}.", first="  ") for text in rebuild.assumes),
        *(
            [layout.wrapped(clean(words.unused(rebuild, layout.units)), first="  ")]
            if rebuild.unused
            else []
        ),
        "The Dockerfile that builds it:",
        # Not cut: it is there to be copied.
        *(f"  {clean(line)}".rstrip() for line in bare(rebuild.dockerfile).splitlines()),
    ]
    return "\n".join(lines)


def _legend(layout: Layout) -> str:
    """What the words in brackets behind a finding mean."""
    high, medium = layout.size(50_000_000), layout.size(10_000_000)
    return layout.wrapped(
        f"(how much: high from 5% or {high}, medium from 1% or {medium}, else low; how sure: certain,"
        " likely, possible; the fix: safe, check = review it first, risky)",
        first="  ",
        rest="  ",
    )


def _step(step: plan.Step, sizes: Mapping[Untrusted, int], layout: Layout) -> Iterator[str]:
    if len(step.findings) == 1:
        yield from _finding(step.findings[0], sizes, layout, "")
        fix = clean(step.findings[0].fix.text).rstrip()
        yield layout.wrapped(fix, first=INDENT, rest=INDENT)
        return
    yield f"  {layout.paint('strong', f'{layout.size(step.saves):>8}')}  {step.title}"
    before = INDENT[:-2] if layout.width >= _ROOMY else "  "
    for finding in step.findings[:_SHOWN]:
        yield from _finding(finding, sizes, layout, before)


def _finding(
    finding: Finding, sizes: Mapping[Untrusted, int], layout: Layout, before: str
) -> Iterator[str]:
    """What was found, its cause by name and size, what goes with that, and the instruction."""
    indent = before + INDENT
    saves = f"{layout.size(finding.claimed_bytes):>8}"
    sure = f"({finding.severity}, {finding.confidence}, {finding.safety})"
    title = layout.wrapped(
        clean(f"{finding.rule} {finding.title} {sure}"), first=indent, rest=indent
    )
    painted = layout.paint(SEVERITIES.get(finding.severity, "none"), saves)
    yield f"{before}  {painted}  {title.removeprefix(indent)}"
    units = layout.units
    for text in (plan.cause(finding, sizes, units), words.also_removed(finding, sizes, units)):
        if text:
            yield layout.wrapped(clean(text), first=indent, rest=indent)
    if finding.where:
        place = finding.where[0]
        where = f"{indent}layer {place.layer}{words.other_layers(finding)}: "
        yield layout.instruction_line(where, place.created_by, place.dockerfile)


def _smaller_steps(report: Report, shown: int) -> list[str]:
    """How many findings are not shown here, and what lists them.

    Findings are listed by what they claim: those that a report leaves out claim something only if all that
    it lists do.
    """
    left_out = report.truncated.findings
    findings = sum(1 for each in report.findings if each.claimed_bytes and not each.suppressed)
    if any(not finding.claimed_bytes for finding in report.findings):
        left_out = 0
    left = findings - shown + left_out
    if left <= 0:
        return []
    top = f" --top {-(-(findings + left_out) // 10) * 10}" if left_out else ""
    return [f"  … and {words.count(left, 'smaller one')} (-o json{top} lists them)"]
