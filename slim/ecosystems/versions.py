"""Versions that can be compared, whatever wrote them."""

from __future__ import annotations

from slim.entrypoint.tables import names
from slim.patterns import regex

_EARLY = names("snapshot m rc cr alpha beta ea pre a b")
"""What is said of versions before the release."""
_PARTS = regex(r"\d+|[A-Za-z]+")

Version = tuple[tuple[int, int], ...]


def version_of(written: str) -> Version:
    """A version that can be compared with others.

    >>> version_of("1.10") > version_of("1.9") > version_of("1.9-rc1") > version_of("1.8.Final")
    True
    """
    parts = [
        (2, int(part[:18])) if part.isdigit() else (0 if part.lower() in _EARLY else 1, 0)
        for part in _PARTS.findall(written)
    ]
    return (*parts, (1, 0))
