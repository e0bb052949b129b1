"""The changes of a comparison as CSV, by the conventions of `slim.formats.csv` [pure].

The changes of all layers are the growth on disk and in the pull; so are those of all packages, and of all
files, with the rows `rest` and `dead`.
"""

from __future__ import annotations

from collections.abc import Iterable

from slim.formats import words
from slim.formats.csv import Cell, table
from slim.report.comparison import Comparison, Rest
from slim.report.untrusted import joined, rooted

HEADER = (
    "kind",
    "status",
    "base_layer",
    "layer",
    "name",
    "base_version",
    "version",
    "base_disk_bytes",
    "disk_bytes",
    "disk_change",
    "base_pull_bytes",
    "pull_bytes",
    "pull_change",
    "dockerfile",
    "line",
)


def render(comparison: Comparison) -> str:
    """All cells in quotes, lines end in CR LF; what is not known is empty."""
    return table(HEADER, _rows(comparison))


def _rows(made: Comparison) -> Iterable[tuple[Cell, ...]]:
    for layer in made.layers:
        place = layer.dockerfile
        yield (
            "layer",
            layer.status,
            _number(layer.base_index),
            _number(layer.index),
            words.instruction(layer.created_by),
            "",
            "",
            *_change(layer.base_disk_bytes, layer.disk_bytes),
            *_change(layer.base_pull_bytes, layer.pull_bytes),
            place.path if place else "",
            place.line if place else "",
        )
    for package in made.packages:
        yield (
            "package",
            package.status,
            _number(package.base_layer),
            _number(package.layer),
            joined(package.manager, "/", package.name),
            package.base_version,
            package.version,
            *_change(package.base_disk_bytes, package.disk_bytes),
            *_change(package.base_pull_bytes, package.pull_bytes),
            "",
            "",
        )
    yield from _rest("package", made.packages_rest, made)
    for directory in made.directories:
        yield (
            "directory",
            "",
            "",
            _number(directory.layer),
            rooted(directory.path),
            "",
            "",
            "",
            "",
            directory.change.disk_bytes,
            "",
            "",
            directory.change.pull_bytes,
            "",
            "",
        )
    for file in made.files:
        yield (
            "file",
            file.status,
            _number(file.base_layer),
            _number(file.layer),
            rooted(file.path),
            "",
            "",
            *_change(file.base_disk_bytes, file.disk_bytes),
            *_change(file.base_pull_bytes, file.pull_bytes),
            "",
            "",
        )
    yield from _rest("file", made.files_rest, made)


def _change(before: int | None, after: int | None) -> tuple[Cell, Cell, Cell]:
    if before is None or after is None:
        return _number(before), _number(after), ""
    return before, after, after - before


def _rest(kind: str, rest: Rest, made: Comparison) -> Iterable[tuple[Cell, ...]]:
    """What the list does not show, and what the final filesystem does not."""
    growth = made.growth
    dead_pull = growth.dead.pull_bytes + growth.overhead_pull_bytes
    for status, disk, pull in (
        ("rest", rest.change.disk_bytes, rest.change.pull_bytes),
        ("dead", growth.dead.disk_bytes, dead_pull),
    ):
        yield kind, status, "", "", "", "", "", "", "", disk, "", "", pull, "", ""


def _number(value: int | None) -> Cell:
    return "" if value is None else value
