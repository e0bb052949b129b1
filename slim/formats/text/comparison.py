"""A comparison for people at a terminal: what grew, because of what, and what to do.

As wide as the terminal; lists are cut to the largest changes, with how many are left.
"""

from __future__ import annotations

from slim.formats import changes, words
from slim.formats.code_findings import suppressed
from slim.formats.instructions import abbreviated
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean, shorten
from slim.formats.text.layout import INDENT, Layout, layout_of, numbered_instruction
from slim.report.comparison import Comparison, FileChange, LayerChange, PackageChange

_SHOWN = 10
_FINDING_STATUSES = {"new": "new", "still": "on base", "fixed": "fixed"}
_FILE_STATUSES = {
    "larger": "new, or it grew",
    "smaller": "gone, or it shrank",
    "changed": "other contents",
}


def render(comparison: Comparison, options: RenderOptions) -> str:
    """Headline, sizes, the layers that grew with a fix, then what changed, largest first, and warnings.

    The page always gives the number of suppressed findings; `show_suppressed` lists them. With `color` the
    headline is coloured.
    """
    layout = layout_of(options)
    parts = [
        _headline(comparison, layout),
        _sizes(comparison, layout),
        _causes(comparison, layout),
        _layers(comparison, layout),
        _findings(comparison, layout),
        layout.suppressed(suppressed(comparison), options.show_suppressed),
        _packages(comparison, layout),
        _directories(comparison, layout),
        _files(comparison, layout),
        _notes(comparison, layout),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(comparison: Comparison, layout: Layout) -> str:
    name = clean(words.short_name(comparison), 48)
    sentence = changes.sentence(comparison, layout.units)
    sign = f"{changes.sign(comparison)} ".lstrip()
    lines = [layout.headline(f"{sign}{name}: {sentence}", comparison)]
    base, image = (
        clean(side.platform or "unknown platform", 40)
        for side in (comparison.base, comparison.image)
    )
    if base != image:
        lines.append(layout.wrapped(f"Two platforms are compared: {image} with {base}."))
    lines += layout.reason_lines(comparison)
    if not (comparison.base.verified and comparison.image.verified):
        lines.append("Digests were not checked.")
    return "\n".join(lines)


def _sizes(comparison: Comparison, layout: Layout) -> str:
    rows = [
        (total.what, total.before, total.after, total.change, total.limit)
        for total in changes.totals(comparison, layout.units)
    ]
    text = layout.table(rows, ("", "base", "image", "change", ""), "lrrrl")
    parts = [
        f"{layout.units.change(disk)} {what}"
        for what, disk, pull in changes.growth(comparison)
        if disk or pull
    ]
    return (
        f"{text}\n{layout.wrapped('Of the change: ' + ', '.join(parts) + '.')}" if parts else text
    )


def _causes(comparison: Comparison, layout: Layout) -> str:
    parts = []
    for what, causes in changes.largest(comparison):
        lines = [f"Largest {what}"]
        for layer, change, finding, saves in causes:
            number = layer.base_index if layer.index is None else layer.index
            base = " (base image)" if layer.from_base else ""
            gone = " (gone)" if layer.status == "removed" else ""
            where = f"  {layout.units.change(change):>9} layer {number}{base}{gone}: "
            lines.append(layout.instruction_line(where, layer.created_by, layer.dockerfile))
            if finding is not None:
                saved = f"(saves {layout.size(saves)}, {clean(finding.rule, 20)})"
                text = f"{clean(finding.fix.text).rstrip('.')} {saved}"
                lines.append(layout.wrapped(text, first=INDENT, rest=INDENT))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _layers(comparison: Comparison, layout: Layout) -> str:
    changed = [layer for layer in comparison.layers if layer.status != "same"]
    if not changed:
        return ""
    changed.sort(key=lambda layer: -abs(layer.disk_bytes - layer.base_disk_bytes))
    rows = [_layer(layer, layout) for layer in changed[:_SHOWN]]
    title = f"Layers: {changes.counts(layer.status for layer in comparison.layers)}"
    if placed := next((layer.dockerfile for layer in changed if layer.dockerfile), None):
        title += f" (line numbers of {shorten(clean(placed.path), 30)})"
    header = ("#", "change", "to pull", "", "instruction")
    text = layout.table(rows, header, "rrrll", spare=(2,), cut=abbreviated)
    return _list(title, text, len(changed) - len(rows), layout)


def _layer(layer: LayerChange, layout: Layout) -> tuple[str, ...]:
    return (
        str(layer.base_index if layer.index is None else layer.index),
        layout.units.change(layer.disk_bytes - layer.base_disk_bytes),
        layout.units.pull_change(layer.pull_bytes - layer.base_pull_bytes),
        layer.status,
        numbered_instruction(layer.created_by, layer.dockerfile),
    )


def _findings(comparison: Comparison, layout: Layout) -> str:
    found = comparison.findings
    if not found:
        return ""
    failing = set(comparison.verdict.findings)
    rows = [
        (
            layout.size(change.finding.claimed_bytes),
            _FINDING_STATUSES[change.status],
            clean(f"{change.finding.rule} {change.finding.title}")
            + (" (fails the gate)" if change.finding.id in failing else ""),
        )
        for change in found[:_SHOWN]
    ]
    title = f"Findings: {changes.counts(_FINDING_STATUSES[change.status] for change in found)}"
    text = layout.table(rows, ("saves", "", "rule"), "rll")
    return _list(title, text, len(found) - len(rows), layout)


def _packages(comparison: Comparison, layout: Layout) -> str:
    changed = comparison.packages
    if not changed:
        return ""
    rows = [
        (
            layout.units.change(package.disk_bytes - package.base_disk_bytes),
            package.status,
            f"{clean(package.name, 50)} ({clean(package.manager, 20)}) {_versions(package)}",
        )
        for package in changed[:_SHOWN]
    ]
    rest = comparison.packages_rest.count
    title = f"Packages: {changes.counts(package.status for package in changed)}"
    if rest:
        title = f"Packages: {len(changed) + rest:,} changed; of the {len(changed):,} largest" + (
            title.removeprefix("Packages")
        )
    title += " (not all are known)" if comparison.partial.packages else ""
    text = layout.table(rows, ("change", "", "package"), "rll")
    return _list(title, text, len(changed) + rest - len(rows), layout)


def _versions(package: PackageChange) -> str:
    known = dict.fromkeys((package.base_version, package.version))
    return " → ".join(clean(version, 40) for version in known if version)


def _directories(comparison: Comparison, layout: Layout) -> str:
    changed = comparison.directories
    if not changed:
        return ""
    rows = [
        (
            layout.units.change(directory.change.disk_bytes),
            layout.units.pull_change(directory.change.pull_bytes),
            "" if directory.files is None else f"{directory.files:,}",
            "/" + clean(directory.path),
        )
        for directory in changed[:_SHOWN]
    ]
    text = layout.table(rows, ("change", "to pull", "files", "path"), "rrrl", spare=(2,))
    return _list("Directories, each with all below it", text, len(changed) - len(rows), layout)


def _files(comparison: Comparison, layout: Layout) -> str:
    changed = comparison.files
    if not changed:
        return ""
    rows = [_file(file, layout) for file in changed[:_SHOWN]]
    number = len(changed) + comparison.files_rest.count
    title = f"Files: {number:,} changed"
    if comparison.partial.files:
        title += " (not all are known: make both reports with --all-files)"
    text = layout.table(rows, ("change", "layer", "", "path"), "rrll", spare=(1,))
    return _list(title, text, number - len(rows), layout)


def _file(file: FileChange, layout: Layout) -> tuple[str, ...]:
    path = f"/{clean(file.path)}"
    if file.base_path is not None:
        path = f"{path} (was /{clean(file.base_path)})"
    layer = "" if file.layer is None else str(file.layer)
    status = _FILE_STATUSES.get(file.status, file.status)
    return changes.file_change(file, layout.units.size), layer, status, path


def _notes(comparison: Comparison, layout: Layout) -> str:
    # That platforms differ is in the headline.
    warnings = [warning for warning in comparison.warnings if warning.id != "other-platform"]
    lines = [
        layout.wrapped(f"warning: {clean(warning.text)} [{clean(warning.id, 60)}]")
        for warning in warnings[:_SHOWN]
    ]
    left = len(warnings) - _SHOWN
    if left > 0:
        lines.append(f"and {words.count(left, 'more warning')} in the JSON comparison")
    lines.append(layout.footer())
    return "\n".join(lines)


def _list(title: str, table: str, left: int, layout: Layout) -> str:
    """A titled table, and how many rows are `left` out of it."""
    text = f"{layout.wrapped(title)}\n{table}"
    return f"{text}\n  and {left:,} more" if left > 0 else text
