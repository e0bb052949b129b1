"""Regular expressions that are compiled when they are first used.

For modules that every run imports: it needs few of their expressions, and to compile one takes longer than
to load a module. Elsewhere `re.compile` will do.
"""

from __future__ import annotations

import re
from typing import AnyStr, cast


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, later.

    >>> pattern("a+").fullmatch("aaa").end()
    3
    """
    return cast("re.Pattern[AnyStr]", _Later(text, flags))


class _Later:
    """Stands for a compiled expression: has its methods from the first time that each is asked for."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> object:
        # `re` remembers what it has compiled.
        method = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, method)
        return method
