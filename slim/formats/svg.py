"""The treemap as a drawing of its own: directories, layers, what could go; or what changed."""

from __future__ import annotations

from slim.formats import changes, words
from slim.formats.html import change_map, comparison, draw, maps, report
from slim.formats.html.tones import tones
from slim.formats.model import Format, RenderOptions
from slim.formats.terminal import cut
from slim.report.comparison import Comparison
from slim.report.model import Report

_NAME = 40


def render_report(document: Report, options: RenderOptions) -> str:
    """An SVG image without scripts, links and styles; areas are bytes on disk."""
    units = options.units
    colours = tones(document.layers)
    tree = maps.tree_of(document)
    items = maps.by_directory(document, tree, colours, "disk", units)
    title = f"{cut(words.short_name(document), _NAME)}: {report.sentence(document, units)}"
    drawing = draw.treemap(items, f"Treemap of {title}", units)
    return draw.document(title, drawing, report.legend(document, colours))


def render_comparison(document: Comparison, options: RenderOptions) -> str:
    """The same of what changed; areas are how many bytes on disk."""
    units = options.units
    name = cut(words.short_name(document), _NAME)
    title = f"{name} {changes.sentence(document, units)}"
    items = change_map.changes(document, units)
    drawing = comparison.treemap(document, items, name, units) or draw.treemap([], title, units)
    return draw.document(title, drawing, change_map.legend(document, units))


SVG = Format(
    name="svg",
    about="The treemap as a drawing of its own: directories, layers, what could go; or what changed.",
    ending=".svg",
    report=render_report,
    comparison=render_comparison,
)
