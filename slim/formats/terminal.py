"""Untrusted text for a terminal or a log: shown, never obeyed.

File names, history and labels come from strangers. Control characters, escape sequences, bidirectional
and invisible characters are written out (`\\x1b`, `\\u{202e}`), a line of ours never starts with what a
CI system takes for a command, and long text is cut in the middle.
"""

from __future__ import annotations

import unicodedata

from slim.formats.log_commands import quiet
from slim.report.untrusted import Text, bare

_BAD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset(
    chr(code)
    for codes in (
        (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
    for code in codes
)
"""Letters and marks without a shape (Unicode "default ignorable", and the braille blank)."""


_SPELLED = {
    **{"→": "->", "−": "-", "–": "-", "…": "~", "·": "|", "≈": "~", "×": "x", "\u00a0": " "},
    **{"▲": "+", "▼": "-", "“": '"', "”": '"', "≥": ">="},
}
"""What our own texts use beyond ASCII, and how it is typed without."""


def clean(text: Text, width: int = 4096) -> str:
    """At most `width` columns of characters, each of which only shows itself."""
    text = visible(text)
    text = quiet(text).replace("::", ":\\x3a")
    # Nor may a colon of theirs make one with a colon of ours.
    text = f"\\x3a{text[1:]}" if text.startswith(":") else text
    text = f"{text[:-1]}\\x3a" if text.endswith(":") else text
    return shorten(text, width)


def visible(text: Text) -> str:
    """Every character shows itself and nothing else: no controls, no bidirectional or invisible ones."""
    text = bare(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def in_ascii(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: what an encoding lacks is written with ASCII characters.

    >>> import codecs; codecs.register_error("in-ascii", in_ascii)
    >>> "1.78 GB → 104 MB (−94%) é".encode("ascii", "in-ascii").decode()
    '1.78 GB -> 104 MB (-94%) \\\\xe9'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    spelled = "".join(_SPELLED.get(letter, letter) for letter in lacking)
    return spelled.encode("ascii", "backslashreplace").decode("ascii"), error.end


def cut(text: Text, width: int) -> str:
    """Visible, and cut in the middle to `width` columns; of a long text only the two ends are looked at."""
    text = bare(text)
    if len(text) > 4 * width:
        text = f"{text[: 2 * width]}{text[-2 * width :]}"
    return shorten(visible(text), width)


def shorten(text: str, width: int) -> str:
    """Cut in the middle to `width` columns: both ends of a path or command say most."""
    if len(text) <= width and columns(text) <= width:
        return text
    head = (width - 1) * 2 // 3
    return f"{_start(text, head)}…{_start(text[::-1], width - 1 - head)[::-1]}"


def columns(text: str) -> int:
    """How wide a text is shown. Combining characters count too, so that piles of them are cut."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _start(text: str, width: int) -> str:
    """As much of the text as fits."""
    used = 0
    for index, character in enumerate(text[: width + 1]):
        used += _columns(character)
        if used > width:
            return text[:index]
    return text


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _BAD and character not in _BLANK:
        return " " if character.isspace() else character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
