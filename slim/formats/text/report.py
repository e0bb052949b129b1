"""The report for people at a terminal: as wide as that is, the most important first."""

from __future__ import annotations

from slim.formats import words
from slim.formats.instructions import abbreviated
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean
from slim.formats.text import advice
from slim.formats.text.layout import Layout, layout_of, numbered_instruction
from slim.report.model import Base, LayerInfo, Report, Waste
from slim.report.noteworthy import is_worthwhile
from slim.units import format_percent

_SHOWN = 10
_TRIFLE = 1_000
"""Bytes on disk below which a cause of dead weight is only counted."""


def render(report: Report, options: RenderOptions) -> str:
    """Headline, totals, what to change, layers, waste by cause, largest directories and files, warnings.

    Of an image with nothing worth changing the layers are the last. The page always gives the number of
    suppressed findings; `show_suppressed` lists them. With `color` the headline and severities are coloured.
    """
    layout = layout_of(options)
    suppressed = [finding for finding in report.findings if finding.suppressed]
    details = is_worthwhile(report)
    parts = [
        _headline(report, layout),
        _totals(report, layout),
        advice.what_to_change(report, layout),
        layout.suppressed(suppressed, options.show_suppressed),
        advice.multi_stage(report, layout),
        _layers(report, layout),
        *(
            (_waste(report, layout), _directories(report, layout), _files(report, layout))
            if details
            else ()
        ),
        _notes(report, layout),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: Report, layout: Layout) -> str:
    totals = report.totals
    name = report.image.name or report.source.input
    first = (
        f"{clean(name, 48)}: {layout.size(totals.disk_bytes)} on disk,"
        f" {layout.pull(totals.pull_bytes)} to pull"
    )
    lines = [layout.headline(first, report), *layout.reason_lines(report)]
    if lead := advice.lead(report, layout):
        lines += ["", lead, ""]
    if totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        lines.append(
            layout.wrapped(
                f"{layout.size(totals.dead_bytes)} ({share}) of it is dead weight:"
                " shipped in one layer, hidden by a later one.",
                rest="",
            )
        )
    else:
        lines.append("No layer hides bytes of another.")
    if not report.source.verified:
        lines.append("Digests were not checked (--no-verify).")
    return "\n".join(lines)


def _totals(report: Report, layout: Layout) -> str:
    totals = report.totals
    overhead = totals.overhead_pull_bytes
    live = words.count(totals.live_files, "file")
    dead = words.count(totals.files - totals.live_files, "file")
    rows = [
        (what, layout.size(disk), layout.pull(pull), note)
        for what, disk, pull, note in (
            ("live", totals.live_bytes, totals.live_pull_bytes, live),
            ("dead", totals.dead_bytes, totals.dead_pull_bytes, dead),
            (
                "total",
                totals.disk_bytes,
                totals.pull_bytes,
                f"with {layout.pull(overhead)} of tar headers" if overhead else "",
            ),
        )
        if what != "dead" or disk or pull
    ]
    header = ("", "on disk", "to pull", "")
    lines = [layout.table(rows, header, "lrrl"), _base(report, layout)]
    if code := words.gpu_code(report, layout.units):
        lines.append(layout.wrapped(f"{code} (see --gpu)."))
    return "\n".join(lines)


def _base(report: Report, layout: Layout) -> str:
    base = report.image.base
    name = f" {clean(base.name, 40)}" if base.name else ""
    if not base.layers:
        return layout.wrapped(f"Base image{name}: {_unknown_base(base)}")
    layers = "layer 0" if base.layers == 1 else f"layers 0–{base.layers - 1:,}"
    guess = words.base_guess(base)
    return layout.wrapped(
        f"Base image{name}: {layers}, {layout.size(report.totals.base_bytes)} on disk{guess}."
    )


def _unknown_base(base: Base) -> str:
    if base.how == "given":
        return "not recognised in this image; pass the right one with --base IMAGE."
    return "its layers are not known; pass it with --base IMAGE."


def _layers(report: Report, layout: Layout) -> str:
    rows = [
        (
            f"{layer.index}{'b' if layer.from_base else ''}",
            layout.size(layer.disk_bytes) if not layer.missing else "?",
            layout.size(layer.dead_bytes) if layer.dead_bytes else "",
            layout.pull(layer.pull_bytes),
            f"{layer.files:,}" if not layer.missing else "?",
            _instruction(layer),
        )
        for layer in report.layers
    ]
    notes = ["b: from the base image"] if report.image.base.layers else []
    placed = next((layer.dockerfile for layer in report.layers if layer.dockerfile), None)
    if placed:
        notes.append(f"line numbers of {clean(placed.path, 60)}")
    title = layout.wrapped(f"Layers ({'; '.join(notes)})" if notes else "Layers")
    header = ("#", "on disk", "dead", "to pull", "files", "instruction")
    return f"{title}\n{layout.table(rows, header, 'lrrrrl', spare=(4, 3, 2), cut=abbreviated)}"


def _instruction(layer: LayerInfo) -> str:
    if layer.missing:
        return clean(layer.missing)
    return numbered_instruction(layer.created_by, layer.dockerfile)


def _waste(report: Report, layout: Layout) -> str:
    found = words.causes_of_waste(report)
    if not found:
        return ""
    lines = ["Dead weight, by what caused it"]
    shown = [waste for waste in found[:_SHOWN] if waste.disk_bytes >= _TRIFLE] or found[:1]
    for waste in shown:
        lines += _cause(waste, layout)
    left = len(found) - len(shown) + report.truncated.waste
    if left > 0:
        lines.append(f"  … and {words.count(left, 'smaller one')}")
    return "\n".join(lines)


def _cause(waste: Waste, layout: Layout) -> list[str]:
    sizes = f"{layout.size(waste.disk_bytes)} on disk, {layout.pull(waste.pull_bytes)} to pull"
    files = f"{words.count(waste.files, 'file')} from layer {waste.origin_layer}"
    by = f"    by layer {waste.ended_by}: "
    return [
        layout.wrapped(f"{sizes}: {files}, {words.cause(waste.kind)}", first="  "),
        layout.instruction_line(by, waste.created_by, waste.dockerfile),
        *(
            f"    {layout.size(example.disk_bytes):>8}  /{clean(example.path, layout.width - 15)}"
            for example in waste.examples[:3]
            if example.disk_bytes
        ),
    ]


def _directories(report: Report, layout: Layout) -> str:
    if not report.directories:
        return ""
    rows = [
        (
            layout.size(directory.disk_bytes),
            layout.pull(directory.pull_bytes),
            f"{directory.files:,}",
            "/" + clean(directory.path),
        )
        for directory in report.directories[:_SHOWN]
    ]
    header = ("on disk", "to pull", "files", "path")
    return f"Largest directories\n{layout.table(rows, header, 'rrrl', spare=(2,))}"


def _files(report: Report, layout: Layout) -> str:
    if not report.largest_files:
        return ""
    rows = [
        (
            layout.size(file.disk_bytes),
            layout.pull(file.pull_bytes),
            str(file.layer),
            "/" + clean(file.path),
        )
        for file in report.largest_files[:_SHOWN]
    ]
    header = ("on disk", "to pull", "layer", "path")
    return f"Largest files\n{layout.table(rows, header, 'rrrl')}"


def _notes(report: Report, layout: Layout) -> str:
    lines = [layout.wrapped(f"For comparison, dive reports {words.dive(report, layout.units)}.")]
    for warning in report.warnings[:_SHOWN]:
        layer = f"layer {warning.layer}: " if warning.layer is not None else ""
        lines.append(
            layout.wrapped(f"warning: {layer}{clean(warning.text)} [{clean(warning.id, 60)}]")
        )
        if warning.path:
            more = f" and {warning.count - 1:,} more" if warning.count > 1 else ""
            room = layout.width - len(more) - 9
            lines.append(f"        /{clean(warning.path, min(room, 60))}{more}")
    if len(report.warnings) > _SHOWN:
        lines.append(f"and {len(report.warnings) - _SHOWN:,} more warnings in the JSON report")
    lines.append(layout.footer())
    return "\n".join(lines)
