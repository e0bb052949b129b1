"""Layers, directories and files of a report, or what changed of them, as CSV (RFC 4180), for spreadsheets.

Spreadsheets run cells that begin like a formula; such a cell gets a `'` in front, and control
characters are written out (`\\x1b`). For programs the JSON report has the exact names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from slim.formats.log_commands import quiet_middle
from slim.formats.model import Format, RenderOptions
from slim.formats.terminal import visible
from slim.report.comparison import Comparison, Rest
from slim.report.instruction import instruction
from slim.report.model import Report
from slim.report.untrusted import Text, bare, joined, rooted

Cell = Text | int
REPORT_HEADER = (
    *("kind", "layer", "name", "disk_bytes", "pull_bytes", "dead_bytes", "files"),
    *("dockerfile", "line", "digest"),
)
COMPARISON_HEADER = (
    *("kind", "status", "base_layer", "layer", "name", "base_version", "version"),
    *("base_disk_bytes", "disk_bytes", "disk_change"),
    *("base_pull_bytes", "pull_bytes", "pull_change", "dockerfile", "line"),
)
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def render_report(report: Report, _: RenderOptions) -> str:
    """Layers, directories and files; `name` is an instruction or a path from `/`."""
    return table(REPORT_HEADER, _rows(report))


def render_comparison(comparison: Comparison, _: RenderOptions) -> str:
    """What changed; what is not known is empty.

    The changes of all layers are the growth on disk and in the pull; so are those of all packages, and of
    all files, with the rows `rest` and `dead`.
    """
    return table(COMPARISON_HEADER, _changes(comparison))


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """All cells in quotes, lines end in CR LF; texts may be from an image."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _rows(report: Report) -> Iterable[tuple[Cell, ...]]:
    for layer in report.layers:
        place = layer.dockerfile
        yield (
            "layer",
            layer.index,
            instruction(layer.created_by),
            layer.disk_bytes,
            layer.pull_bytes,
            layer.dead_bytes,
            layer.files,
            place.path if place else "",
            place.line if place else "",
            layer.digest,
        )
    for directory in report.directories:
        sizes = (directory.disk_bytes, directory.pull_bytes, 0, directory.files)
        yield "directory", "", rooted(directory.path), *sizes, "", "", ""
    for file in report.largest_files:
        sizes = (file.disk_bytes, file.pull_bytes, 0, 1)
        yield "file", file.layer, rooted(file.path), *sizes, "", "", ""


def _changes(comparison: Comparison) -> Iterable[tuple[Cell, ...]]:
    for layer in comparison.layers:
        place = layer.dockerfile
        yield (
            *("layer", layer.status, _number(layer.base_index), _number(layer.index)),
            *(instruction(layer.created_by), "", ""),
            *_change(layer.base_disk_bytes, layer.disk_bytes),
            *_change(layer.base_pull_bytes, layer.pull_bytes),
            *((place.path, place.line) if place else ("", "")),
        )
    for package in comparison.packages:
        yield (
            *("package", package.status, _number(package.base_layer), _number(package.layer)),
            joined(package.manager, "/", package.name),
            *(package.base_version, package.version),
            *_change(package.base_disk_bytes, package.disk_bytes),
            *_change(package.base_pull_bytes, package.pull_bytes),
            *("", ""),
        )
    yield from _rest("package", comparison.packages_rest, comparison)
    for directory in comparison.directories:
        disk, pull = directory.change.disk_bytes, directory.change.pull_bytes
        yield (
            *("directory", "", "", _number(directory.layer), rooted(directory.path), "", ""),
            *("", "", disk, "", "", pull, "", ""),
        )
    for file in comparison.files:
        yield (
            *("file", file.status, _number(file.base_layer), _number(file.layer)),
            *(rooted(file.path), "", ""),
            *_change(file.base_disk_bytes, file.disk_bytes),
            *_change(file.base_pull_bytes, file.pull_bytes),
            *("", ""),
        )
    yield from _rest("file", comparison.files_rest, comparison)


def _change(before: int | None, after: int | None) -> tuple[Cell, Cell, Cell]:
    if before is None or after is None:
        return _number(before), _number(after), ""
    return before, after, after - before


def _rest(kind: str, rest: Rest, comparison: Comparison) -> Iterable[tuple[Cell, ...]]:
    """What the list does not show, and what the final filesystem does not."""
    growth = comparison.growth
    dead_pull = growth.dead.pull_bytes + growth.overhead_pull_bytes
    for status, disk, pull in (
        ("rest", rest.change.disk_bytes, rest.change.pull_bytes),
        ("dead", growth.dead.disk_bytes, dead_pull),
    ):
        yield kind, status, "", "", "", "", "", "", "", disk, "", "", pull, "", ""


def _number(value: int | None) -> Cell:
    return "" if value is None else value


def _cell(value: Cell) -> str | int:
    if isinstance(value, int):
        return value
    text = quiet_middle(visible(value))
    return f"'{text}" if bare(value).startswith(_FORMULA) or text.startswith(_FORMULA) else text


CSV = Format(
    name="csv",
    about="Layers, directories and files of the report as CSV (RFC 4180), for spreadsheets.",
    ending=".csv",
    report=render_report,
    comparison=render_comparison,
)
