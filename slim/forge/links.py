"""`Link` headers: where the next page of a list is (RFC 8288)."""

from __future__ import annotations

from slim.patterns import regex

_LINK = regex(r"<([^<>]*)>([^<]*)")
_NEXT = regex(r';\s*rel="?next"?\s*(?:[,;]|$)')


def next_link(header: str) -> str:
    """The address with `rel="next"` of a `Link` header; empty when there is none."""
    for found in _LINK.finditer(header):
        if _NEXT.search(found[2]):
            return found[1]
    return ""
