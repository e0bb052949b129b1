"""Paragraphs, tables and what gates say, for a terminal of 100 columns [pure]."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from slim.formats import words
from slim.formats.paint import VERDICTS, Paint
from slim.formats.terminal import clean, columns, shorten
from slim.report.comparison import Comparison
from slim.report.model import Finding, Report
from slim.units import definition, format_bytes

WIDTH = 100
_REASONS = 10


def wrapped(text: str, *, first: str = "", rest: str = "    ") -> str:
    """A paragraph in lines that fit; what is in it was cleaned before."""
    # Where there are characters of two columns, half as many fit.
    width = WIDTH if columns(text) == len(text) else WIDTH // 2
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest)


def table(rows: Sequence[Sequence[str]], header: Sequence[str], *align: str) -> str:
    """A table that fits: the last column takes what is left and is cut in the middle."""
    # tabulate keeps two more columns than a header needs.
    widths = [
        max([len(title) + 2, *(len(row[column]) for row in rows)])
        for column, title in enumerate(header[:-1])
    ]
    room = max(20, WIDTH - 2 - sum(width + 2 for width in widths))
    cut = [[*row[:-1], shorten(row[-1], room)] for row in rows]
    text = tabulate(cut, headers=header, tablefmt="plain", colalign=align, disable_numparse=True)
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def headline(text: str, document: Report | Comparison, paint: Paint) -> str:
    """The first line: the sizes, and what the gates say of them."""
    verdict = words.verdict(document)
    tone = VERDICTS[document.verdict.result] if verdict else "strong"
    return paint(tone, wrapped(f"{text}: {verdict}" if verdict else text))


def silenced(found: Sequence[Finding], shown: bool) -> str:
    """How many findings are suppressed; all of them if they are to be `shown`; empty for none."""
    if not found:
        return ""
    count = words.count(len(found), "finding")
    if not shown:
        return f"{count} suppressed (--show-suppressed lists them)"
    lines = [f"Suppressed: {count}"]
    for one in found:
        title = clean(f"{one.rule} {one.title}", WIDTH - 12)
        lines.append(f"  {format_bytes(one.disk_bytes):>8}  {title}")
        lines.append(wrapped(clean(words.suppressed(one)), first=" " * 12, rest=" " * 12))
    return "\n".join(lines)


def units() -> str:
    """What the numbers are, for the last line."""
    return wrapped(
        f"{definition()}. On disk: the files of all layers, unpacked. To pull: the compressed layers."
    )


def reasons(document: Report | Comparison) -> list[str]:
    """Why the gates say what they say, a line or more for each."""
    said = document.verdict.reasons
    lines = [wrapped(f"  {clean(one)}") for one in said[:_REASONS]]
    return lines + ([f"  and {len(said) - _REASONS:,} more"] if len(said) > _REASONS else [])
