"""Help for people who mistyped a word."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """`: did you mean …?` when a known word is close, else nothing.

    >>> suggestion("mach", ["match", "misses"])
    ': did you mean `match`?'
    """
    # Nobody who makes no mistake waits for this.
    from difflib import get_close_matches

    # difflib is quadratic in the length; nobody mistypes a word of more characters.
    close = get_close_matches(word, known, n=1) if len(word) <= 64 else []
    return f": did you mean `{close[0]}`?" if close else ""
