"""Colours for a few words on a terminal; what they say is in the words as well.

Source of the codes: ECMA-48 §8.3.117, select graphic rendition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Tone = Literal["strong", "good", "bad", "warn", "none"]
Paint = Callable[[Tone, str], str]
VERDICTS: dict[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "warn"}
SEVERITIES: dict[str, Tone] = {"high": "bad", "medium": "warn"}
_CODES: dict[Tone, str] = {"strong": "1", "good": "1;32", "bad": "1;31", "warn": "33"}


def painter(color: bool) -> Paint:
    """What colours text, or leaves it as it is.

    >>> painter(True)("bad", "over budget"), painter(False)("bad", "over budget")
    ('\\x1b[1;31mover budget\\x1b[0m', 'over budget')
    """
    return _coloured if color else _uncoloured


def _coloured(tone: Tone, text: str) -> str:
    code = _CODES.get(tone)
    if code is None:
        return text
    return "\n".join(f"\x1b[{code}m{line}\x1b[0m" for line in text.split("\n"))


def _uncoloured(_: Tone, text: str) -> str:
    return text
