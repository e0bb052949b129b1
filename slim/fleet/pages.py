"""A report about a fleet → HTML, Markdown, JSON and CSV: the same tables in each, and nothing decided here.

Names, instructions and paths are an image's: they go through the encoder of each sink.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from slim.errors import UsageError
from slim.fleet.database import Row
from slim.fleet.report import FleetReport, Section
from slim.formats import gfm
from slim.formats.csv import table
from slim.formats.html import draw, sheet
from slim.formats.html.treemap import Item
from slim.formats.model import RenderOptions
from slim.formats.terminal import cut
from slim.rules.suggestions import suggestion
from slim.units import Units

_MARKDOWN_ROWS = 20
_MAP_TONES = ("l1", "l2", "l3", "l4", "l5", "l6")


def to_json(report: FleetReport, options: RenderOptions) -> str:
    """All tables as lists of objects, for programs."""
    document = {
        "schema_version": report.schema_version,
        "kind": report.kind,
        "tool": {"name": "slim", "version": report.version},
        "totals": dict(report.totals),
        **{
            section.name: {
                "total": section.total,
                "rows": [dict(zip(_names(section), row, strict=True)) for row in section.rows],
            }
            for section in report.sections
        },
        "common_bases": [msgspec.to_builtins(each) for each in report.common_bases],
        "exceeded_budgets": [msgspec.to_builtins(each) for each in report.exceeded],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n"


def to_csv(report: FleetReport, name: str) -> str:
    """One of the tables.

    Raises:
        UsageError: there is no such table.
    """
    known = [section.name for section in report.sections]
    if name not in known:
        raise UsageError(
            "bad-choice",
            f"--table: there is no table {name[:40]!r}{suggestion(name, known)}",
            f"tables: {', '.join(known)}",
        )
    section = report.sections[known.index(name)]
    return table(_names(section), ([_cell(value) for value in row] for row in section.rows))


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    return value if isinstance(value, int) else str(value)


def _names(section: Section) -> list[str]:
    return [name for name, _, _ in section.columns]


def to_markdown(report: FleetReport, options: RenderOptions) -> str:
    """A page for a wiki or a comment: the first rows of each table."""
    size = options.units.size
    parts = [f"### {headline(report, options.units)}", ""]
    parts += [f"- {line}" for line in facts(report, options.units)]
    parts += [
        f"- **over budget**: team {gfm.code(each.team)}, {each.budget}"
        f" {size(each.value_bytes)}, at most {size(each.limit_bytes)}"
        for each in report.exceeded
    ]
    for each in report.common_bases:
        parts += ["", f"Common base: {_proposal(each.images, each.packages, gfm.code)}"]
        parts.append(
            f"saves {size(each.saves_bytes)} on disk, {size(each.saves_pull_bytes)} stored."
        )
    for section in report.sections:
        if not section.rows:
            continue
        shown = section.rows[:_MARKDOWN_ROWS]
        align = "".join("l" if kind in ("text", "code") else "r" for _, kind, _ in section.columns)
        rows = [
            [_markdown(value, kind, options.units) for value, (_, kind, _) in _pairs(row, section)]
            for row in shown
        ]
        parts += ["", f"<details><summary><b>{section.title}</b></summary>", "", section.about, ""]
        parts.append(gfm.table([heading for _, _, heading in section.columns], align, rows))
        if section.total > len(shown):
            parts += ["", f"{section.total - len(shown):,} more in the JSON report."]
        parts += ["", "</details>"]
    return "\n".join(
        [*parts, "", f"<sub>slim {report.version} · {options.units.definition}</sub>", ""]
    )


def _pairs(row: Row, section: Section) -> list[tuple[Any, tuple[str, str, str]]]:
    return list(zip(row, section.columns, strict=True))


def _markdown(value: Any, kind: str, units: Units) -> str:
    if value in (None, ""):
        return ""
    if kind == "bytes":
        return gfm.size(value, units)
    if kind == "change":
        return gfm.signed(value, units)
    if kind == "count":
        return f"{value:,}"
    if kind == "code":
        return gfm.code(str(value), 60, in_table=True)
    return gfm.prose(str(value), 120, in_table=True)


def _proposal(images: Sequence[str], packages: Sequence[str], show: Callable[[str], str]) -> str:
    first = ", ".join(show(name) for name in packages[:5])
    more = f" and {len(packages) - 5:,} more" if len(packages) > 5 else ""
    return f"put {first}{more} into a base image of {len(images):,} images"


def headline(report: FleetReport, units: Units) -> str:
    """What the fleet is, in one line."""
    totals = report.totals
    return (
        f"{totals['images']:,} images in {totals['repositories']:,} repositories:"
        f" {units.size(totals['blob_bytes'])} stored, {units.size(totals['disk_bytes'])} on disk"
    )


def facts(report: FleetReport, units: Units) -> list[str]:
    """The sums, which add up exactly: unique + shared = stored."""
    totals, size = report.totals, units.size
    lines = [
        f"stored: {size(totals['unique_bytes'])} that only one image has"
        f" + {size(totals['shared_bytes'])} that several share = {size(totals['blob_bytes'])}"
        f" in {totals['blobs']:,} blobs; without sharing {size(totals['apart_bytes'])}",
        f"on the disk of an engine that has all: {size(totals['unique_disk_bytes'])}"
        f" + {size(totals['shared_disk_bytes'])} = {size(totals['disk_bytes'])};"
        f" without sharing {size(totals['apart_disk_bytes'])}",
    ]
    if totals["ended"]:
        lines.append(
            f"{totals['ended']:,} images are of a distribution that gets no free updates any more:"
            " see the base images"
        )
    if totals["failed"]:
        lines.append(f"{totals['failed']:,} images could not be analyzed: see the table of images")
    return lines


def to_html(report: FleetReport, options: RenderOptions) -> str:
    """One page to read offline: tables that sort and can be searched, and a map."""
    units = options.units
    drawing = draw.treemap(_map(report, units), "Treemap of repositories and their layers", units)
    return sheet.fill(
        "fleet.j2",
        {
            "tool": {"version": report.version},
            "report": report,
            "headline": headline(report, units),
            "facts": facts(report, units),
            "exceeded": report.exceeded,
            "sections": [(section, _rows(section)) for section in report.sections if section.rows],
            "map": sheet.safe(drawing),
            "proposals": [
                (each, _proposal(each.images, each.packages, lambda name: cut(name, 60)))
                for each in report.common_bases
            ],
        },
        options,
    )


def _rows(section: Section) -> list[list[tuple[Any, str]]]:
    return [[(value, column[1]) for value, column in _pairs(row, section)] for row in section.rows]


def _map(report: FleetReport, units: Units) -> list[Any]:
    """Repositories, and in each the layers that only it has; what several have is a frame of its own."""
    inside: dict[str, dict[str, Item]] = defaultdict(dict)
    homes: dict[str, set[str]] = defaultdict(set)
    for repository, digest, *_ in report.layers_of:
        homes[digest].add(repository)
    for repository, digest, created_by, stored, images in report.layers_of:
        where = repository if len(homes[digest]) == 1 else f"in {len(homes[digest]):,} repositories"
        name = cut(created_by or digest, 60)
        says = f"{name}: {units.size(stored)} stored, in {images:,} images, {digest}"
        tone = "base" if images > 1 else _MAP_TONES[len(inside) % len(_MAP_TONES)]
        inside[where][digest] = Item(name, stored, 0, tone, says)
    return [
        Item(
            cut(where, 60),
            sum(item.value for item in items.values()),
            0,
            "other",
            f"{cut(where, 120)}: {len(items):,} layers",
            children=tuple(items.values()),
        )
        for where, items in inside.items()
    ]


FORMATS = ("html", "markdown", "json", "csv")
