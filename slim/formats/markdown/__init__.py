"""The formats `markdown`, for pull requests, and `summary`, for the page of a CI job.

Both are the same page; a summary has longer tables, up to 1 MB, and no marker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from slim.formats.markdown import comparison, failed, report, several
from slim.formats.model import Format, RenderOptions

D = TypeVar("D")


def _summary(render: Callable[[D, RenderOptions], str]) -> Callable[[D, RenderOptions], str]:
    return lambda document, options: render(document, replace(options, flavor="summary"))


MARKDOWN = Format(
    name="markdown",
    about="The report as Markdown, for a pull request or a job's summary: what to do first, numbers after.",
    ending=".md",
    report=report.render,
    comparison=comparison.render,
    several=several.render,
    failure=failed.render,
)
SUMMARY = Format(
    name="summary",
    about="The Markdown page for a job's summary: longer tables, up to 1 MB, and no marker.",
    ending=".summary.md",
    report=_summary(report.render),
    comparison=_summary(comparison.render),
    several=_summary(several.render),
    failure=_summary(failed.render),
)
