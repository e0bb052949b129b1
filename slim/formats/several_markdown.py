"""Several reports and comparisons as one page: a sentence about all, and a fold for each [pure].

So that a repository that builds several images gets one comment. A page that is too long first loses the
tables inside of the folds, the least important of all images at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from slim.formats import delta_markdown, markdown, words
from slim.formats.flavors import Flavor, flavor_of
from slim.formats.gfm import code, link, marker
from slim.formats.page import Fold, Said, page
from slim.formats.terminal import shorten, visible
from slim.report.comparison import Comparison
from slim.report.model import Report
from slim.report.untrusted import joined
from slim.version import VERSION

Document = Report | Comparison


def render(
    documents: Sequence[Document],
    *,
    flavor: str = "github",
    max_bytes: int | None = None,
    key: str = "",
    base_head: str = "",
    head: str = "",
    run: str = "",
    report_url: str = "",
    run_url: str = "",
    rules_url: str = "",
) -> str:
    """The page of one document, or of several with one fold each; the arguments are those of
    `slim.formats.delta_markdown`. The key of several is by default all their names.

    Raises:
        UsageError: there is no such flavor.
    """
    about: dict[str, Any] = {
        "key": key,
        "head": head,
        "report_url": report_url,
        "run_url": run_url,
        "rules_url": rules_url,
    }
    if len(documents) == 1:
        (one,) = documents
        if isinstance(one, Comparison):
            return delta_markdown.render(
                one, flavor=flavor, max_bytes=max_bytes, base_head=base_head, run=run, **about
            )
        return markdown.render(one, flavor=flavor, max_bytes=max_bytes, run=run, **about)
    style = flavor_of(flavor)
    told = [_say(one, style, base_head, head, rules_url) for one in documents]
    name = key or joined(*(one.name for one in told), by=":")
    footer = f"slim {VERSION}"
    for text, url in (("HTML report", report_url), ("run", run_url)):
        footer += f" · {link(text, url)}" if url else ""
    limit = style.max_bytes if max_bytes is None else max_bytes
    orders = sorted({fold.drop for one in told for fold in one.folds})
    text = ""
    for order in [-1, *orders]:
        folds = [_fold(one, style, order) for one in told]
        text = page(marker(name, head, run), [_sentence(documents)], folds, footer, style, limit)
        if len(text.encode()) <= limit and "_Left out for length" not in text:
            break
    return text


def _say(one: Document, style: Flavor, base_head: str, head: str, rules_url: str) -> Said:
    if isinstance(one, Comparison):
        return delta_markdown.say(one, style, base_head=base_head, head=head, rules_url=rules_url)
    return markdown.say(one, style, rules_url=rules_url)


def _sentence(documents: Sequence[Document]) -> str:
    bad = [one for one in documents if one.verdict.result != "pass"]
    said = f"### {len(documents):,} images"
    if bad:
        states = sorted({words.verdict(one) or "gate failed" for one in bad})
        return f"{said}: {len(bad):,} of them {', '.join(states)}"
    asked = any(map(words.verdict, documents))
    return f"{said}: all within budget" if asked else said


def _fold(one: Said, style: Flavor, order: int) -> Fold:
    """The image's whole page, with those tables that are left out later than `order`."""
    parts = list(one.parts)
    for fold in one.folds:
        if fold.drop > order:
            parts.append(f"**{fold.title}**: {fold.says}\n\n{fold.body}")
    parts.append(one.footer)
    # What GitHub makes of names in HTML it does not make of code.
    shown = f"<code>{escape(shorten(visible(one.name), 60))}</code>"
    return Fold(shown if style.html else code(one.name, 60), one.brief, "\n\n".join(parts), 0)
