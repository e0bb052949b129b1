"""A comparison for people at a terminal: what grew, because of what, and what to do [pure].

At most 100 columns; lists are cut to the largest changes, with how many are left.
"""

from __future__ import annotations

from collections.abc import Sequence

from slim.formats import words
from slim.formats.delta_words import causes, counts, growth, sentence, sums
from slim.formats.layout import WIDTH, headline, reasons, silenced, table, units, wrapped
from slim.formats.paint import Paint, painter
from slim.formats.results import suppressed
from slim.formats.terminal import clean, shorten
from slim.report.comparison import Comparison, FileChange, LayerChange, PackageChange
from slim.report.model import Place
from slim.report.untrusted import Untrusted
from slim.units import format_bytes

_SHOWN = 10
_INDENT = " " * 12
_STATUSES = {"new": "new", "still": "on base", "fixed": "fixed"}
_FILES = {"larger": "new, or it grew", "smaller": "gone, or it shrank", "changed": "other contents"}


def render(comparison: Comparison, *, show_suppressed: bool = False, color: bool = False) -> str:
    """Headline, sizes, the layers that grew with a fix, then what changed, largest first, and warnings.

    How many findings are suppressed is said in any case, `show_suppressed` lists them. With `color` the
    headline is coloured.
    """
    parts = [
        _headline(comparison, painter(color)),
        _sizes(comparison),
        _causes(comparison),
        _layers(comparison),
        _findings(comparison),
        silenced(suppressed(comparison), show_suppressed),
        _packages(comparison),
        _directories(comparison),
        _files(comparison),
        _notes(comparison),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(comparison: Comparison, paint: Paint) -> str:
    name = clean(words.short_name(comparison), 48)
    lines = [headline(f"{name}: {sentence(comparison)}", comparison, paint)]
    platforms = [
        clean(one.platform or "unknown platform", 40) for one in (comparison.base, comparison.image)
    ]
    if platforms[0] != platforms[1]:
        lines.append(wrapped(f"Two platforms are compared: {platforms[1]} with {platforms[0]}."))
    lines += reasons(comparison)
    if not (comparison.base.verified and comparison.image.verified):
        lines.append("Digests were not checked.")
    return "\n".join(lines)


def _sizes(comparison: Comparison) -> str:
    rows = [
        (what, before, after, change, said)
        for what, before, after, _, change, _, said in sums(comparison)
    ]
    header = ("", "base", "image", "change", "")
    text = table(rows, header, "left", "right", "right", "right", "left")
    parts = [
        f"{words.signed(disk)} {what}" for what, disk, pull in growth(comparison) if disk or pull
    ]
    return f"{text}\n{wrapped('Of the change: ' + ', '.join(parts) + '.')}" if parts else text


def _causes(comparison: Comparison) -> str:
    lines = []
    for layer, change, found in causes(comparison):
        base = " (base image)" if layer.from_base else ""
        where = f"layer {layer.index}{base}: {_where(layer.created_by, layer.dockerfile)}"
        lines.append(shorten(f"  {words.signed(change):>9} {where}", WIDTH))
        if found is not None:
            saves = f"(saves {format_bytes(found.claimed_bytes)}, {clean(found.rule, 20)})"
            text = f"{clean(found.fix.text).rstrip('.')} {saves}"
            lines.append(wrapped(text, first=_INDENT, rest=_INDENT))
    return "\n".join(["What made it grow", *lines]) if lines else ""


def _layers(comparison: Comparison) -> str:
    changed = [one for one in comparison.layers if one.status != "same"]
    if not changed:
        return ""
    changed.sort(key=lambda one: -abs(one.disk_bytes - one.base_disk_bytes))
    header = ("#", "change", "to pull", "", "instruction")
    rows = [_layer(one) for one in changed[:_SHOWN]]
    title = f"Layers: {counts(one.status for one in comparison.layers)}"
    if placed := next((one.dockerfile for one in changed if one.dockerfile), None):
        title += f" (with the lines of {shorten(clean(placed.path), 30)})"
    return _list(title, rows, header, "rrrll", len(changed))


def _layer(one: LayerChange) -> tuple[str, ...]:
    text = clean(words.instruction(one.created_by)) or "(no history)"
    return (
        str(one.base_index if one.index is None else one.index),
        words.signed(one.disk_bytes - one.base_disk_bytes),
        words.signed(one.pull_bytes - one.base_pull_bytes),
        one.status,
        f"{one.dockerfile.line}: {text}" if one.dockerfile else text,
    )


def _findings(comparison: Comparison) -> str:
    found = comparison.findings
    if not found:
        return ""
    failing = set(comparison.verdict.findings)
    rows = [
        (
            format_bytes(one.finding.claimed_bytes),
            _STATUSES[one.status],
            clean(f"{one.finding.rule} {one.finding.title}")
            + (" (fails the gate)" if one.finding.id in failing else ""),
        )
        for one in found[:_SHOWN]
    ]
    title = f"Findings: {counts(_STATUSES[one.status] for one in found)}"
    return _list(title, rows, ("saves", "", "rule"), "rll", len(found))


def _packages(comparison: Comparison) -> str:
    changed = comparison.packages
    if not changed:
        return ""
    rows = [
        (
            words.signed(one.disk_bytes - one.base_disk_bytes),
            one.status,
            f"{clean(one.name, 50)} ({clean(one.manager, 20)}) {_versions(one)}",
        )
        for one in changed[:_SHOWN]
    ]
    title = f"Packages: {counts(one.status for one in changed)}"
    title += ", not all are known" if comparison.partial.packages else ""
    number = len(changed) + comparison.packages_rest.count
    return _list(title, rows, ("change", "", "package"), "rll", number)


def _versions(one: PackageChange) -> str:
    known = dict.fromkeys((one.base_version, one.version))
    return " → ".join(clean(version, 40) for version in known if version)


def _directories(comparison: Comparison) -> str:
    changed = comparison.directories
    if not changed:
        return ""
    rows = [
        (
            words.signed(one.change.disk_bytes),
            words.signed(one.change.pull_bytes),
            "" if one.files is None else f"{one.files:,}",
            "/" + clean(one.path),
        )
        for one in changed[:_SHOWN]
    ]
    header = ("change", "to pull", "files", "path")
    return _list("Directories, each with all below", rows, header, "rrrl", len(changed))


def _files(comparison: Comparison) -> str:
    changed = comparison.files
    if not changed:
        return ""
    rows = [_file(one) for one in changed[:_SHOWN]]
    number = len(changed) + comparison.files_rest.count
    title = f"Files: {number:,} changed"
    if comparison.partial.files:
        title += ", not all are known: make reports with --all-files"
    return _list(title, rows, ("change", "layer", "", "path"), "rrll", number)


def _file(one: FileChange) -> tuple[str, ...]:
    if one.disk_bytes is None:
        change = f"was {format_bytes(one.base_disk_bytes or 0)}"
    elif one.base_disk_bytes is None:
        change = f"now {format_bytes(one.disk_bytes)}"
    else:
        change = words.signed(one.disk_bytes - one.base_disk_bytes)
    path = "/" + clean(one.path)
    if one.base_path is not None:
        path = f"{path} (was /{clean(one.base_path)})"
    layer = "" if one.layer is None else str(one.layer)
    return change, layer, _FILES.get(one.status, one.status), path


def _notes(comparison: Comparison) -> str:
    # That platforms differ is in the headline.
    warnings = [one for one in comparison.warnings if one.id != "other-platform"]
    said = [
        wrapped(f"warning: {clean(one.text)} [{clean(one.id, 60)}]") for one in warnings[:_SHOWN]
    ]
    left = len(warnings) - _SHOWN
    if left > 0:
        said.append(f"and {words.count(left, 'more warning')} in the JSON comparison")
    said.append(units())
    return "\n".join(said)


def _where(created_by: Untrusted, place: Place | None) -> str:
    text = clean(words.instruction(created_by)) or "(no history)"
    return f"{clean(place.path, 40)}:{place.line} {text}" if place else text


def _list(
    title: str, rows: Sequence[Sequence[str]], header: Sequence[str], align: str, number: int
) -> str:
    """A titled table of `rows` out of `number`; `align` has `l` or `r` for each column."""
    sides = ({"l": "left", "r": "right"}[one] for one in align)
    text = f"{title}\n{table(rows, header, *sides)}"
    left = number - len(rows)
    return f"{text}\n  and {left:,} more" if left > 0 else text
