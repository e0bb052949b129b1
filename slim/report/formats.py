"""The output formats: an explicit list. Each renders a report to a string and adds nothing to it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

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


def renderer(name: str) -> Renderer:
    """The `render` function of a format.

    Raises:
        KeyError: there is no such format.
    """
    return cast("Renderer", import_module(FORMATS[name]).render)
