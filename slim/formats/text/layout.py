"""Paragraphs, tables and what gates say, as wide as the terminal.

Paragraphs stop at 100 columns, beyond which lines are hard to read; tables and lines that are cut use up to
160. Below 60 columns nothing is promised.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from msgspec import Struct

from slim.formats import verdicts, words
from slim.formats.columns import HEADER_ROOM, aligned
from slim.formats.instructions import abbreviated, shown
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean, columns, shorten
from slim.formats.text.paint import VERDICTS, Paint, painter
from slim.patterns import regex
from slim.report.comparison import Comparison
from slim.report.model import Finding, Place, Report
from slim.report.reasons import reasons
from slim.report.untrusted import Untrusted
from slim.units import Units

INDENT = " " * 12
_NARROWEST, _WIDEST, _PARAGRAPH = 60, 160, 100
_REASONS = 10
_SIZE = regex(r"(\d) (?=[kMGTPKE]?i?B\b)")
"""A number and its unit stay on one line."""
_INSTRUCTION = 44
"""Columns that show what is telling of most instructions; with less, one begins a line of its own."""
_LAST_COLUMN = 24
"""What a table's last column needs to say something; columns that can be spared go before it is less."""


class Layout(Struct, frozen=True):
    """How a page is set: everything that is written on it goes through here."""

    units: Units
    paint: Paint
    width: int
    """In columns."""

    def size(self, count: int) -> str:
        """Bytes for people."""
        return self.units.size(count)

    def pull(self, count: int) -> str:
        """Bytes to pull for people."""
        return self.units.pull(count)

    def wrapped(self, text: str, *, first: str = "", rest: str = "    ") -> str:
        """A paragraph in lines that fit; what is in it was cleaned before."""
        width = min(self.width, _PARAGRAPH)
        # Where there are characters of two columns, half as many fit.
        width = width if columns(text) == len(text) else width // 2
        filled = textwrap.fill(
            _SIZE.sub("\\1\u00a0", text),
            width,
            initial_indent=first,
            subsequent_indent=rest,
            break_on_hyphens=False,
        )
        return filled.replace("\u00a0", " ")

    def instruction_line(self, before: str, created_by: Untrusted, place: Place | None) -> str:
        """`before`, the place in the Dockerfile and the instruction, of which the telling part is kept."""
        if place:
            before += f"{shorten(_file_name(place.path), min(32, self.width // 3))}:{place.line} "
        text, room = shown_instruction(created_by), self.width - columns(before)
        if columns(text) > room < _INSTRUCTION:
            indent = " " * (len(before) - len(before.lstrip()) + 2)
            before = f"{before.rstrip()}\n{indent}"
            room = self.width - len(indent)
        return before + abbreviated(text, max(20, room))

    def table(
        self,
        rows: Sequence[Sequence[str]],
        header: Sequence[str],
        align: str,
        *,
        spare: Sequence[int] = (),
        cut: Callable[[str, int], str] = shorten,
    ) -> str:
        """A table that fits: the last column takes what is left and is `cut` to it.

        `align` has `l` or `r` for each column. Columns in which nothing stands are left out, and where
        there is no room those that are `spare`, the first of them first.
        """
        numbers = range(len(header))
        kept = [at for at in numbers if at == numbers[-1] or any(row[at] for row in rows)]
        widths = [
            max(
                [
                    len(header[at]) + HEADER_ROOM if header[at] else 0,
                    *(columns(row[at]) for row in rows),
                ]
            )
            for at in numbers
        ]

        def room() -> int:
            return self.width - 2 - sum(widths[at] + 2 for at in kept[:-1])

        for at in spare:
            if at in kept and room() < _LAST_COLUMN:
                kept.remove(at)
        widest = max(kept[:-1], key=lambda at: widths[at], default=0)
        if room() < _LAST_COLUMN and align[widest] == "l":
            widths[widest] = max(12, widths[widest] + room() - _LAST_COLUMN)
        widths[-1] = max(_LAST_COLUMN - 4, room())
        text = aligned(
            [
                [shorten(row[at], widths[at]) for at in kept[:-1]] + [cut(row[-1], widths[-1])]
                for row in rows
            ],
            [header[at] for at in kept],
            "".join(align[at] for at in kept),
        )
        return "\n".join(f"  {line}".rstrip() for line in text.splitlines())

    def headline(self, text: str, document: Report | Comparison) -> str:
        """The first line: the sizes, and what the gates say of them."""
        verdict = verdicts.brief(document)
        tone = VERDICTS[document.verdict.result] if verdict else "strong"
        return self.paint(tone, self.wrapped(f"{text}: {verdict}" if verdict else text))

    def reason_lines(self, document: Report | Comparison) -> list[str]:
        """Why the gates decided so, a line or more for each reason."""
        why = reasons(document)
        lines = [
            self.wrapped(f"  {clean(verdicts.sentence(reason, self.units))}")
            for reason in why[:_REASONS]
        ]
        return lines + ([f"  and {len(why) - _REASONS:,} more"] if len(why) > _REASONS else [])

    def suppressed(self, found: Sequence[Finding], shown: bool) -> str:
        """How many findings are suppressed; all of them if they are to be `shown`; empty for none."""
        if not found:
            return ""
        count = words.count(len(found), "finding")
        if not shown:
            return f"{count} suppressed (--show-suppressed lists them)"
        lines = [f"Suppressed: {count}"]
        for finding in found:
            title = clean(f"{finding.rule} {finding.title}")
            size = self.size(finding.disk_bytes)
            lines.append(self.wrapped(title, first=f"  {size:>8}  ", rest=INDENT))
            lines.append(self.wrapped(clean(words.suppressed(finding)), first=INDENT, rest=INDENT))
        return "\n".join(lines)

    def footer(self) -> str:
        """What the numbers are."""
        estimate = (
            " ≈ = estimated; --exact-pull compresses the layers." if self.units.estimated else ""
        )
        return self.wrapped(
            f"{self.units.definition}. On disk = files of all layers, unpacked."
            f" To pull = compressed download size.{estimate}"
        )


def layout_of(options: RenderOptions) -> Layout:
    """How a page for these options is set."""
    width = min(max(options.width, _NARROWEST), _WIDEST)
    return Layout(options.units, painter(options.color), width)


def numbered_instruction(created_by: Untrusted, place: Place | None) -> str:
    """`14: RUN make`, below a title that names the file."""
    text = shown_instruction(created_by)
    return f"{place.line}: {text}" if place else text


def shown_instruction(created_by: Untrusted) -> str:
    """The whole instruction, on one line."""
    return clean(shown(created_by)) or "(no history)"


def _file_name(path: str) -> str:
    """The last part of a path: titles of tables have the whole."""
    return clean(path.rpartition("/")[2] or path)
