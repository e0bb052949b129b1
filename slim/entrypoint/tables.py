"""Tables of names, written as text with blanks between them."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """The words of a text.

    >>> sorted(names("sh bash"))
    ['bash', 'sh']
    """
    return frozenset(text.split())


def raw_names(text: str) -> frozenset[bytes]:
    """The same as bytes, for names of files."""
    return frozenset(text.encode().split())


def groups(text: str) -> dict[str, str]:
    """Lines of `group: names…`, the other way round: name → group.

    >>> groups("node: npm npx")
    {'npm': 'node', 'npx': 'node'}
    """
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        group, _, members = line.partition(":")
        found.update(dict.fromkeys(members.split(), group.strip()))
    return found
