"""The folds of a comparison's page: layers, findings, packages, directories, files.

Each is a table of the largest changes; one that is cut has a row for the rest, so that its changes add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from slim.formats import changes, words
from slim.formats.code_findings import suppressed
from slim.formats.gfm import code, prose, table
from slim.formats.instructions import shortened
from slim.formats.markdown.page import Fold, Style
from slim.report.comparison import (
    Comparison,
    FileChange,
    FindingChange,
    LayerChange,
    PackageChange,
    Rest,
)
from slim.report.untrusted import rooted

_STATUSES = {"new": "new", "still": "on base", "fixed": "fixed"}
_FILE_STATUSES = {
    "moved": " moved",
    "changed": " other contents",
    "gone": " gone",
    "new": " new",
    "larger": " new, or it grew",
    "smaller": " gone, or it shrank",
}


def layers(comparison: Comparison, style: Style) -> Fold | None:
    """What became of each layer that is not the same."""
    changed = [layer for layer in comparison.layers if layer.status != "same"]
    if not changed:
        return None
    changed.sort(key=lambda layer: -abs(layer.disk_bytes - layer.base_disk_bytes))
    rows = [_layer(layer, style) for layer in changed[: style.rows]]
    if left := changed[style.rows :]:
        change = sum(layer.disk_bytes - layer.base_disk_bytes for layer in left)
        rows.append(("", words.count(len(left), "other layer"), "", "", style.change(change), ""))
    summary = _counts(
        (layer.status for layer in comparison.layers),
        {name: name for name in ("added", "removed", "grew", "shrank", "rebuilt", "same")},
    )
    header = ("#", "instruction", "base", "this PR", "change", "reclaimable")
    body = table(header, "rlrrrr", rows)
    return Fold("Layers", summary, body + style.more(len(changed)), drop=4)


def _layer(layer: LayerChange, style: Style) -> tuple[str, ...]:
    number = layer.base_index if layer.index is None else layer.index
    change = style.change(layer.disk_bytes - layer.base_disk_bytes)
    text = shortened(layer.created_by, 60)
    shown = [code(text, 60, in_table=True) if text else "(no history)"]
    if layer.dockerfile is not None:
        shown.insert(0, code(f"{layer.dockerfile.path}:{layer.dockerfile.line}", 40, in_table=True))
    if layer.from_base:
        shown.append("(base image)")
    return (
        _number(number),
        " ".join(shown),
        "new" if layer.status == "added" else style.size(layer.base_disk_bytes),
        "gone" if layer.status == "removed" else style.size(layer.disk_bytes),
        f"**{change}**" if layer.status == "added" else change,
        style.size(layer.reclaimable_bytes) if layer.reclaimable_bytes else "",
    )


def findings(comparison: Comparison, style: Style) -> Fold | None:
    """New, still there and fixed; and how many are suppressed."""
    hidden = len(suppressed(comparison))
    if not comparison.findings and not hidden:
        return None
    failing = set(comparison.verdict.findings)
    charged = any(
        change.status == "still" and change.finding.id in failing for change in comparison.findings
    )
    free = "" if charged else " (not counted against this PR)"
    summary = _counts(
        (change.status for change in comparison.findings),
        {"new": "new", "still": f"already on base{free}", "fixed": "fixed"},
    )
    rows = [
        (
            _STATUSES[change.status],
            f"{style.rule(change.finding)} {prose(change.finding.title, 80, in_table=True)}"
            + (" (**fails the gate**)" if change.finding.id in failing else ""),
            style.size(change.finding.claimed_bytes),
            _where(change),
        )
        for change in comparison.findings[: style.rows]
    ]
    if left := comparison.findings[style.rows :]:
        saves = sum(change.finding.claimed_bytes for change in left)
        rows.append(("", words.count(len(left), "other finding"), style.size(saves), ""))
    if hidden:
        summary = (
            f"{summary}, {hidden:,} suppressed" if comparison.findings else f"{hidden:,} suppressed"
        )
    body = table(("", "rule", "saves", "where"), "llrl", rows) if rows else ""
    return Fold("Findings", summary, body + style.more(len(comparison.findings)), drop=3)


def _where(change: FindingChange) -> str:
    """Layer, and packages or files: `layer 9, /app/.git/HEAD, 412 files`."""
    found = change.finding
    parts = [f"layer {found.where[0].layer:,}{words.other_layers(found)}"] if found.where else []
    if found.packages:
        parts.append(words.count(len(found.packages), "package"))
    elif found.examples:
        parts.append(code(rooted(found.examples[0].path), 60, in_table=True))
    if found.files > 1 and not found.packages:
        parts.append(words.count(found.files, "file"))
    return ", ".join(parts)


def packages(comparison: Comparison, style: Style) -> Fold | None:
    """Added, removed, updated, larger and smaller."""
    changed, rest = comparison.packages, comparison.packages_rest
    if not changed:
        return None
    rows = [_package(package, style) for package in changed[: style.rows]]
    disk, count = _left(changed[style.rows :], rest)
    if disk or count:
        others = f"{words.count(count, 'other package')} and files of none"
        rows.append((style.change(disk), others if count else "files of no package", "", ""))
    summary = _counts(
        (package.status for package in changed),
        {name: name for name in ("added", "removed", "updated", "grew", "shrank")},
    )
    summary += " (not all are known)" if comparison.partial.packages else ""
    body = table(("change", "package", "version", "layer"), "rllr", rows)
    return Fold("Packages", summary, body + style.more(len(changed) + rest.count), drop=2)


def _package(package: PackageChange, style: Style) -> tuple[str, ...]:
    versions = [
        code(version, 40, in_table=True)
        for version in dict.fromkeys((package.base_version, package.version))
        if version
    ]
    version = " → ".join(versions)
    return (
        style.change(package.disk_bytes - package.base_disk_bytes),
        code(package.name, 60, in_table=True) + f" ({prose(package.manager, 20, in_table=True)})",
        f"{version} {package.status}".strip()
        if package.status in ("added", "removed")
        else version,
        _number(package.layer),
    )


def directories(comparison: Comparison, style: Style) -> Fold | None:
    """Where the change is; directories may be in each other."""
    changed = comparison.directories
    if not changed:
        return None
    rows = [
        (
            style.change(directory.change.disk_bytes),
            code(rooted(directory.path), in_table=True),
            "" if directory.files is None else f"{directory.files:,}",
            _number(directory.layer),
        )
        for directory in changed[: style.rows]
    ]
    summary = "where most of it is, each with all below it"
    body = table(("change", "path", "files", "layer"), "rlrr", rows)
    return Fold("Directories", summary, body, drop=0)


def files(comparison: Comparison, style: Style) -> Fold | None:
    """The files of most bytes, on disk or in the pull."""
    changed, rest = comparison.files, comparison.files_rest
    if not changed:
        return None
    count = len(changed) + rest.count
    rows = [_file(file, style) for file in changed[: style.rows]]
    disk, left = _left(changed[style.rows :], rest)
    if disk or left:
        rows.append((style.change(disk), words.count(left, "other file") if left else "others", ""))
    summary = f"{count:,} changed"
    summary += f", the {style.rows:,} largest" if count > style.rows else ""
    body = table(("change", "path", "layer"), "rlr", rows)
    if comparison.partial.files:
        summary += " (not all are known)"
        body += "\n\n_A report lists only its largest files: make both with --all-files._"
    return Fold("Files", summary, body + style.more(count), drop=1)


def _file(file: FileChange, style: Style) -> tuple[str, ...]:
    path = code(rooted(file.path), in_table=True)
    if file.base_path is not None:
        path = f"{code(rooted(file.base_path), in_table=True)} → {path}"
    status = _FILE_STATUSES.get(file.status, "")
    return changes.file_change(file, style.size), path + status, _number(file.layer)


def _left(hidden: Sequence[FileChange] | Sequence[PackageChange], rest: Rest) -> tuple[int, int]:
    """Bytes and number of changes that a table does not show."""
    disk = sum(
        change.disk_bytes - change.base_disk_bytes
        for change in hidden
        if change.disk_bytes is not None and change.base_disk_bytes is not None
    )
    return disk + rest.change.disk_bytes, len(hidden) + rest.count


def _counts(statuses: Iterable[str], names: dict[str, str]) -> str:
    """`1 added, 1 grew, 10 same`."""
    counts = Counter(statuses)
    return ", ".join(
        f"{counts[status]:,} {text}" for status, text in names.items() if counts[status]
    )


def _number(layer: int | None) -> str:
    return "" if layer is None else f"{layer:,}"
