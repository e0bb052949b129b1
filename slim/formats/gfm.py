"""Text from images and reports in GitHub Flavored Markdown: shown, never linked and never HTML.

Forges turn `@name`, `#12`, addresses, commit ids and HTML of a comment into links, mentions and markup,
everywhere but in code spans. So whatever comes from an image goes into a code span, and of sentences
only plain words stay outside of one. Sources: CommonMark 0.31 §6.1 (code spans: the fence is longer than
any run of backticks within), GFM 0.29 §4.10 (in tables a pipe is escaped in code, too).
"""

from __future__ import annotations

from collections.abc import Sequence

from slim.formats.log_commands import quiet, quiet_middle, quiet_url
from slim.formats.terminal import shorten, visible
from slim.patterns import regex
from slim.report.untrusted import Text, bare
from slim.units import Units

NBSP = "\u00a0"
_BREAK = regex(r"\r\n|[\r\n]")
_TICKS = regex(r"`+")
_WORD = regex(r"[^\W_]+(?:['’.,/+-][^\W_]+)*\+{0,2}|[–—…]")
_LINKED = regex(r"(?i).*www(?:\.|$)|ghsa-|.*\b[\da-f]{7,64}\b|.*-\d")
"""Words that a forge makes links of: hosts, advisories, commit ids, issue and CVE numbers."""
_OPENING, _CLOSING = "(\"'", ")\"'.,;:!?"
_MARKER_SAFE = regex(r"[^A-Za-z0-9._/:-]|-(?=-)|-$")
_URL_UNSAFE = regex(r"[^A-Za-z0-9._~:/?#@!$&+,;=%-]")


def code(text: Text, width: int = 80, *, in_table: bool = False) -> str:
    """A code span of at most `width` columns, cut in the middle; without text the word `empty`."""
    text = shorten(visible(_BREAK.sub("␤", bare(text))), width)
    if not text:
        return "empty"
    # The comment that marks slim's own must not be found anywhere else; and pages are printed in logs.
    text = quiet_middle(text.replace("<!--", "<!\\x2d-"))
    fence = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    if in_table:
        text = text.replace("|", "\\|")
    if "`" in (text[0], text[-1]) or (text[0] == text[-1] == " " and text.strip()):
        text = f" {text} "
    return f"{fence}{text}{fence}"


def block(text: Text, language: str = "") -> str:
    """Lines as a fenced code block (CommonMark 0.31 §4.5), its fence longer than any in the text."""
    lines = [_line(line) for line in bare(text).rstrip("\n").split("\n")]
    longest = max(map(len, _TICKS.findall(bare(text))), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence + language, *lines, fence))


def _line(text: str) -> str:
    """A line of a block, with which no command of a log begins."""
    return quiet(visible(text).replace("<!--", "<!\\x2d-"))


def prose(text: Text, width: int = 300, *, in_table: bool = False) -> str:
    """A sentence of a rule: what it has in backticks, and what is not a plain word, as code spans."""
    parts: list[str] = []
    pieces = shorten(visible(_BREAK.sub(" ", bare(text))), width).split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]  # one without its partner is a character
    for number, piece in enumerate(pieces):
        is_code = number % 2
        shown = code(piece, width, in_table=in_table) if is_code else _words(piece, in_table)
        # Two spans without anything between would be one, or none.
        between = " " if parts and parts[-1].endswith("`") and shown.startswith("`") else ""
        parts += [between, shown] if shown else []
    return "".join(parts).strip()


def size(count: int, units: Units) -> str:
    """Bytes for people, number and unit on one line."""
    return units.size(count).replace(" ", NBSP)


def signed(change: int, units: Units) -> str:
    """A change in bytes: `+38.4 MB`, `-5 B`, `0 B`; number and unit on one line."""
    return units.change(change).replace(" ", NBSP)


def unit_definition(units: Units) -> str:
    """What the unit of the sizes is, number and unit on one line."""
    return units.definition.replace(" ", NBSP, 1)


def table(header: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> str:
    """A table; `align` has `l` or `r` for each column. The cells are Markdown already."""
    marks = "|".join({"l": ":--", "r": "--:"}[letter] for letter in align)
    lines = ["|".join(f" {cell} " if cell else " " for cell in line) for line in (header, *rows)]
    return "\n".join(f"|{line}|" for line in (lines[0], marks, *lines[1:]))


def marker(key: Text, head: str, run: str) -> str:
    """The words by which a comment is found again; the page hides them in an HTML comment."""
    fields = [f'key="{_marker_text(bare(key))}"']
    fields += [
        f"{name}={_marker_text(value)}" for name, value in (("head", head), ("run", run)) if value
    ]
    return f"slim:report v=1 {' '.join(fields)}"


def link(text: str, url: str) -> str:
    """A link to an address that the user gave, never one from an image."""
    return f"[{text}]({address(url)})"


def address(url: str) -> str:
    """An address on one line that ends where it should: what no address holds is percent-encoded."""
    return _URL_UNSAFE.sub(lambda found: _escaped(found[0]), url)


def _words(text: str, in_table: bool) -> str:
    """Plain words as they are, the others as code."""
    parts = []
    for token in text.split(" "):
        word = token.lstrip(_OPENING)
        before = token[: len(token) - len(word)]
        word = word.rstrip(_CLOSING)
        after = token[len(before) + len(word) :]
        if word and (not _WORD.fullmatch(word) or _LINKED.match(word)):
            word = code(word, in_table=in_table)
        parts.append(before + word + after)
    return " ".join(parts)


def _marker_text(text: str) -> str:
    """Without anything that could end the comment or look like another field."""
    return quiet_url(_MARKER_SAFE.sub(lambda found: _escaped(found[0]), text[:200]))


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
