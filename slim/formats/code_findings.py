"""Findings as tools for code expect them: which count, on which line, in one sentence.

Shared by the formats that forges show next to code. A finding is at the first instruction to change;
without a Dockerfile it is at line 1 of a file named like the image, as other image scanners do.
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from slim.formats import words
from slim.formats.log_commands import quiet_middle
from slim.formats.model import Document
from slim.formats.terminal import shorten, visible
from slim.patterns import regex
from slim.report.comparison import Comparison
from slim.report.model import Finding, Report, Totals
from slim.report.noteworthy import is_trifle
from slim.report.untrusted import Text, bare
from slim.units import Units

_WIDTH = 1_000
_SEPARATORS = regex(r"[\\/]+")


class Location(Struct, frozen=True):
    """Lines of a file, from 1; `path` is relative and shows itself."""

    path: str
    line: int
    end_line: int
    in_dockerfile: bool


def totals(document: Document) -> Totals:
    """The image's sums."""
    return document.image.totals if isinstance(document, Comparison) else document.totals


def counted(document: Document) -> list[Finding]:
    """The image's findings that claim more than a few bytes or fail the gate, in order; notes are not
    results."""
    failing = set(document.verdict.findings)
    return [
        finding
        for finding in _findings(document)
        if finding.id in failing
        or (finding.mode == "claim" and not is_trifle(totals(document), finding.claimed_bytes))
    ]


def suppressed(document: Document) -> list[Finding]:
    """The image's findings that are suppressed."""
    return [finding for finding in _findings(document) if finding.suppressed is not None]


def _findings(document: Document) -> list[Finding]:
    if isinstance(document, Comparison):
        changes = [*document.findings, *document.notes]
        return [change.finding for change in changes if change.status != "fixed"]
    return list(document.findings)


def new(document: Document) -> list[Finding]:
    """Those of `counted` that this change introduced or that fail the gate; of a single image, all."""
    if isinstance(document, Report):
        return counted(document)
    failing = set(document.verdict.findings)
    before = {change.finding.id for change in document.findings if change.status == "still"}
    return [
        finding
        for finding in counted(document)
        if finding.id not in before or finding.id in failing
    ]


def location(document: Document, finding: Finding) -> Location:
    """Where a finding is shown."""
    place = next((cause.dockerfile for cause in finding.where if cause.dockerfile), None)
    if place is None:
        return Location(relative(words.short_name(document)), 1, 1, in_dockerfile=False)
    line = max(1, place.line)
    return Location(relative(place.path), line, max(line, place.end_line), in_dockerfile=True)


def sentence(finding: Finding, units: Units) -> str:
    """What is wrong, how much of it, and what to do: one line without control characters."""
    saves = ""
    if finding.claimed_bytes:
        saves = f"{units.size(finding.claimed_bytes)} on disk,"
        saves += f" {units.pull(finding.claimed_pull_bytes)} to pull. "
    return line(f"{finding.title}: {saves}{finding.fix.text}")


def line(text: Text, width: int = _WIDTH) -> str:
    """Untrusted text on one line, cut in the middle."""
    return shorten(quiet_middle(visible(" ".join(bare(text).split()))), width)


def relative(path: Text) -> str:
    """A path without root, drive separators and dot segments; `image` when nothing is left."""
    parts = [
        part
        for part in _SEPARATORS.split(quiet_middle(visible(path)))
        if part not in ("", ".", "..")
    ]
    return shorten("/".join(parts), 200) or "image"


def uri(path: str) -> str:
    """A relative reference (RFC 3986 §4.2): no scheme, no root, all else percent-encoded."""
    return quote(path, safe="/")
