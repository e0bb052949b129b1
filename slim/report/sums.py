"""What must add up in a report or comparison that was read back.

What slim makes is proved while it is made (`slim.files.ledger`); this is for documents from strangers, so
that no page shows parts that are not their whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.report.comparison import Comparison
from slim.report.model import Report


def fault(document: Report | Comparison) -> str:
    """The first sum that is wrong, in words; empty when all are right."""
    sums = _report(document) if isinstance(document, Report) else _comparison(document)
    return next(
        (
            f"{what} are {found:,}, not {stated:,}"
            for what, found, stated in sums
            if found != stated
        ),
        "",
    )


_SUMS = (
    *("disk_bytes", "pull_bytes", "live_bytes", "dead_bytes", "live_pull_bytes", "dead_pull_bytes"),
    *("tar_bytes", "overhead_bytes", "files", "live_files"),
)


def _report(report: Report) -> Iterator[tuple[str, int, int]]:
    layers, totals = report.layers, report.totals
    base = [layer for layer in layers if layer.from_base]
    yield "layers", len(layers), totals.layers
    for name in _SUMS:
        yield (
            f"the layers' {name}",
            sum(getattr(layer, name) for layer in layers),
            getattr(totals, name),
        )
    yield "live and dead bytes", totals.live_bytes + totals.dead_bytes, totals.disk_bytes
    pull = totals.live_pull_bytes + totals.dead_pull_bytes + totals.overhead_pull_bytes
    yield "the parts of the pull", pull, totals.pull_bytes
    yield "the base image's bytes", sum(layer.disk_bytes for layer in base), totals.base_bytes
    yield from _tree(report)
    yield "its bytes to pull", sum(layer.pull_bytes for layer in base), totals.base_pull_bytes
    for layer in layers:
        yield f"bytes of layer {layer.index}", layer.live_bytes + layer.dead_bytes, layer.disk_bytes
    if not report.truncated.findings:
        claimed = sum(finding.claimed_bytes for finding in report.findings)
        yield "what the findings claim", claimed, totals.reclaimable_bytes
    rebuild = report.predicted.rebuild
    if rebuild is not None:
        disk, pull = rebuild.disk_bytes, rebuild.pull_bytes
        yield "what a rebuild keeps", sum(part.disk_bytes for part in rebuild.keep), disk
        yield (
            "what a rebuild keeps in the pull",
            sum(part.pull_bytes for part in rebuild.keep),
            pull,
        )


def _tree(report: Report) -> Iterator[tuple[str, int, int]]:
    """The root is what the image shows; a directory is the sum of its children."""
    tree, totals = report.tree, report.totals
    inside = [[0, 0, 0] for _ in tree]
    for node in tree:
        if node.parent is not None:
            sums = inside[node.parent]
            sums[0] += node.disk_bytes
            sums[1] += node.pull_bytes
            sums[2] += node.files
    for index, node in enumerate(tree):
        numbers = (node.disk_bytes, node.pull_bytes, node.files)
        if index == 0:
            whole = (totals.live_bytes, totals.live_pull_bytes, totals.live_files)
            for found, stated in zip(numbers, whole, strict=True):
                yield "the tree's bytes and files", found, stated
        if any(inside[index]) or (node.kind == "directory" and any(numbers)):
            for found, stated in zip(inside[index], numbers, strict=True):
                yield f"the bytes and files in node {index} of the tree", found, stated


def _comparison(comparison: Comparison) -> Iterator[tuple[str, int, int]]:
    growth, before, after = comparison.growth, comparison.base.totals, comparison.image.totals
    layers = comparison.layers
    yield "the growth's bytes", growth.disk_bytes, after.disk_bytes - before.disk_bytes
    yield "the growth's pull bytes", growth.pull_bytes, after.pull_bytes - before.pull_bytes
    disk = sum(layer.disk_bytes - layer.base_disk_bytes for layer in layers)
    yield "the layers' changes", disk, growth.disk_bytes
    pull = sum(layer.pull_bytes - layer.base_pull_bytes for layer in layers)
    yield "the layers' changes in the pull", pull, growth.pull_bytes
    parts = growth.live.disk_bytes + growth.dead.disk_bytes
    yield "the parts of the growth", parts, growth.disk_bytes
    parts = growth.live.pull_bytes + growth.dead.pull_bytes + growth.overhead_pull_bytes
    yield "the parts of the growth in the pull", parts, growth.pull_bytes
    if growth.base_image and growth.own:
        whole = growth.base_image.disk_bytes + growth.own.disk_bytes
        yield "the base image's and own changes", whole, growth.disk_bytes
        whole = growth.base_image.pull_bytes + growth.own.pull_bytes
        yield "the base image's and own changes in the pull", whole, growth.pull_bytes
    live = growth.live
    changes = [package.disk_bytes - package.base_disk_bytes for package in comparison.packages]
    found = sum(changes) + comparison.packages_rest.change.disk_bytes
    yield "the packages' changes", found, live.disk_bytes
    changes = [
        file.disk_bytes - file.base_disk_bytes
        for file in comparison.files
        if file.disk_bytes is not None and file.base_disk_bytes is not None
    ]
    yield (
        "the files' changes",
        sum(changes) + comparison.files_rest.change.disk_bytes,
        live.disk_bytes,
    )
