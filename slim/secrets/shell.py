"""Where a word of a shell command ends: a value is hidden up to there, however it is quoted.

Follows POSIX (XCU 2.2, 2.3, 2.6) as far as word boundaries go: quotes, escapes, line continuations, and
substitutions with anything in them. Text that is not a shell only makes a word longer. Linear in the input.
"""

from __future__ import annotations

import re

from slim.patterns import regex

_ENDS = " \t\r\n;&|<>()"
_PLAIN = regex(r"""[^ \t\r\n;&|<>()"'`\\$]+""")
_IN_DOUBLE = regex(r"""[^"`\\$]+""")
_IN_PARENTHESES = regex(r"""[^"'`\\$()]+""")
_IN_BRACES = regex(r"""[^"'`\\${}]+""")


def word_end(text: str, at: int = 0) -> int:
    """The index after the word that begins at `at`. What is not closed goes on to the end of the text.

    >>> [word_end(text) for text in ("a b", r"a\\ b c", "'a b'c d", '"a $(b "c d") e" f', "a;b", "")]
    [1, 4, 6, 16, 1, 0]
    """
    open_: list[str] = []
    """Closing characters of what is open; at the top what counts now."""
    end = len(text)
    while at < end:
        inside = open_[-1] if open_ else ""
        if inside == "'":
            at = text.find("'", at)
            if at < 0:
                return end
            at += 1
            open_.pop()
            continue
        run = _plain(inside).match(text, at)
        if run:
            at = run.end()
            continue
        character = text[at]
        if character == "\\":
            at += 3 if text.startswith("\\\r\n", at) else 2
            continue
        if character == inside:
            open_.pop()
        elif not inside and character in _ENDS:
            return at
        elif text.startswith(("$(", "${"), at):
            open_.append(")" if text[at + 1] == "(" else "}")
            at += 1
        elif character in '"`' or (character == "'" and inside != '"'):
            open_.append(character)
        elif (character == "(" and inside == ")") or (character == "{" and inside == "}"):
            open_.append(inside)
        at += 1
    return end


def _plain(inside: str) -> re.Pattern[str]:
    """What means nothing there."""
    if inside in ('"', "`"):
        return _IN_DOUBLE
    if inside == ")":
        return _IN_PARENTHESES
    return _IN_BRACES if inside == "}" else _PLAIN
