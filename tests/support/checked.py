"""Running slim in tests: everything that it says is checked against itself first.

`checked_analyze` is the way to analyse an image in a test, `checked_files` the way to stack layers
without an archive. What must always add up: per layer the payload and the overhead are the tar, and
the shares and labels are the blob; live and dead bytes are the disk bytes, and the classes are the
dead bytes; findings claim no byte twice; the same input gives the same bytes, with any number of
threads.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

import slim
from slim.dockerfile.parse import parse_dockerfile
from slim.files.blob import scan_blob
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.table import Fate, Files, Kind, LayerTable
from slim.report.model import LayerInfo, TreeNode
from slim.report.untrusted import bare
from tests.support.building import Layer, MemoryBlob
from tests.support.oracle import word


def checked_analyze(source: str | os.PathLike[str], **options: Any) -> slim.Report:
    """Analyze an image several times, and prove what design and schema promise of the report."""
    report = slim.analyze(source, **{**options, "jobs": 1})
    encoded = msgspec.json.encode(report)
    again = slim.analyze(source, **{**options, "jobs": 4})
    assert msgspec.json.encode(again) == encoded, "the same input gives the same bytes"
    assert msgspec.json.decode(encoded, type=slim.Report) == report
    for layer in report.layers:
        _check_layer(report, layer)
    _check_totals(report)
    _check_lists(report)
    _check_tree(report)
    full = report
    if report.truncated.waste or report.truncated.findings:
        full = slim.analyze(source, **{**options, "top": 1 << 30})
        assert not full.truncated.waste
        assert not full.truncated.findings
        assert full.totals == report.totals
    _check_waste(full)
    _check_findings(full)
    _check_rebuild(report)
    return report


def _check_layer(report: slim.Report, layer: LayerInfo) -> None:
    if layer.missing:
        assert layer.tar_bytes == layer.disk_bytes == 0
    assert layer.disk_bytes == layer.live_bytes + layer.dead_bytes
    # Of a layer that an archive stores uncompressed it is what gzip would make of it.
    assert layer.pull_bytes in (0, layer.blob_bytes) or layer.compression == "none"
    assert not layer.estimated or layer.compression == "none"
    labels = layer.labels
    assert sum(label.tar_bytes for label in labels) == layer.overhead_bytes
    shares = sum(label.pull_bytes for label in labels) + layer.live_pull_bytes
    assert shares + layer.dead_pull_bytes == layer.pull_bytes
    sparse = any(
        warning.id == "sparse" and warning.layer == layer.index for warning in report.warnings
    )
    if not sparse:
        # Only sparse files have another size than the payload that is stored for them.
        assert layer.disk_bytes + layer.overhead_bytes == layer.tar_bytes
    assert layer.overhead_bytes <= layer.tar_bytes
    assert layer.live_files <= layer.files
    assert layer.added + layer.changed <= layer.files


def _check_totals(report: slim.Report) -> None:
    totals, layers = report.totals, report.layers
    for name in (
        "pull_bytes",
        "disk_bytes",
        "live_bytes",
        "dead_bytes",
        "live_pull_bytes",
        "dead_pull_bytes",
        "tar_bytes",
        "overhead_bytes",
        "files",
        "live_files",
    ):
        assert getattr(totals, name) == sum(getattr(layer, name) for layer in layers), name
    assert totals.layers == len(layers)
    assert [layer.index for layer in layers] == list(range(len(layers)))
    assert totals.disk_bytes == totals.live_bytes + totals.dead_bytes
    shares = totals.live_pull_bytes + totals.dead_pull_bytes + totals.overhead_pull_bytes
    assert shares == totals.pull_bytes
    base = [layer for layer in layers if layer.from_base]
    assert base == layers[: report.image.base.layers]
    assert totals.base_bytes == sum(layer.disk_bytes for layer in base)
    assert totals.base_pull_bytes == sum(layer.pull_bytes for layer in base)


def _check_waste(report: slim.Report) -> None:
    """Dead bytes are what their classes add up to, layer by layer."""
    totals = report.totals
    assert sum(group.disk_bytes for group in report.waste) == totals.dead_bytes
    assert sum(group.pull_bytes for group in report.waste) == totals.dead_pull_bytes
    for layer in report.layers:
        own = [group for group in report.waste if group.origin_layer == layer.index]
        assert sum(group.disk_bytes for group in own) == layer.dead_bytes
        assert sum(group.pull_bytes for group in own) == layer.dead_pull_bytes
    for group in report.waste:
        assert group.origin_layer <= group.ended_by < len(report.layers)
        inside = group.kind in ("duplicate-entry", "orphan")
        assert inside == (group.origin_layer == group.ended_by)
        assert sum(example.disk_bytes for example in group.examples) <= group.disk_bytes
        assert 0 < len(group.examples) <= group.files


def _check_findings(report: slim.Report) -> None:
    """Claims are disjoint: they add up to what can be reclaimed."""
    totals, predicted = report.totals, report.predicted
    assert sum(finding.claimed_bytes for finding in report.findings) == totals.reclaimable_bytes
    assert (
        sum(finding.claimed_pull_bytes for finding in report.findings)
        == totals.reclaimable_pull_bytes
    )
    assert totals.reclaimable_bytes <= totals.disk_bytes
    assert predicted.all.disk_bytes == totals.disk_bytes - totals.reclaimable_bytes
    assert predicted.all.pull_bytes == totals.pull_bytes - totals.reclaimable_pull_bytes
    theirs = [finding.base_bytes for finding in report.findings]
    assert predicted.other_base_bytes <= min(sum(theirs), totals.base_bytes)
    assert predicted.all.disk_bytes <= predicted.safe.disk_bytes <= totals.disk_bytes
    assert predicted.all.pull_bytes <= predicted.safe.pull_bytes <= totals.pull_bytes
    for finding in report.findings:
        assert finding.claimed_bytes <= finding.disk_bytes
        assert finding.claimed_pull_bytes <= finding.pull_bytes
        assert finding.mode == "claim" or finding.claimed_bytes == finding.claimed_pull_bytes == 0
    assert len({finding.id for finding in report.findings}) == len(report.findings)


def _check_rebuild(report: slim.Report) -> None:
    """What a rebuild keeps adds up to it, is of this image, and its Dockerfile is one."""
    result, totals = report.predicted.rebuild, report.totals
    if result is None:
        return
    assert sum(part.disk_bytes for part in result.keep) == result.disk_bytes
    assert sum(part.pull_bytes for part in result.keep) == result.pull_bytes
    assert result.disk_bytes < totals.disk_bytes
    found = [part for part in result.keep if not part.guessed]
    # The base's layers are kept as they are, with what later layers hide of them.
    own = [part for part in found if result.origin != "layers" or part is not found[0]]
    assert sum(part.disk_bytes for part in own) <= totals.live_bytes
    assert sum(part.pull_bytes for part in own) <= totals.live_pull_bytes
    assert sum(part.files for part in own) <= totals.live_files
    stages = parse_dockerfile(bare(result.dockerfile)).stages
    assert len(stages) == 2
    assert stages[0].name == "build"


def _check_lists(report: slim.Report) -> None:
    for sizes in (
        [group.disk_bytes for group in report.waste],
        [directory.disk_bytes for directory in report.directories],
        [file.disk_bytes for file in report.largest_files],
    ):
        assert sizes == sorted(sizes, reverse=True)
    for directory in report.directories:
        assert directory.disk_bytes <= report.totals.live_bytes
        assert directory.files <= report.totals.live_files
    assert sum(file.disk_bytes for file in report.largest_files) <= report.totals.live_bytes


def _check_tree(report: slim.Report) -> None:
    """Directories are the sum of their children, and the root is what the image shows."""
    tree, totals, layers = report.tree, report.totals, report.layers
    numbers = ("disk_bytes", "pull_bytes", "files", "reclaimable_bytes", "reclaimable_pull_bytes")
    root = [getattr(tree[0], name) for name in numbers]
    assert root[:3] == [totals.live_bytes, totals.live_pull_bytes, totals.live_files]
    assert root[3] == sum(layer.reclaimable_live_bytes for layer in layers)
    assert root[4] == sum(layer.reclaimable_live_pull_bytes for layer in layers)
    assert totals.reclaimable_bytes == sum(layer.reclaimable_bytes for layer in layers)
    assert totals.reclaimable_pull_bytes == sum(layer.reclaimable_pull_bytes for layer in layers)
    for layer in layers:
        dead = layer.reclaimable_bytes - layer.reclaimable_live_bytes
        assert 0 <= dead <= layer.dead_bytes
        assert layer.reclaimable_live_bytes <= layer.live_bytes
        assert layer.reclaimable_live_pull_bytes <= layer.live_pull_bytes
    inside: dict[int, list[TreeNode]] = {}
    for index, node in enumerate(tree):
        assert (node.parent is None) == (index == 0)
        if node.parent is not None:
            assert node.parent < index
            inside.setdefault(node.parent, []).append(node)
        assert node.reclaimable_bytes <= node.disk_bytes
        assert node.reclaimable_pull_bytes <= node.pull_bytes
        assert (node.layer is None) == (node.disk_bytes == 0)
        assert node.layer is None or layers[node.layer].live_bytes > 0
    for parent, children in inside.items():
        assert tree[parent].kind == "directory"
        for name, number in zip(numbers, zip(*map(_numbers, children), strict=True), strict=True):
            assert getattr(tree[parent], name) == sum(number), name
        kinds = [child.kind for child in children]
        assert kinds.count("rest") <= 1
        assert "rest" not in kinds[:-1], "the rest comes last"
        named = [(child.name, child.name_b64) for child in children]
        assert len(set(named)) == len(named)


def _numbers(node: TreeNode) -> tuple[int, ...]:
    return (
        node.disk_bytes,
        node.pull_bytes,
        node.files,
        node.reclaimable_bytes,
        node.reclaimable_pull_bytes,
    )


@dataclass(frozen=True)
class Stacked:
    """Layers, what each holds, and all of them on top of each other."""

    layers: tuple[Layer, ...]
    tables: tuple[LayerTable, ...]
    files: Files


def checked_files(layers: Sequence[Layer]) -> Stacked:
    """Scan and stack layers in memory."""
    tables = tuple(scan_blob(MemoryBlob(layer.blob, 1000)) for layer in layers)
    files = resolve(tables)
    for layer, table in zip(layers, tables, strict=True):
        assert table.tar_bytes == len(layer.tar)
        assert table.blob_bytes == len(layer.blob)
        assert table.compression == layer.compression
        assert table.diff_id == layer.diff_id
        if layer.entries:
            assert len(table) == len(layer.entries), "one row per entry"
    ledger = account(files, tables, [len(layer.blob) for layer in layers])
    assert sum(sums.pull_bytes for sums in ledger.layers) == sum(
        len(layer.blob) for layer in layers
    )
    assert len(ledger.pull) == len(files)
    return Stacked(tuple(layers), tables, files)


def shown_words(stacked: Stacked) -> set[str]:
    """The final filesystem in the oracle's notation."""
    files = stacked.files
    contents = _contents(stacked)
    found: list[str] = []
    bodies = [(row, _body(files, row)) for row in range(len(files)) if files.shown[row]]
    names = Counter(body for _, body in bodies)
    for row, body in bodies:
        kind = Kind(files.kind[body]).name.lower()
        if kind == "directory":
            assert files.path(row) in {b"", *_directories(files)}
        else:
            path = files.path(row).decode("utf-8", "surrogateescape")
            content = contents.get(body, b"?")
            name = "file" if kind == "hardlink" else kind
            found.append(word(path, name, content, files.links.get(body, b""), names[body]))
    found += [
        word(path.decode("utf-8", "surrogateescape"), "directory") for path in _directories(files)
    ]
    assert len(found) == len(set(found)), "a path is shown twice"
    return set(found)


def shown_fates(stacked: Stacked) -> dict[tuple[int, int], tuple[str, int]]:
    """(layer, entry) of every regular file → its class or "live", and the layer that ended it."""
    files = stacked.files
    return {
        (layer, index): (Fate(files.fate[row]).label, files.ended_by[row])
        for layer in range(len(stacked.layers))
        for index, row in enumerate(files.rows_of(layer))
        if files.kind[row] == Kind.FILE
    }


def _directories(files: Files) -> list[bytes]:
    ids = range(1, len(files.dir_parent))
    return [files.directory_path(own) for own in ids if files.dir_shown[own]]


def _body(files: Files, row: int) -> int:
    return files.body.get(row, row) if files.kind[row] == Kind.HARDLINK else row


def _contents(stacked: Stacked) -> dict[int, bytes]:
    """Row of a regular file → what the builder put there."""
    return {
        row: entry.content
        for layer, result in enumerate(stacked.layers)
        for row, entry in zip(stacked.files.rows_of(layer), result.entries, strict=True)
    }
