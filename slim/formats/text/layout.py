"""Paragraphs, tables and what gates say, for a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from slim.formats import verdicts, words
from slim.formats.terminal import clean, columns, shorten
from slim.formats.text.paint import VERDICTS, Paint
from slim.report.comparison import Comparison
from slim.report.instruction import instruction
from slim.report.model import Finding, Place, Report
from slim.report.reasons import reasons
from slim.report.untrusted import Untrusted
from slim.units import Units

WIDTH = 100
_REASONS = 10
INDENT = " " * 12


def wrapped(text: str, *, first: str = "", rest: str = "    ") -> str:
    """A paragraph in lines that fit; what is in it was cleaned before."""
    # Where there are characters of two columns, half as many fit.
    width = WIDTH if columns(text) == len(text) else WIDTH // 2
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def table(rows: Sequence[Sequence[str]], header: Sequence[str], align: str) -> str:
    """A table that fits: the last column takes what is left and is cut in the middle.

    `align` has `l` or `r` for each column.
    """
    from tabulate import tabulate  # Takes as long to import as all of the formats.

    # tabulate keeps two more columns than a header needs.
    widths = [
        max([len(title) + 2, *(len(row[column]) for row in rows)])
        for column, title in enumerate(header[:-1])
    ]
    room = max(20, WIDTH - 2 - sum(width + 2 for width in widths))
    cut = [[*row[:-1], shorten(row[-1], room)] for row in rows]
    sides = [{"l": "left", "r": "right"}[letter] for letter in align]
    text = tabulate(cut, headers=header, tablefmt="plain", colalign=sides, disable_numparse=True)
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def headline(text: str, document: Report | Comparison, paint: Paint) -> str:
    """The first line: the sizes, and what the gates say of them."""
    verdict = verdicts.brief(document)
    tone = VERDICTS[document.verdict.result] if verdict else "strong"
    return paint(tone, wrapped(f"{text}: {verdict}" if verdict else text))


def reason_lines(document: Report | Comparison, units: Units) -> list[str]:
    """Why the gates decided so, a line or more for each reason."""
    why = reasons(document)
    lines = [wrapped(f"  {clean(verdicts.sentence(reason, units))}") for reason in why[:_REASONS]]
    return lines + ([f"  and {len(why) - _REASONS:,} more"] if len(why) > _REASONS else [])


def place_and_instruction(created_by: Untrusted, place: Place | None) -> str:
    """`Dockerfile:14 RUN make`; without a line the instruction alone."""
    text = clean(instruction(created_by)) or "(no history)"
    return f"{clean(place.path, 40)}:{place.line} {text}" if place else text


def line_and_instruction(created_by: Untrusted, place: Place | None) -> str:
    """`14: RUN make`, below a title that names the file."""
    text = clean(instruction(created_by)) or "(no history)"
    return f"{place.line}: {text}" if place else text


def suppressed(found: Sequence[Finding], shown: bool, units: Units) -> str:
    """How many findings are suppressed; all of them if they are to be `shown`; empty for none."""
    if not found:
        return ""
    count = words.count(len(found), "finding")
    if not shown:
        return f"{count} suppressed (--show-suppressed lists them)"
    lines = [f"Suppressed: {count}"]
    for finding in found:
        title = clean(f"{finding.rule} {finding.title}", WIDTH - len(INDENT))
        lines.append(f"  {units.size(finding.disk_bytes):>8}  {title}")
        lines.append(wrapped(clean(words.suppressed(finding)), first=INDENT, rest=INDENT))
    return "\n".join(lines)


def footer(units: Units) -> str:
    """What the numbers are."""
    return wrapped(
        f"{units.definition}. On disk = files of all layers, unpacked."
        " To pull = compressed download size."
    )
