"""The Markdown page for a job's summary: longer tables, up to 1 MB, and no marker [pure]."""

from __future__ import annotations

from slim.formats import several_markdown
from slim.formats.results import Document


def render(
    document: Document,
    *,
    key: str = "",
    base_head: str = "",
    head: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
) -> str:
    """The page; the arguments are those of `slim.formats.delta_markdown`."""
    return several_markdown.render(
        [document],
        flavor="summary",
        key=key,
        base_head=base_head,
        head=head,
        report_url=report_url,
        run_url=run_url,
        rules_url=rules_url,
    )
