"""The report for people at a terminal: at most 100 columns, the most important first [pure]."""

from __future__ import annotations

from slim.formats import words
from slim.formats.layout import WIDTH, headline, reasons, silenced, table, units, wrapped
from slim.formats.paint import SEVERITIES, Paint, painter
from slim.formats.terminal import clean, shorten
from slim.report.model import LayerInfo, Place, Report, Waste
from slim.report.untrusted import Untrusted, joined
from slim.units import format_bytes, format_percent

_SHOWN = 10


def render(report: Report, *, show_suppressed: bool = False, color: bool = False) -> str:
    """Headline, totals, what to change, layers, waste by cause, largest directories and files, warnings.

    How many findings are suppressed is said in any case, `show_suppressed` lists them. With `color` the
    headline and severities are coloured.
    """
    paint = painter(color)
    parts = [
        _headline(report, paint),
        _totals(report),
        _plan(report, paint),
        _suppressed(report, show_suppressed),
        _rebuild(report),
        _layers(report),
        _waste(report),
        _directories(report),
        _files(report),
        _notes(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: Report, paint: Paint) -> str:
    totals = report.totals
    name = report.image.name or report.source.input
    first = (
        f"{clean(name, 48)}: {format_bytes(totals.disk_bytes)} on disk,"
        f" {format_bytes(totals.pull_bytes)} to pull"
    )
    lines = [headline(first, report, paint)]
    lines += reasons(report)
    if totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        lines.append(
            f"{format_bytes(totals.dead_bytes)} ({share}) of it is dead weight:"
            " shipped in one layer, hidden by another."
        )
    else:
        lines.append("No layer hides bytes of another.")
    if not report.source.verified:
        lines.append("Digests were not checked (--no-verify).")
    return "\n".join(lines)


def _totals(report: Report) -> str:
    totals = report.totals
    rows = [
        ("live", totals.live_bytes, totals.live_pull_bytes, _named(totals.live_files)),
        (
            "dead",
            totals.dead_bytes,
            totals.dead_pull_bytes,
            _named(totals.files - totals.live_files),
        ),
        ("in all", totals.disk_bytes, totals.pull_bytes, _overhead(report)),
    ]
    shown = [
        (what, format_bytes(disk), format_bytes(pull), note) for what, disk, pull, note in rows
    ]
    text = table(shown, ("", "on disk", "to pull", ""), "left", "right", "right", "left")
    return f"{text}\n{_base(report)}"


def _overhead(report: Report) -> str:
    return f"to pull includes {format_bytes(report.totals.overhead_pull_bytes)} of tar headers and padding"


def _plan(report: Report, paint: Paint) -> str:
    """What to change, in order, and how big the image is then."""
    steps = [one for one in report.findings if one.claimed_bytes and not one.suppressed]
    if not steps:
        return wrapped(clean(words.other_base(report))) if words.other_base(report) else ""
    safe, everything = report.predicted.safe, report.predicted.all
    lines = [
        f"What to change: {format_bytes(safe.disk_bytes)} on disk after the safe steps,"
        f" {format_bytes(everything.disk_bytes)} after all"
    ]
    for finding in steps[:_SHOWN]:
        saves = f"{format_bytes(finding.claimed_bytes):>8}"
        sure = f"({finding.severity}, {finding.confidence}, {finding.safety})"
        title = clean(f"{finding.rule} {finding.title}", WIDTH - 13 - len(sure))
        tone = SEVERITIES.get(finding.severity, "plain")
        lines.append(f"  {paint(tone, saves)}  {title} {sure}")
        if finding.where:
            cause = finding.where[0]
            others = words.other_layers(finding)
            where = f"layer {cause.layer}{others}: {_where(cause.created_by, cause.dockerfile)}"
            lines.append(shorten(f"            {where}", WIDTH))
        fix = clean(joined(finding.fix.text, words.along(finding), by=" ")).rstrip()
        lines.append(wrapped(fix, first=" " * 12, rest=" " * 12))
    left = len(steps) - _SHOWN
    if left > 0:
        lines.append(f"  and {words.count(left, 'smaller step')} in the JSON report")
    if report.predicted.other_base_bytes:
        lines.append(wrapped(clean(words.other_base(report)), first="  ", rest="  "))
    lines.append("  `slim rules show ID` says why, and when a fix breaks something.")
    return "\n".join(lines)


def _suppressed(report: Report, shown: bool) -> str:
    """What the user does not want to hear."""
    return silenced([one for one in report.findings if one.suppressed], shown)


def _rebuild(report: Report) -> str:
    """What a multi-stage build would keep."""
    made = report.predicted.rebuild
    if made is None:
        return ""
    rows = [
        (
            format_bytes(part.disk_bytes),
            format_bytes(part.pull_bytes),
            clean(part.what) + (" (estimated)" if part.guessed else ""),
            clean(words.contents(part)),
        )
        for part in made.keep
    ]
    kept = table(
        rows, ("on disk", "to pull", "kept", "what it is"), "right", "right", "left", "left"
    )
    lines = [wrapped(f"{words.rebuilt(report)} It keeps:"), kept]
    lines += [wrapped(f"It assumes: {clean(one)}.", first="  ") for one in made.assumes]
    lines.append("  The JSON report has its Dockerfile, filled in (predicted.rebuild.dockerfile).")
    return "\n".join(lines)


def _named(files: int) -> str:
    return words.count(files, "file")


def _base(report: Report) -> str:
    base, totals = report.image.base, report.totals
    if not base.layers:
        name = f" {clean(base.name, 40)}" if base.name else ""
        return wrapped(f"Base image{name}: where it ends is not known (say so with --base IMAGE).")
    name = f" {clean(base.name, 40)}" if base.name else ""
    guess = " (a guess from the history; --base IMAGE makes it exact)" if base.guessed else ""
    return wrapped(
        f"Base image{name}: {words.first(base.layers, 'layer')},"
        f" {format_bytes(totals.base_bytes)} on disk{guess}."
    )


def _layers(report: Report) -> str:
    rows = [
        (
            f"{layer.index}{'b' if layer.from_base else ''}",
            format_bytes(layer.disk_bytes) if not layer.missing else "?",
            format_bytes(layer.dead_bytes) if layer.dead_bytes else "",
            format_bytes(layer.pull_bytes),
            f"{layer.files:,}" if not layer.missing else "?",
            _instruction(layer),
        )
        for layer in report.layers
    ]
    notes = ["b: of the base image"] if report.image.base.layers else []
    placed = next((layer.dockerfile for layer in report.layers if layer.dockerfile), None)
    if placed:
        notes.append(f"with the lines of {clean(placed.path, 60)}")
    title = f"Layers ({'; '.join(notes)})" if notes else "Layers"
    header = ("#", "on disk", "dead", "to pull", "files", "instruction")
    return f"{title}\n" + table(rows, header, "left", "right", "right", "right", "right", "left")


def _instruction(layer: LayerInfo) -> str:
    if layer.missing:
        return clean(layer.missing)
    text = clean(words.instruction(layer.created_by)) or "(no history)"
    return f"{layer.dockerfile.line}: {text}" if layer.dockerfile else text


def _where(created_by: Untrusted, place: Place | None) -> str:
    text = clean(words.instruction(created_by)) or "(no history)"
    return f"{clean(place.path, 40)}:{place.line} {text}" if place else text


def _waste(report: Report) -> str:
    if not report.waste:
        return ""
    lines = ["Dead weight, by what caused it"]
    for waste in report.waste[:_SHOWN]:
        lines += _cause(waste)
    left = len(report.waste) - _SHOWN + report.truncated.waste
    if left > 0:
        lines.append(f"  and {left:,} smaller ones")
    return "\n".join(lines)


def _cause(waste: Waste) -> list[str]:
    sizes = f"{format_bytes(waste.disk_bytes)} on disk, {format_bytes(waste.pull_bytes)} to pull"
    files = words.count(waste.files, "file")
    lines = [
        wrapped(
            f"{sizes}: {files} of layer {waste.origin_layer}, {words.cause(waste.kind)}",
            first="  ",
        ),
        shorten(
            f"    by layer {waste.ended_by}: {_where(waste.created_by, waste.dockerfile)}", WIDTH
        ),
    ]
    for example in waste.examples[:3]:
        size = format_bytes(example.disk_bytes)
        lines.append(f"    {size:>8}  /{clean(example.path, WIDTH - 15)}")
    return lines


def _directories(report: Report) -> str:
    if not report.directories:
        return ""
    rows = [
        (
            format_bytes(one.disk_bytes),
            format_bytes(one.pull_bytes),
            f"{one.files:,}",
            "/" + clean(one.path),
        )
        for one in report.directories[:_SHOWN]
    ]
    header = ("on disk", "to pull", "files", "path")
    return "Largest directories\n" + table(rows, header, "right", "right", "right", "left")


def _files(report: Report) -> str:
    if not report.largest_files:
        return ""
    rows = [
        (
            format_bytes(one.disk_bytes),
            format_bytes(one.pull_bytes),
            str(one.layer),
            "/" + clean(one.path),
        )
        for one in report.largest_files[:_SHOWN]
    ]
    header = ("on disk", "to pull", "layer", "path")
    return "Largest files\n" + table(rows, header, "right", "right", "right", "left")


def _notes(report: Report) -> str:
    score = report.dive
    lines = [
        f"dive would say: efficiency {score.efficiency:.4f},"
        f" {format_bytes(score.wasted_bytes)} wasted,"
        f" {100 * score.user_wasted_percent:.1f}% of what is not the first layer."
    ]
    for warning in report.warnings[:_SHOWN]:
        layer = f"layer {warning.layer}: " if warning.layer is not None else ""
        path = f" /{clean(warning.path, 60)}" if warning.path else ""
        more = f" and {words.count(warning.count - 1, 'more')}"[:-1] if warning.count > 1 else ""
        lines.append(wrapped(f"warning: {layer}{clean(warning.text)} [{clean(warning.id, 60)}]"))
        if path:
            lines.append(f"        {path}{more}")
    if len(report.warnings) > _SHOWN:
        lines.append(f"and {len(report.warnings) - _SHOWN} more warnings in the JSON report")
    lines.append(units())
    return "\n".join(lines)
