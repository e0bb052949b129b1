"""The folds of a comparison's page: layers, findings, packages, directories, files [pure].

Each is a table of the largest changes; one that is cut has a row for the rest, so that its changes add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from slim.formats import words
from slim.formats.gfm import code, prose, signed, size, table
from slim.formats.page import Cut, Fold
from slim.formats.results import suppressed
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


def layers(comparison: Comparison, cut: Cut) -> Fold | None:
    """What became of each layer that is not the same."""
    changed = [one for one in comparison.layers if one.status != "same"]
    if not changed:
        return None
    changed.sort(key=lambda one: -abs(one.disk_bytes - one.base_disk_bytes))
    rows = [_layer(one) for one in changed[: cut.rows]]
    if left := changed[cut.rows :]:
        change = sum(one.disk_bytes - one.base_disk_bytes for one in left)
        rows.append(("", words.count(len(left), "other layer"), "", "", signed(change), ""))
    says = _counts(
        (one.status for one in comparison.layers),
        {name: name for name in ("added", "removed", "grew", "shrank", "rebuilt", "same")},
    )
    header = ("#", "instruction", "base", "this PR", "change", "reclaimable")
    body = table(header, "rlrrrr", rows)
    return Fold("Layers", says, body + cut.more(len(changed)), drop=4)


def _layer(one: LayerChange) -> tuple[str, ...]:
    number = one.base_index if one.index is None else one.index
    text = words.instruction(one.created_by)
    said = [code(text, 60, in_table=True) if text else "(no history)"]
    if one.dockerfile is not None:
        said.insert(0, code(f"{one.dockerfile.path}:{one.dockerfile.line}", 40, in_table=True))
    if one.from_base:
        said.append("(base image)")
    return (
        _number(number),
        " ".join(said),
        "new" if one.status == "added" else size(one.base_disk_bytes),
        "gone" if one.status == "removed" else size(one.disk_bytes),
        _strong(one.disk_bytes - one.base_disk_bytes, one.status == "added"),
        size(one.reclaimable_bytes) if one.reclaimable_bytes else "",
    )


def findings(comparison: Comparison, cut: Cut) -> Fold | None:
    """New, still there and fixed; and how many are suppressed."""
    silenced = len(suppressed(comparison))
    if not comparison.findings and not silenced:
        return None
    failing = set(comparison.verdict.findings)
    charged = any(
        one.status == "still" and one.finding.id in failing for one in comparison.findings
    )
    free = "" if charged else " (not counted against this PR)"
    says = _counts(
        (one.status for one in comparison.findings),
        {"new": "new", "still": f"already on base{free}", "fixed": "fixed"},
    )
    rows = [
        (
            _STATUSES[one.status],
            f"{cut.rule(one.finding)} {prose(one.finding.title, 80, in_table=True)}"
            + (" (**fails the gate**)" if one.finding.id in failing else ""),
            size(one.finding.claimed_bytes),
            _where(one),
        )
        for one in comparison.findings[: cut.rows]
    ]
    if left := comparison.findings[cut.rows :]:
        saves = sum(one.finding.claimed_bytes for one in left)
        rows.append(("", words.count(len(left), "other finding"), size(saves), ""))
    if silenced:
        says = (
            f"{says}, {silenced:,} suppressed"
            if comparison.findings
            else f"{silenced:,} suppressed"
        )
    body = table(("", "rule", "saves", "where"), "llrl", rows) if rows else ""
    return Fold("Findings", says, body + cut.more(len(comparison.findings)), drop=3)


def _where(one: FindingChange) -> str:
    """Layer, and packages or files: `layer 9, /app/.git/HEAD, 412 files`."""
    found = one.finding
    said = [f"layer {found.where[0].layer:,}{words.other_layers(found)}"] if found.where else []
    if found.packages:
        said.append(words.count(len(found.packages), "package"))
    elif found.examples:
        said.append(code(rooted(found.examples[0].path), 60, in_table=True))
    if found.files > 1 and not found.packages:
        said.append(words.count(found.files, "file"))
    return ", ".join(said)


def packages(comparison: Comparison, cut: Cut) -> Fold | None:
    """Added, removed, updated, larger and smaller."""
    changed, rest = comparison.packages, comparison.packages_rest
    if not changed:
        return None
    rows = [_package(one) for one in changed[: cut.rows]]
    disk, count = _left(changed[cut.rows :], rest)
    if disk or count:
        others = f"{words.count(count, 'other package')} and files of none"
        rows.append((signed(disk), others if count else "files of no package", "", ""))
    says = _counts(
        (one.status for one in changed),
        {name: name for name in ("added", "removed", "updated", "grew", "shrank")},
    )
    says += ", not all are known" if comparison.partial.packages else ""
    body = table(("change", "package", "version", "layer"), "rllr", rows)
    return Fold("Packages", says, body + cut.more(len(changed) + rest.count), drop=2)


def _package(one: PackageChange) -> tuple[str, ...]:
    versions = [
        code(version, 40, in_table=True)
        for version in dict.fromkeys((one.base_version, one.version))
        if version
    ]
    version = " → ".join(versions)
    return (
        signed(one.disk_bytes - one.base_disk_bytes),
        code(one.name, 60, in_table=True) + f" ({prose(one.manager, 20, in_table=True)})",
        f"{version} {one.status}".strip() if one.status in ("added", "removed") else version,
        _number(one.layer),
    )


def directories(comparison: Comparison, cut: Cut) -> Fold | None:
    """Where the change is; directories may be in each other."""
    changed = comparison.directories
    if not changed:
        return None
    rows = [
        (
            signed(one.change.disk_bytes),
            code(rooted(one.path), in_table=True),
            "" if one.files is None else f"{one.files:,}",
            _number(one.layer),
        )
        for one in changed[: cut.rows]
    ]
    says = "where most of it is, each with all below"
    body = table(("change", "path", "files", "layer"), "rlrr", rows)
    return Fold("Directories", says, body, drop=0)


def files(comparison: Comparison, cut: Cut) -> Fold | None:
    """The files of most bytes, on disk or in the pull."""
    changed, rest = comparison.files, comparison.files_rest
    if not changed:
        return None
    count = len(changed) + rest.count
    rows = [_file(one) for one in changed[: cut.rows]]
    disk, left = _left(changed[cut.rows :], rest)
    if disk or left:
        rows.append((signed(disk), words.count(left, "other file") if left else "others", ""))
    says = f"{count:,} changed"
    says += f", the {cut.rows:,} largest" if count > cut.rows else ""
    body = table(("change", "path", "layer"), "rlr", rows)
    if comparison.partial.files:
        says += ", not all are known"
        body += "\n\n_A report lists its largest files only: make it with --all-files._"
    return Fold("Files", says, body + cut.more(count), drop=1)


def _file(one: FileChange) -> tuple[str, ...]:
    path = code(rooted(one.path), in_table=True)
    if one.base_path is not None:
        path = f"{code(rooted(one.base_path), in_table=True)} → {path}"
    if one.disk_bytes is None:
        change = f"was {size(one.base_disk_bytes or 0)}"
    elif one.base_disk_bytes is None:
        change = f"now {size(one.disk_bytes)}"
    else:
        change = signed(one.disk_bytes - one.base_disk_bytes)
    says = {"moved": " moved", "changed": " other contents", "gone": " gone", "new": " new"}
    says |= {"larger": " new, or it grew", "smaller": " gone, or it shrank"}
    return change, path + says.get(one.status, ""), _number(one.layer)


def _left(cut: Sequence[FileChange] | Sequence[PackageChange], rest: Rest) -> tuple[int, int]:
    """Bytes and number of changes that a table does not show."""
    disk = sum(
        one.disk_bytes - one.base_disk_bytes
        for one in cut
        if one.disk_bytes is not None and one.base_disk_bytes is not None
    )
    return disk + rest.change.disk_bytes, len(cut) + rest.count


def _counts(statuses: Iterable[str], names: dict[str, str]) -> str:
    """`1 added, 1 grew, 10 same`."""
    counts = Counter(statuses)
    return ", ".join(f"{counts[one]:,} {text}" for one, text in names.items() if counts[one])


def _number(layer: int | None) -> str:
    return "" if layer is None else f"{layer:,}"


def _strong(change: int, strong: bool) -> str:
    return f"**{signed(change)}**" if strong else signed(change)
