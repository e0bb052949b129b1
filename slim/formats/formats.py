"""The output formats: an explicit list. Each renders a report to a string and adds nothing to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from slim.errors import UsageError
from slim.report.model import Report
from slim.units import UNITS, shown_in

if TYPE_CHECKING:
    from slim.report.comparison import Comparison

Renderer = Callable[[Report], str]

FORMATS = {
    "text": "slim.formats.text",
    "json": "slim.report.wire",
    "markdown": "slim.formats.markdown",
    "html": "slim.formats.html",
    "svg": "slim.formats.svg",
    "sarif": "slim.formats.sarif",
    "gitlab": "slim.formats.gitlab",
    "github": "slim.formats.github",
    "junit": "slim.formats.junit",
    "csv": "slim.formats.csv",
    "metrics": "slim.formats.metrics",
    "summary": "slim.formats.summary",
    "env": "slim.formats.env",
    "ncdu": "slim.formats.ncdu",
}
"""Name → module with a function `render`; imported when it is asked for."""
PAGES = ("text", "markdown")
"""Those that take `show_suppressed`."""
COMPARISON_FORMATS = {
    "text": "slim.formats.delta_text",
    "json": "slim.report.wire",
    "markdown": "slim.formats.delta_markdown",
    "sarif": "slim.formats.sarif",
    "gitlab": "slim.formats.gitlab",
    "github": "slim.formats.github",
    "junit": "slim.formats.junit",
    "csv": "slim.formats.delta_csv",
    "metrics": "slim.formats.metrics",
    "summary": "slim.formats.summary",
    "env": "slim.formats.env",
    "html": "slim.formats.html",
    "svg": "slim.formats.svg",
}
"""The same for comparisons; `ncdu` is a walk through one file system."""
_LABELS = ("key", "head", "report_url", "run_url", "rules_url")
TOGETHER = {"text": "plain", "markdown": "", "summary": "summary"}
"""Formats that show several documents on one page, and the flavor of that page."""
TAKES: dict[str, tuple[str, ...]] = {
    "text": (),
    "markdown": ("flavor", "run", *_LABELS),
    "summary": _LABELS,
    "html": ("key", "rules_url"),
    "sarif": ("key", "rules_url"),
    "env": ("report_url",),
}
"""Format → what its `render` takes of the words that the caller gives; other formats take none."""


def render(
    report: Report | Comparison,
    format: str,
    *,
    show_suppressed: bool = False,
    units: str = "si",
    color: bool = False,
    **labels: str,
) -> str:
    """The report or comparison in a format: `text`, `json`, `markdown`, …

    `labels`: `flavor`, `key`, `base_head`, `head`, `run`, `report_url`, `run_url` and `rules_url` as in
    `slim.formats.delta_markdown`; formats that have no place for one leave it out. Pages for people only
    count the findings that are suppressed, unless `show_suppressed`. Sizes for people are in `units`, `si` or
    `iec`; numbers for programs are bytes. `color` is for `text` on a terminal.

    Raises:
        UsageError: there is no such format, `rules_url` is no template, or there are no such units.
    """
    _check_labels(labels)
    with _shown_in(units):
        # What the gates said is part of the JSON, which is the same in all units.
        said = report if format == "json" else _restated(report, units)
        return _render(said, format, labels, show_suppressed, color)


def _render(
    report: Report | Comparison,
    format: str,
    labels: dict[str, str],
    show_suppressed: bool,
    color: bool,
) -> str:
    taken: dict[str, Any] = _taken(format, labels)
    if color and format == "text":
        taken["color"] = True
    if show_suppressed and format in PAGES:
        taken["show_suppressed"] = True
    if not isinstance(report, Report):
        check_format(format, COMPARISON_FORMATS)
        module = COMPARISON_FORMATS[format]
        if format in ("markdown", "summary") and "base_head" in labels:
            taken["base_head"] = labels["base_head"]
        return cast("str", import_module(module).render(report, **taken))
    check_format(format)
    return cast("str", import_module(FORMATS[format]).render(report, **taken))


def render_together(
    documents: Sequence[Report | Comparison],
    format: str,
    *,
    max_bytes: int | None = None,
    units: str = "si",
    **labels: str,
) -> str:
    """Several reports and comparisons as one page; `units` and `labels` are those of `render`, `max_bytes`
    bounds the page.

    Raises:
        UsageError: the format has no page for several, or `rules_url` is no template.
    """
    _check_labels(labels)
    from slim.formats import several_markdown

    check_format(format, TOGETHER)
    taken = ("flavor", "base_head", "run", *_LABELS)
    given: dict[str, Any] = {name: labels[name] for name in taken if name in labels}
    if TOGETHER[format]:
        given["flavor"] = TOGETHER[format]
    with _shown_in(units):
        said = [_restated(one, units) for one in documents]
        return several_markdown.render(said, max_bytes=max_bytes, **given)


def _check_labels(labels: dict[str, str]) -> None:
    if labels.get("rules_url"):
        from slim.formats.rules_url import parse_rules_url

        parse_rules_url(labels["rules_url"])


def _restated(document: Report | Comparison, units: str) -> Report | Comparison:
    if units == "si":
        return document
    from slim.report.judge import restated

    return restated(document)


@contextmanager
def _shown_in(units: str) -> Iterator[None]:
    if units not in UNITS:
        raise UsageError("unknown-units", f"there are no units {units!r}", f"{' or '.join(UNITS)}")
    with shown_in(units):
        yield


def _taken(format: str, labels: dict[str, str]) -> dict[str, Any]:
    return {name: labels[name] for name in TAKES.get(format, ()) if name in labels}


def check_format(name: str, formats: Iterable[str] = FORMATS) -> None:
    """Refuse a format that does not exist, before there is anything to render."""
    if name not in formats:
        why = f"there is no format {name!r}"
        if name in FORMATS:
            why = f"format {name!r} shows one image by itself: it has no differences and no pages of several"
        raise UsageError("unknown-format", why, f"formats here: {', '.join(formats)}")
