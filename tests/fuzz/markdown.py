"""The Markdown encoders.

Oracle: a parser of GitHub's Markdown finds code spans and no link, image, mention or foreign HTML; a code
span is one, in a table it stays in its cell, and it shows what it was given.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.formats import gfm
from tests.support.pages import PARSER, check_inert
from tests.support.reports import HOSTILE


def seeds() -> Iterator[bytes]:
    yield from (text.encode() for text in HOSTILE)
    yield b"Delete `a|b` and (.dockerignore), not CVE-2024-1: see @octo's #12."


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    (span,) = check_inert(f"x {gfm.code('|' + text, 500)} y")
    assert span.startswith("|")
    if (
        text.isascii()
        and text.isprintable()
        and len(text) < 500
        and "<!--" not in text
        and "##" not in text
    ):
        assert span == "|" + text
    page = gfm.table(
        ("a", "b", "c"),
        "lrl",
        [(gfm.code(text, in_table=True), gfm.prose(text, in_table=True), "end")],
    )
    check_inert(page)
    cells = [token.content for token in PARSER.parse(page) if token.type == "inline"]
    assert len(cells) == 6
    assert cells[5] == "end"
    check_inert(gfm.prose(text))
    check_inert(f"<!-- {gfm.marker(text, text, text)} -->\n")
    assert "\n" not in gfm.prose(text) + gfm.code(text)
