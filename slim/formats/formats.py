"""The output formats: an explicit list. Each writes what the report holds, and adds nothing to it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from slim.errors import UsageError
from slim.formats.model import Document, Format, RenderOptions, marked
from slim.report.comparison import Comparison

FORMATS = {
    "text": "slim.formats.text.TEXT",
    "json": "slim.formats.json.JSON",
    "markdown": "slim.formats.markdown.MARKDOWN",
    "html": "slim.formats.html.HTML",
    "svg": "slim.formats.svg.SVG",
    "sarif": "slim.formats.sarif.SARIF",
    "gitlab": "slim.formats.gitlab.GITLAB",
    "github": "slim.formats.github.GITHUB",
    "junit": "slim.formats.junit.JUNIT",
    "csv": "slim.formats.csv.CSV",
    "metrics": "slim.formats.metrics.METRICS",
    "summary": "slim.formats.markdown.SUMMARY",
    "env": "slim.formats.env.ENV",
    "ncdu": "slim.formats.ncdu.NCDU",
    "plan": "slim.formats.repack_plan.PLAN",
}
"""Name → its value of type `Format`, imported when it is used: who writes JSON waits for no HTML."""


def load_format(name: str) -> Format:
    """The format of a name that is in `FORMATS`."""
    module, _, value = FORMATS[name].rpartition(".")
    format: Format = getattr(import_module(module), value)
    return format


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
    return [name for name in FORMATS if _shows(load_format(name), compared, several)]


def find_format(name: str, *, compared: bool = False, several: bool = False) -> Format:
    """The format of a name, which can show what it is to show.

    Raises:
        UsageError: there is none.
    """
    why = f"unknown format {name!r}"
    if name in FORMATS:
        found = load_format(name)
        if _shows(found, compared, several):
            return found
        why = f"format {name!r} shows one image by itself: no differences, no page of several"
    fitting = format_names(compared=compared, several=several)
    raise UsageError("unknown-format", why, f"formats here: {', '.join(fitting)}")


def _shows(format: Format, compared: bool, several: bool) -> bool:
    return bool((format.several or not several) and (format.comparison or not compared))
