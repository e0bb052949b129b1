"""The output formats: an explicit list. Each renders a report to a string and adds nothing to it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from slim.errors import UsageError
from slim.report.model import Report

Renderer = Callable[[Report], str]

FORMATS = {
    "text": "slim.report.text",
    "json": "slim.report.wire",
    "markdown": "slim.report.markdown",
    "sarif": "slim.report.sarif",
    "gitlab": "slim.report.gitlab",
    "github": "slim.report.github",
    "junit": "slim.report.junit",
    "csv": "slim.report.csv",
    "metrics": "slim.report.metrics",
}
"""Name → module with a function `render`; imported when it is asked for."""


def render(report: Report, format: str) -> str:
    """The report in a format: `text`, `json`, `markdown`, …

    Raises:
        UsageError: there is no such format.
    """
    check_format(format)
    return renderer(format)(report)


def check_format(name: str) -> None:
    """Refuse a format that does not exist, before there is anything to render."""
    if name not in FORMATS:
        raise UsageError(
            "unknown-format", f"there is no format {name!r}", f"formats: {', '.join(FORMATS)}"
        )


def renderer(name: str) -> Renderer:
    """The `render` function of a format.

    Raises:
        KeyError: there is no such format.
    """
    return cast("Renderer", import_module(FORMATS[name]).render)
