"""The folds of a report's page: findings, the multi-stage build, layers, dead weight, files."""

from __future__ import annotations

from collections.abc import Sequence

from slim.formats import words
from slim.formats.gfm import block, code, prose, table
from slim.formats.instructions import shortened
from slim.formats.markdown.page import Fold, Style, place_and_instruction, where
from slim.report.model import Finding, LayerInfo, Report
from slim.report.untrusted import rooted
from slim.units import format_percent


def findings(report: Report, style: Style, steps: int) -> Fold | None:
    """All findings; none where the `steps` above the folds are all there is."""
    shown = [finding for finding in report.findings if not finding.suppressed]
    hidden = len(report.findings) - len(shown)
    notes = sum(1 for finding in shown if finding.mode != "claim")
    left_out = report.truncated.findings
    if hidden == 0 and len(shown) <= steps and not notes and not left_out:
        return None
    failing = set(report.verdict.findings)
    rows = [
        (
            f"{style.rule(finding)} {prose(finding.title, 80, in_table=True)}"
            + (" (**fails the gate**)" if finding.id in failing else ""),
            style.size(finding.claimed_bytes) if finding.mode == "claim" else "note",
            finding.severity,
            where(finding),
        )
        for finding in shown[: style.rows]
    ]
    summary = words.count(len(shown) + left_out, "finding")
    if notes:
        summary += f", {notes} of them only notes"
    if hidden:
        summary += f", {hidden:,} more suppressed"
    body = table(("rule", "saves", "severity", "where"), "lrll", rows) if rows else ""
    return Fold("Findings", summary, body + style.more(len(shown) + left_out), drop=2)


def suppressed(found: Sequence[Finding], style: Style) -> Fold | None:
    """Those of the findings that are suppressed, and why."""
    hidden = [finding for finding in found if finding.suppressed]
    if not hidden:
        return None
    rows = [
        (
            f"{style.rule(finding)} {prose(finding.title, 80, in_table=True)}",
            style.size(finding.disk_bytes),
            prose(words.suppressed(finding), 200, in_table=True),
        )
        for finding in hidden[: style.rows]
    ]
    body = table(("rule", "on disk", "why"), "lrl", rows)
    summary = words.count(len(hidden), "finding")
    return Fold("Suppressed", summary, body + style.more(len(hidden)), drop=2)


def rebuild(report: Report, style: Style) -> Fold | None:
    """What a multi-stage build would keep, and its Dockerfile."""
    rebuilt = report.predicted.rebuild
    if rebuilt is None:
        return None
    rows = [
        (
            style.size(part.disk_bytes),
            style.pull(part.pull_bytes),
            prose(part.what + (" (estimated)" if part.guessed else ""), in_table=True),
            prose(words.contents(part), in_table=True),
        )
        for part in rebuilt.keep
    ]
    body = table(("on disk", "to pull", "kept", "what it is"), "rrll", rows)
    if rebuilt.assumes:
        body += "\n\n" + "\n".join(f"- Assumption: {prose(text)}" for text in rebuilt.assumes)
    if rebuilt.unused:
        body += "\n\n" + prose(words.unused(rebuilt, style.units))
    body += "\n\n" + block(rebuilt.dockerfile, "dockerfile")
    whole = report.totals.disk_bytes
    share = format_percent(whole - rebuilt.disk_bytes, whole)
    summary = f"{words.rebuilt_size(rebuilt, style.units)} on disk, {share} less"
    return Fold("Multi-stage build", summary, body, drop=2)


def layers(report: Report, style: Style) -> Fold | None:
    """The largest layers; those of the base image are one row."""
    if not report.layers:
        return None
    whole = report.totals.disk_bytes
    base = [layer for layer in report.layers if layer.from_base]
    rows = [
        (layer.disk_bytes, _layer(layer, whole, style))
        for layer in report.layers
        if not layer.from_base
    ]
    if base:
        disk = sum(layer.disk_bytes for layer in base)
        rows.append((disk, _base(report, base, disk, style)))
    rows.sort(key=lambda row: -row[0])
    summary = f"{len(report.layers):,}"
    if len(report.layers) > 4:
        top = sum(sorted((layer.disk_bytes for layer in report.layers), reverse=True)[:4])
        summary += f", the largest four hold {format_percent(top, whole)}"
    shown = [row for _, row in rows[: style.rows]]
    if left := rows[style.rows :]:
        disk = sum(size for size, _ in left)
        others = words.count(len(left), "other layer")
        shown.append(("", style.size(disk), format_percent(disk, whole), others))
    body = table(("#", "size", "share", "instruction"), "rrrl", shown)
    return Fold("Layers", summary, body + style.more(len(rows)), drop=3)


def _layer(layer: LayerInfo, whole: int, style: Style) -> tuple[str, ...]:
    if layer.missing:
        return str(layer.index), "?", "?", code(layer.missing, in_table=True)
    text = shortened(layer.created_by, 60)
    place = layer.dockerfile
    shown = [code(f"{place.path}:{place.line}", 40, in_table=True)] if place else []
    shown.append(code(text, 60, in_table=True) if text else "(no history)")
    share = format_percent(layer.disk_bytes, whole)
    return str(layer.index), style.size(layer.disk_bytes), share, " ".join(shown)


def _base(report: Report, base: Sequence[LayerInfo], disk: int, style: Style) -> tuple[str, ...]:
    first, last = base[0].index, base[-1].index
    name = report.image.base.name
    text = "base image" + (f" {code(name, 60, in_table=True)}" if name else "")
    number = str(first) if first == last else f"{first}–{last}"
    return number, style.size(disk), format_percent(disk, report.totals.disk_bytes), text


def waste(report: Report, style: Style) -> Fold | None:
    """Dead bytes by what caused them."""
    found = words.causes_of_waste(report)
    if not found:
        return None
    rows = [
        (
            style.size(entry.disk_bytes),
            f"{words.count(entry.files, 'file')} from layer {entry.origin_layer},"
            f" {words.cause(entry.kind)}",
            place_and_instruction(entry.ended_by, entry.created_by, entry.dockerfile),
        )
        for entry in found[: style.rows]
    ]
    causes = len(found) + report.truncated.waste
    dead = style.size(report.totals.dead_bytes)
    summary = f"{dead} shipped but never visible, {words.count(causes, 'cause')}"
    body = table(("bytes", "what", "caused by"), "rll", rows)
    return Fold("Dead weight", summary, body + style.more(causes), drop=1)


def files(report: Report, style: Style) -> Fold | None:
    """The largest files."""
    if not report.largest_files:
        return None
    rows = [
        (style.size(file.disk_bytes), code(rooted(file.path), in_table=True), str(file.layer))
        for file in report.largest_files[: style.rows]
    ]
    body = table(("size", "path", "layer"), "rlr", rows)
    summary = f"{report.totals.live_files:,}, the largest of them"
    return Fold("Files", summary, body, drop=0)
