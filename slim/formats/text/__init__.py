"""The format `text`: for people at a terminal, as wide as that is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slim.formats.markdown import several
from slim.formats.model import Document, Format, RenderOptions
from slim.formats.text import comparison, report


def render_several(documents: Sequence[Document], options: RenderOptions) -> str:
    """Several documents on a page of Markdown that reads well as it is."""
    return several.render(documents, replace(options, flavor="plain"))


TEXT = Format(
    name="text",
    about="The report for people at a terminal: as wide as that is, the most important first.",
    ending=".txt",
    report=report.render,
    comparison=comparison.render,
    several=render_several,
)
