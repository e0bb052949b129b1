"""A Markdown page of a few paragraphs and folds, for one forge and within its length [pure].

A page that is too long loses whole folds, never rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.formats.flavors import Flavor
from slim.formats.gfm import link, prose
from slim.formats.rules_url import page_of
from slim.report.model import Finding
from slim.report.untrusted import Text


class Fold(Struct, frozen=True):
    """A section that can be left out."""

    title: str
    says: str
    """Counts, in words that are worth reading while it is closed."""
    body: str
    drop: int
    """Order of leaving out: the smallest first."""


class Cut(Struct, frozen=True):
    """How long tables are, where the rest of them is, and where rules are explained."""

    rows: int
    report_url: str = ""
    rules_url: str = ""

    def rule(self, one: Finding, *, in_table: bool = True) -> str:
        """A rule's id, a link where there is a page about it."""
        text, url = prose(one.rule, 20, in_table=in_table), page_of(self.rules_url, one)
        return link(text, url) if url else text

    def more(self, count: int) -> str:
        """The line below a table that shows `rows` of `count`."""
        left = count - self.rows
        where = link("full report", self.report_url) if self.report_url else "full report"
        return f"\n\n_{left:,} more in the {where}._" if left > 0 else ""


class Said(Struct, frozen=True):
    """What a page has to say about one image, or one comparison."""

    name: Text
    sentence: str
    """What follows the name and the word `image`, in Markdown."""
    brief: str
    """The same for the head of a fold, which is HTML: nothing from the image."""
    parts: Sequence[str]
    folds: Sequence[Fold]
    footer: str


def page(
    marker: str,
    head: Sequence[str],
    folds: Sequence[Fold],
    footer: str,
    flavor: Flavor,
    max_bytes: int | None = None,
) -> str:
    """The whole page. `head` and `footer` are always kept, folds as far as `max_bytes` allows."""
    limit = flavor.max_bytes if max_bytes is None else max_bytes
    kept = list(folds)
    text = _page(marker, head, kept, [], footer, flavor)
    left: list[Fold] = []
    while kept and len(text.encode()) > limit:
        out = min(kept, key=lambda fold: fold.drop)
        kept.remove(out)
        left.append(out)
        text = _page(marker, head, kept, left, footer, flavor)
    return text


def _page(
    marker: str,
    head: Sequence[str],
    folds: Sequence[Fold],
    left: Sequence[Fold],
    footer: str,
    flavor: Flavor,
) -> str:
    parts = list(head)
    if folds:
        between = "\n" if flavor.html else "\n\n"
        parts.append(between.join(_fold(fold, flavor) for fold in folds))
    if left:
        names = ", ".join(fold.title for fold in left)
        parts.append(f"_Left out for length, see the full report: {names}._")
    parts.append(f"<sub>{footer}</sub>" if flavor.html else footer)
    if flavor.marked and not flavor.html:
        parts.append(f"`{marker}`")
    text = "\n\n".join(parts) + "\n"
    return f"<!-- {marker} -->\n{text}" if flavor.marked and flavor.html else text


def _fold(fold: Fold, flavor: Flavor) -> str:
    if not flavor.html:
        return f"**{fold.title}**: {fold.says}\n\n{fold.body}"
    summary = f"<summary><b>{fold.title}</b>: {fold.says}</summary>"
    return f"<details>{summary}\n\n{fold.body}\n\n</details>"
