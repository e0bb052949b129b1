"""Several reports and comparisons as one page: a sentence about all, and a fold for each.

So that a repository that builds several images gets one comment. A page that is too long first loses the
tables inside of the folds, the least important of all images at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from msgspec.structs import replace

from slim.formats import verdicts
from slim.formats.flavors import Flavor, flavor_of
from slim.formats.gfm import code, marker
from slim.formats.markdown import comparison, report
from slim.formats.markdown.page import Fold, Section, links, page
from slim.formats.model import Document, RenderOptions, marked
from slim.formats.terminal import shorten, visible
from slim.report.comparison import Comparison
from slim.report.untrusted import joined
from slim.version import VERSION


def render(documents: Sequence[Document], options: RenderOptions) -> str:
    """The page of one document, or of several with one fold each. The key of several is by default all their
    names.

    Raises:
        UsageError: there is no such flavor.
    """
    if len(documents) == 1:
        (document,) = documents
        options = marked(options, document)
        if isinstance(document, Comparison):
            return comparison.render(document, options)
        return report.render(document, options)
    flavor = flavor_of(options.flavor)
    sections = [_section(document, options) for document in documents]
    name = options.key or joined(*(section.name for section in sections), by=":")
    footer = " · ".join([f"slim {VERSION}", *links(options)])
    limit = flavor.max_bytes if options.max_bytes is None else options.max_bytes
    orders = sorted({fold.drop for section in sections for fold in section.folds})
    text = ""
    for order in [-1, *orders]:
        folds = [_fold(section, flavor, order) for section in sections]
        head = marker(name, options.head, options.run)
        text = page(head, [_sentence(documents)], folds, footer, flavor, limit)
        if len(text.encode()) <= limit and "_Left out for length" not in text:
            break
    return text


def _section(document: Document, options: RenderOptions) -> Section:
    """Without what the page says once for all."""
    own = marked(replace(options, key="", report_url="", run_url=""), document)
    if isinstance(document, Comparison):
        return comparison.section(document, own)
    return report.section(document, own)


def _sentence(documents: Sequence[Document]) -> str:
    bad = [document for document in documents if document.verdict.result != "pass"]
    text = f"### {len(documents):,} images"
    if bad:
        states = sorted({verdicts.brief(document) or "gate failed" for document in bad})
        return f"{text}: {len(bad):,} of them {', '.join(states)}"
    gated = any(map(verdicts.brief, documents))
    return f"{text}: all within budget" if gated else text


def _fold(section: Section, flavor: Flavor, order: int) -> Fold:
    """The image's whole page, with those tables that are left out later than `order`."""
    parts = list(section.parts)
    for fold in section.folds:
        if fold.drop > order:
            parts.append(f"**{fold.title}**: {fold.summary}\n\n{fold.body}")
    parts.append(section.footer)
    # What GitHub makes of names in HTML it does not make of code.
    name = f"<code>{escape(shorten(visible(section.name), 60))}</code>"
    title = name if flavor.html else code(section.name, 60)
    return Fold(title, section.brief, "\n\n".join(parts), 0)
