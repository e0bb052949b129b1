"""Regular expressions that are compiled when they are first used.

A run uses a quarter of those that slim has, and compiling one takes as long as importing a module.
"""

from __future__ import annotations

import re
from typing import AnyStr, Generic, cast

_MEMBERS = (
    "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer",
    "pattern", "flags", "groups", "groupindex",
)  # fmt: skip


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, as far as anybody can see; a wrong pattern raises at its first use.

    >>> regex("b+").sub("c", "abba")
    'aca'
    """
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))


class _Late(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._written: tuple[AnyStr, int] = pattern, flags

    def __getattr__(self, name: str) -> object:
        """Called for what is not there yet: from the first time on, all members are."""
        if name not in _MEMBERS:
            raise AttributeError(name)
        compiled = re.compile(*self._written)
        self.__dict__.update({member: getattr(compiled, member) for member in _MEMBERS})
        found: object = self.__dict__[name]
        return found
