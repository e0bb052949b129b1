"""The treemap as a drawing of its own: directories, layers, what could go; or what changed [pure]."""

from __future__ import annotations

from slim.formats import words
from slim.formats.delta_words import sentence
from slim.formats.html import change_map, compared, draw, maps, single
from slim.formats.html.tones import tones
from slim.formats.terminal import cut
from slim.report.comparison import Comparison
from slim.report.model import Report


def render(report: Report | Comparison) -> str:
    """An SVG image without scripts, links and styles; areas are bytes on disk."""
    name = cut(words.short_name(report), 40)
    if isinstance(report, Comparison):
        title = f"{name} {sentence(report)}"
        drawing = compared.treemap(report, name) or draw.treemap([], title)
        return draw.document(title, drawing, change_map.legend(report))
    colours = tones(report.layers)
    items = maps.by_directory(report, maps.tree_of(report), colours, "disk")
    title = f"{name}: {single.sentence(report)}"
    drawing = draw.treemap(items, f"Treemap of {title}")
    return draw.document(title, drawing, single.legend(report, colours))
