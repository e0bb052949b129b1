"""The report for people at a terminal: at most 100 columns, the most important first."""

from __future__ import annotations

from collections.abc import Iterator

from slim.formats import plan, words
from slim.formats.model import RenderOptions
from slim.formats.plan import recommend
from slim.formats.terminal import clean, shorten
from slim.formats.text import layout
from slim.formats.text.layout import INDENT, WIDTH, table, wrapped
from slim.formats.text.paint import SEVERITIES, Paint, painter
from slim.report.model import Base, Finding, LayerInfo, Report, Waste
from slim.report.untrusted import Untrusted, bare
from slim.units import Units, format_percent

_SHOWN = 10


def render(report: Report, options: RenderOptions) -> str:
    """Headline, totals, what to change, layers, waste by cause, largest directories and files, warnings.

    The page always gives the number of suppressed findings; `show_suppressed` lists them. With `color` the
    headline and severities are coloured.
    """
    units, paint = options.units, painter(options.color)
    suppressed = [finding for finding in report.findings if finding.suppressed]
    parts = [
        _headline(report, units, paint),
        _totals(report, units),
        _plan(report, units, paint),
        layout.suppressed(suppressed, options.show_suppressed, units),
        _rebuild(report, units),
        _layers(report, units),
        _waste(report, units),
        _directories(report, units),
        _files(report, units),
        _notes(report, units),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: Report, units: Units, paint: Paint) -> str:
    totals = report.totals
    name = report.image.name or report.source.input
    first = (
        f"{clean(name, 48)}: {units.size(totals.disk_bytes)} on disk,"
        f" {units.size(totals.pull_bytes)} to pull"
    )
    lines = [layout.headline(first, report, paint), *layout.reason_lines(report, units)]
    if lead := _lead(report, units, paint):
        lines += ["", lead, ""]
    if totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        lines.append(
            f"{units.size(totals.dead_bytes)} ({share}) of it is dead weight:"
            " shipped in one layer, hidden by a later one."
        )
    else:
        lines.append("No layer hides bytes of another.")
    if not report.source.verified:
        lines.append("Digests were not checked (--no-verify).")
    return "\n".join(lines)


def _totals(report: Report, units: Units) -> str:
    totals = report.totals
    overhead = units.size(totals.overhead_pull_bytes)
    dead_files = totals.files - totals.live_files
    rows = [
        (what, units.size(disk), units.size(pull), note)
        for what, disk, pull, note in (
            (
                "live",
                totals.live_bytes,
                totals.live_pull_bytes,
                words.count(totals.live_files, "file"),
            ),
            ("dead", totals.dead_bytes, totals.dead_pull_bytes, words.count(dead_files, "file")),
            (
                "total",
                totals.disk_bytes,
                totals.pull_bytes,
                f"to pull includes {overhead} of tar headers and padding",
            ),
        )
    ]
    rows = [row for row in rows if row[0] != "dead" or totals.dead_bytes or dead_files]
    return f"{table(rows, ('', 'on disk', 'to pull', ''), 'lrrl')}\n{_base(report, units)}"


def _base(report: Report, units: Units) -> str:
    base = report.image.base
    name = f" {clean(base.name, 40)}" if base.name else ""
    if not base.layers:
        return wrapped(f"Base image{name}: {_unknown_base(base)}")
    layers = "layer 0" if base.layers == 1 else f"layers 0–{base.layers - 1:,}"
    guess = words.base_guess(base)
    return wrapped(
        f"Base image{name}: {layers}, {units.size(report.totals.base_bytes)} on disk{guess}."
    )


def _unknown_base(base: Base) -> str:
    if base.how == "given":
        return "not recognised in this image; pass the right one with --base IMAGE."
    return "its layers are not known; pass it with --base IMAGE."


def _lead(report: Report, units: Units, paint: Paint) -> str:
    """What an expert would say, in a sentence or three."""
    advised = recommend(report, units)
    if advised is None:
        return ""
    lines = [paint("strong", wrapped(clean(advised.sentence), rest=""))]
    if advised.because:
        lines.append(wrapped(advised.because, rest=""))
    return "\n".join(lines)


def _is_worthwhile(report: Report, units: Units) -> bool:
    """Whether steps follow: those that fail a gate always do."""
    advised = recommend(report, units)
    return advised is None or advised.worthwhile or bool(report.verdict.findings)


def _plan(report: Report, units: Units, paint: Paint) -> str:
    """What to change, in order, and how big the image is then."""
    other_base = wrapped(clean(words.other_base(report, units)), first="  ", rest="  ")
    found = plan.steps(report) if _is_worthwhile(report, units) else []
    if not found:
        return other_base.strip()
    safe, everything = report.predicted.safe.disk_bytes, report.predicted.all.disk_bytes
    sizes = [f"What to change: {units.size(report.totals.disk_bytes)}"]
    if safe not in (report.totals.disk_bytes, everything):
        sizes.append(f"{units.size(safe)} with the safe fixes")
    sizes.append(f"{units.size(everything)} with all fixes")
    lines = [" → ".join(sizes), wrapped(_legend(units), first="  ", rest="  ")]
    sizes_of = words.package_sizes(report)
    shown = 0
    for step in found[:_SHOWN]:
        shown += min(len(step.findings), _SHOWN)
        lines += _step(step, sizes_of, units, paint)
    lines += _smaller_steps(report, sum(len(step.findings) for step in found), shown)
    if other_base:
        lines.append(other_base)
    lines.append(
        "  Run `slim rules show ID` for the reason behind a rule and the risks of its fix."
    )
    return "\n".join(lines)


def _legend(units: Units) -> str:
    """What the words in brackets behind a finding mean."""
    high, medium = units.size(50_000_000), units.size(10_000_000)
    return (
        f"(how much: high from 5% or {high}, medium from 1% or {medium}, else low; how sure: certain,"
        " likely, possible; the fix: safe, to check, risky)"
    )


def _step(
    step: plan.Step, sizes: dict[Untrusted, int], units: Units, paint: Paint
) -> Iterator[str]:
    if len(step.findings) == 1:
        yield from _finding(step.findings[0], sizes, units, paint, INDENT)
        fix = clean(step.findings[0].fix.text).rstrip()
        yield wrapped(fix, first=INDENT, rest=INDENT)
        return
    yield f"  {paint('strong', f'{units.size(step.saves):>8}')}  {plan.MULTI_STAGE}:"
    for finding in step.findings[:_SHOWN]:
        yield from _finding(finding, sizes, units, paint, INDENT + " " * 10, before=INDENT[:-2])


def _finding(
    finding: Finding,
    sizes: dict[Untrusted, int],
    units: Units,
    paint: Paint,
    indent: str,
    *,
    before: str = "",
) -> Iterator[str]:
    """What was found, its cause by name and size, what goes with that, and the instruction."""
    saves = f"{units.size(finding.claimed_bytes):>8}"
    sure = f"({finding.severity}, {finding.confidence}, {finding.safety})"
    title = clean(f"{finding.rule} {finding.title}", WIDTH - 1 - len(indent) - len(sure))
    yield f"{before}  {paint(SEVERITIES.get(finding.severity, 'none'), saves)}  {title} {sure}"
    if cause := clean(plan.cause(finding, sizes, units)):
        yield wrapped(cause, first=indent, rest=indent)
    if removed := clean(words.also_removed(finding, sizes, units)):
        yield wrapped(removed, first=indent, rest=indent)
    if finding.where:
        place = finding.where[0]
        where = layout.place_and_instruction(place.created_by, place.dockerfile)
        text = f"layer {place.layer}{words.other_layers(finding)}: {where}"
        yield indent + shorten(text, WIDTH - len(indent))


def _smaller_steps(report: Report, findings: int, shown: int) -> list[str]:
    """How many findings are not shown here, and what lists them.

    Findings are listed by what they claim: those that a report leaves out claim something only if all that
    it lists do.
    """
    left_out = report.truncated.findings
    if any(not finding.claimed_bytes for finding in report.findings):
        left_out = 0
    left = findings - shown + left_out
    if left <= 0:
        return []
    top = f" --top {-(-(findings + left_out) // 10) * 10}" if left_out else ""
    return [f"  … and {words.count(left, 'smaller one')} (-o json{top} lists them)"]


def _rebuild(report: Report, units: Units) -> str:
    """What a multi-stage build would keep."""
    rebuild = report.predicted.rebuild
    if rebuild is None or not _is_worthwhile(report, units):
        return ""
    rows = [
        (
            units.size(part.disk_bytes),
            units.size(part.pull_bytes),
            clean(part.what) + (" (estimated)" if part.guessed else ""),
            clean(words.contents(part)),
        )
        for part in rebuild.keep
    ]
    lines = [
        wrapped(f"{words.rebuilt(report, units)} It keeps:"),
        table(rows, ("on disk", "to pull", "kept", "what it is"), "rrll"),
        *(wrapped(f"Assumption: {clean(text)}.", first="  ") for text in rebuild.assumes),
        *([wrapped(clean(words.unused(rebuild, units)), first="  ")] if rebuild.unused else []),
        "The Dockerfile that builds it:",
        *(f"  {clean(line)}".rstrip() for line in bare(rebuild.dockerfile).splitlines()),
    ]
    return "\n".join(lines)


def _layers(report: Report, units: Units) -> str:
    rows = [
        (
            f"{layer.index}{'b' if layer.from_base else ''}",
            units.size(layer.disk_bytes) if not layer.missing else "?",
            units.size(layer.dead_bytes) if layer.dead_bytes else "",
            units.size(layer.pull_bytes),
            f"{layer.files:,}" if not layer.missing else "?",
            _instruction(layer),
        )
        for layer in report.layers
    ]
    notes = ["b: from the base image"] if report.image.base.layers else []
    placed = next((layer.dockerfile for layer in report.layers if layer.dockerfile), None)
    if placed:
        notes.append(f"line numbers of {clean(placed.path, 60)}")
    title = f"Layers ({'; '.join(notes)})" if notes else "Layers"
    header = ("#", "on disk", "dead", "to pull", "files", "instruction")
    return f"{title}\n{table(rows, header, 'lrrrrl')}"


def _instruction(layer: LayerInfo) -> str:
    if layer.missing:
        return clean(layer.missing)
    return layout.line_and_instruction(layer.created_by, layer.dockerfile)


def _waste(report: Report, units: Units) -> str:
    if not report.waste:
        return ""
    lines = ["Dead weight, by what caused it"]
    for waste in report.waste[:_SHOWN]:
        lines += _cause(waste, units)
    left = len(report.waste) - _SHOWN + report.truncated.waste
    if left > 0:
        lines.append(f"  … and {words.count(left, 'smaller one')}")
    return "\n".join(lines)


def _cause(waste: Waste, units: Units) -> list[str]:
    sizes = f"{units.size(waste.disk_bytes)} on disk, {units.size(waste.pull_bytes)} to pull"
    files = f"{words.count(waste.files, 'file')} from layer {waste.origin_layer}"
    by = layout.place_and_instruction(waste.created_by, waste.dockerfile)
    return [
        wrapped(f"{sizes}: {files}, {words.cause(waste.kind)}", first="  "),
        shorten(f"    by layer {waste.ended_by}: {by}", WIDTH),
        *(
            f"    {units.size(example.disk_bytes):>8}  /{clean(example.path, WIDTH - 15)}"
            for example in waste.examples[:3]
        ),
    ]


def _directories(report: Report, units: Units) -> str:
    if not report.directories:
        return ""
    rows = [
        (
            units.size(directory.disk_bytes),
            units.size(directory.pull_bytes),
            f"{directory.files:,}",
            "/" + clean(directory.path),
        )
        for directory in report.directories[:_SHOWN]
    ]
    header = ("on disk", "to pull", "files", "path")
    return f"Largest directories\n{table(rows, header, 'rrrl')}"


def _files(report: Report, units: Units) -> str:
    if not report.largest_files:
        return ""
    rows = [
        (
            units.size(file.disk_bytes),
            units.size(file.pull_bytes),
            str(file.layer),
            "/" + clean(file.path),
        )
        for file in report.largest_files[:_SHOWN]
    ]
    header = ("on disk", "to pull", "layer", "path")
    return f"Largest files\n{table(rows, header, 'rrrl')}"


def _notes(report: Report, units: Units) -> str:
    lines = [f"For comparison, dive reports {words.dive(report, units)}."]
    for warning in report.warnings[:_SHOWN]:
        layer = f"layer {warning.layer}: " if warning.layer is not None else ""
        lines.append(wrapped(f"warning: {layer}{clean(warning.text)} [{clean(warning.id, 60)}]"))
        if warning.path:
            more = f" and {warning.count - 1:,} more" if warning.count > 1 else ""
            lines.append(f"        /{clean(warning.path, 60)}{more}")
    if len(report.warnings) > _SHOWN:
        lines.append(f"and {len(report.warnings) - _SHOWN:,} more warnings in the JSON report")
    lines.append(layout.footer(units))
    return "\n".join(lines)
