"""The report as one HTML page to read offline: plan first, then maps and lists of what is in the image.

The page asks for nothing and runs nothing but its own script, which its policy names by hash; without
scripts, and where style sheets are forbidden, everything is there to be read. [pure]
"""

from __future__ import annotations

from functools import partial

from slim.formats.html import sheet
from slim.formats.html.single import context
from slim.formats.rules_url import page_of
from slim.report.comparison import Comparison
from slim.report.model import Report


def render(report: Report | Comparison, *, key: str = "", rules_url: str = "") -> str:
    """The page, at most about a megabyte however large the image; `key` stands for the image's name,
    `rules_url` is a template of the addresses of pages about rules."""
    if isinstance(report, Comparison):
        from slim.formats.html.compared import context as compared

        return sheet.fill(
            "comparison.j2", compared(report, key) | {"rule_page": partial(page_of, rules_url)}
        )
    return sheet.fill(
        "report.j2", context(report, key) | {"rule_page": partial(page_of, rules_url)}
    )
