"""The report as one HTML page to read offline: plan first, then maps and lists of what is in the image.

The page loads nothing and runs nothing but its own script, which its policy names by hash; without
scripts, and where style sheets are forbidden, everything is there to be read.
"""

from __future__ import annotations

from slim.formats.html import comparison, report, sheet
from slim.formats.model import Format, RenderOptions
from slim.report.comparison import Comparison
from slim.report.model import Report


def render_report(document: Report, options: RenderOptions) -> str:
    """The page, at most about a megabyte however large the image; `key` stands for the image's name."""
    return sheet.fill("report.j2", report.context(document, options), options)


def render_comparison(document: Comparison, options: RenderOptions) -> str:
    """The same for what changed."""
    return sheet.fill("comparison.j2", comparison.context(document, options), options)


HTML = Format(
    name="html",
    about="The report as one HTML page to read offline: what to change, then maps and lists of the contents.",
    ending=".html",
    report=render_report,
    comparison=render_comparison,
)
