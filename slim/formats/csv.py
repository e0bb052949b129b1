"""Layers, directories and files of the report as CSV (RFC 4180), for spreadsheets [pure].

Spreadsheets run cells that begin like a formula; such a cell gets a `'` in front, and control
characters are written out (`\\x1b`). For programs the JSON report has the exact names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from slim.formats import words
from slim.formats.log_commands import quiet_middle
from slim.formats.terminal import visible
from slim.report.model import Report
from slim.report.untrusted import Text, bare, rooted

Cell = Text | int
HEADER = (
    "kind",
    "layer",
    "name",
    "disk_bytes",
    "pull_bytes",
    "dead_bytes",
    "files",
    "dockerfile",
    "line",
    "digest",
)
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def render(report: Report) -> str:
    """All cells in quotes, lines end in CR LF; `name` is an instruction or a path from `/`."""
    return table(HEADER, _rows(report))


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The same for any rows; texts may be from an image."""
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
            words.instruction(layer.created_by),
            layer.disk_bytes,
            layer.pull_bytes,
            layer.dead_bytes,
            layer.files,
            place.path if place else "",
            place.line if place else "",
            layer.digest,
        )
    for one in report.directories:
        yield (
            "directory",
            "",
            rooted(one.path),
            one.disk_bytes,
            one.pull_bytes,
            0,
            one.files,
            "",
            "",
            "",
        )
    for file in report.largest_files:
        yield (
            "file",
            file.layer,
            rooted(file.path),
            file.disk_bytes,
            file.pull_bytes,
            0,
            1,
            "",
            "",
            "",
        )


def _cell(value: Cell) -> str | int:
    if isinstance(value, int):
        return value
    text = quiet_middle(visible(value))
    return f"'{text}" if bare(value).startswith(_FORMULA) or text.startswith(_FORMULA) else text
