"""Untrusted text for a terminal or a log: shown, never obeyed [pure].

File names, history and labels come from strangers. Control characters, escape sequences, bidirectional
and invisible characters are written out (`\\x1b`, `\\u{202e}`), a line of ours never starts with what a
CI system takes for a command, and long text is cut in the middle.
"""

from __future__ import annotations

import unicodedata

_BAD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, width: int = 4096) -> str:
    """At most `width` characters, each of which only shows itself."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(character) for character in text)
    # GitHub, Azure and GitLab read commands in logs: `::`, `##[`, `##vso[`, `section_start:`.
    for opener, shown in (("::", ":\\x3a"), ("##[", "#\\x23["), ("##vso[", "#\\x23vso[")):
        text = text.replace(opener, shown)
    return shorten(text, width)


def shorten(text: str, width: int) -> str:
    """Cut in the middle: both ends of a path or command say most."""
    if len(text) <= width:
        return text
    head = (width - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _BAD:
        return " " if character.isspace() else character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
