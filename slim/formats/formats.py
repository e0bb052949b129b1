"""The output formats: an explicit list. Each writes what the report holds, and adds nothing to it."""

from __future__ import annotations

from collections.abc import Sequence

from slim.errors import UsageError
from slim.formats import (
    csv,
    env,
    github,
    gitlab,
    html,
    json,
    junit,
    metrics,
    ncdu,
    repack_plan,
    sarif,
    svg,
)
from slim.formats.markdown import MARKDOWN, SUMMARY
from slim.formats.model import Document, Format, RenderOptions, marked
from slim.formats.text import TEXT
from slim.report.comparison import Comparison

FORMATS = (
    TEXT,
    json.JSON,
    MARKDOWN,
    html.HTML,
    svg.SVG,
    sarif.SARIF,
    gitlab.GITLAB,
    github.GITHUB,
    junit.JUNIT,
    csv.CSV,
    metrics.METRICS,
    SUMMARY,
    env.ENV,
    ncdu.NCDU,
    repack_plan.PLAN,
)


def render(document: Document, format: str, options: RenderOptions | None = None) -> str:
    """The report or comparison in a format: `text`, `json`, `markdown`, …

    Raises:
        UsageError: there is no such format, or it shows no comparisons.
    """
    options = options or RenderOptions()
    compared = isinstance(document, Comparison)
    chosen = find_format(format, compared=compared)
    options = marked(options, document)
    if isinstance(document, Comparison):
        assert chosen.comparison is not None  # noqa: S101
        return chosen.comparison(document, options)
    return chosen.report(document, options)


def render_together(
    documents: Sequence[Document], format: str, options: RenderOptions | None = None
) -> str:
    """Several reports and comparisons as one page.

    Raises:
        UsageError: the format has no page for several.
    """
    chosen = find_format(format, several=True)
    assert chosen.several is not None  # noqa: S101
    return chosen.several(documents, options or RenderOptions())


def format_names(*, compared: bool = False, several: bool = False) -> list[str]:
    """Names of the formats that show a report, or a comparison, or several documents on one page."""
    return [
        format.name
        for format in FORMATS
        if (format.several or not several) and (format.comparison or not compared)
    ]


def find_format(name: str, *, compared: bool = False, several: bool = False) -> Format:
    """The format of a name, which can show what it is to show.

    Raises:
        UsageError: there is none.
    """
    fitting = format_names(compared=compared, several=several)
    found = next((format for format in FORMATS if format.name == name), None)
    if found is None or name not in fitting:
        why = f"unknown format {name!r}"
        if found is not None:
            why = f"format {name!r} shows one image by itself: no differences, no page of several"
        raise UsageError("unknown-format", why, f"formats here: {', '.join(fitting)}")
    return found
