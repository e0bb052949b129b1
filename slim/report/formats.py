"""The output formats: an explicit list. Each renders a report to a string and adds nothing to it."""

from __future__ import annotations

from collections.abc import Callable

from slim.report.model import Report
from slim.report.text import render as render_text
from slim.report.wire import render as render_json

Renderer = Callable[[Report], str]

FORMATS: dict[str, Renderer] = {
    "text": render_text,
    "json": render_json,
}
