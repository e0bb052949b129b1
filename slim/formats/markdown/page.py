"""A Markdown page of a few paragraphs and folds, for one forge and within its length.

A page that is too long loses whole folds, never rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.formats import gfm, words
from slim.formats.flavors import Flavor, flavor_of
from slim.formats.gfm import link, prose
from slim.formats.instructions import shortened
from slim.formats.model import RenderOptions
from slim.formats.rules_url import page_of
from slim.report.model import Finding, Place
from slim.report.untrusted import Text, Untrusted
from slim.units import Units


class Fold(Struct, frozen=True):
    """A section that can be left out."""

    title: str
    summary: str
    """Counts, in words that are worth reading while it is closed."""
    body: str
    drop: int
    """Order of leaving out: the smallest first."""


class Style(Struct, frozen=True):
    """How the parts of a page are written: for which forge, in which units, and what they link to."""

    flavor: Flavor
    units: Units
    report_url: str = ""
    rules_url: str = ""

    @property
    def rows(self) -> int:
        """Of each table."""
        return self.flavor.rows

    def size(self, count: int) -> str:
        """Bytes for people."""
        return gfm.size(count, self.units)

    def change(self, count: int) -> str:
        """A difference in bytes, with its sign."""
        return gfm.signed(count, self.units)

    def pull(self, count: int) -> str:
        """Bytes to pull."""
        return self.units.mark(self.size(count), count)

    def pull_change(self, count: int) -> str:
        """A difference in bytes to pull."""
        return self.units.mark(self.change(count), count)

    def verdict_mark(self, result: str) -> str:
        """` ✅` behind the words for `pass`, ` ❌` for `fail`, where the forge shows them."""
        return {"pass": " ✅", "fail": " ❌"}.get(result, "") if self.flavor.glyphs else ""

    def rule(self, finding: Finding, *, in_table: bool = True) -> str:
        """A rule's id, a link where there is a page about it."""
        text, url = prose(finding.rule, 20, in_table=in_table), page_of(self.rules_url, finding)
        return link(text, url) if url else text

    def more(self, count: int) -> str:
        """The line below a table that shows `rows` of `count`."""
        left = count - self.rows
        where = f" in the {link('full report', self.report_url)}" if self.report_url else ""
        return f"\n\n_{left:,} more{where}._" if left > 0 else ""


class Section(Struct, frozen=True):
    """What a page says about one image, or one comparison."""

    name: Text
    sentence: str
    """What follows the name and the word `image`, in Markdown."""
    brief: str
    """The same for the head of a fold, which is HTML: nothing from the image."""
    parts: Sequence[str]
    folds: Sequence[Fold]
    footer: str


def style_of(options: RenderOptions) -> Style:
    """The style of a page.

    Raises:
        UsageError: there is no such flavor.
    """
    flavor = flavor_of(options.flavor)
    return Style(flavor, options.units, options.report_url, options.rules_url)


def place_and_instruction(
    layer: int, created_by: Untrusted, place: Place | None, *, in_table: bool = True
) -> str:
    """Line and instruction as code; without a line the number of the layer."""
    text = shortened(created_by, 60)
    shown = gfm.code(text, 60, in_table=in_table) if text else ""
    if place is None:
        return f"layer {layer:,} {shown}".rstrip()
    return f"{gfm.code(f'{place.path}:{place.line}', 40, in_table=in_table)} {shown}".rstrip()


def where(finding: Finding) -> str:
    """Where most of a finding is from, for a table; empty where nobody knows."""
    if not finding.where:
        return ""
    cause = finding.where[0]
    place = place_and_instruction(cause.layer, cause.created_by, cause.dockerfile)
    return f"{place}{words.other_layers(finding)}"


def links(options: RenderOptions) -> list[str]:
    """The links of a footer: to the HTML report and to the CI run."""
    addresses = (("HTML report", options.report_url), ("run", options.run_url))
    return [link(text, url) for text, url in addresses if url]


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
    left_out: list[Fold] = []
    while kept and len(text.encode()) > limit:
        least = min(kept, key=lambda fold: fold.drop)
        kept.remove(least)
        left_out.append(least)
        text = _page(marker, head, kept, left_out, footer, flavor)
    return text


def _page(
    marker: str,
    head: Sequence[str],
    folds: Sequence[Fold],
    left_out: Sequence[Fold],
    footer: str,
    flavor: Flavor,
) -> str:
    parts = list(head)
    if folds:
        between = "\n" if flavor.html else "\n\n"
        parts.append(between.join(_fold(fold, flavor) for fold in folds))
    if left_out:
        names = ", ".join(fold.title for fold in left_out)
        parts.append(f"_Left out for length, see the full report: {names}._")
    parts.append(f"<sub>{footer}</sub>" if flavor.html else footer)
    if flavor.marked and not flavor.html:
        parts.append(f"`{marker}`")
    text = "\n\n".join(parts) + "\n"
    return f"<!-- {marker} -->\n{text}" if flavor.marked and flavor.html else text


def _fold(fold: Fold, flavor: Flavor) -> str:
    if not flavor.html:
        return f"**{fold.title}**: {fold.summary}\n\n{fold.body}"
    summary = f"<summary><b>{fold.title}</b>: {fold.summary}</summary>"
    return f"<details>{summary}\n\n{fold.body}\n\n</details>"
