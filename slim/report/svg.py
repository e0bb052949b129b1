"""The treemap of the image as a drawing of its own: directories, layers, and what could go [pure]."""

from __future__ import annotations

from slim.report import words
from slim.report.html import draw, maps, single
from slim.report.html.tones import tones
from slim.report.model import Report
from slim.report.terminal import cut


def render(report: Report) -> str:
    """An SVG image without scripts, links and styles; areas are bytes on disk."""
    colours = tones(report.layers)
    items = maps.by_directory(report, maps.tree_of(report), colours, "disk")
    name = cut(words.short_name(report), 40)
    title = f"{name}: {single.sentence(report)}"
    drawing = draw.treemap(items, f"Treemap of {title}")
    return draw.document(title, drawing, single.legend(report, colours))
