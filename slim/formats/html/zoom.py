"""The items of a treemap as lines of text, from which the page's script draws what is in a box.

A line per item, what is in it below it: depth, name, bytes, those that could go, tone, target, rule, and what
stands in place of the size, with `|` between and no empty ones at the end. The texts are visible ones, so
that none holds the end of a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slim.formats.html.treemap import Item

_MOST = 1_200
"""Items of a map that the script knows; of more it is the largest."""


def walk(items: Sequence[Item]) -> Iterator[Item]:
    """The items in the order of their lines, as many as have one."""
    for _, item in _walk(items):
        yield item


def lines(items: Sequence[Item]) -> str:
    """What the script reads."""
    found = []
    for depth, item in _walk(items):
        fields = (
            *(depth, item.name, item.value, item.gone or "", item.tone, item.target),
            *(item.rule if item.gone else "", item.shown),
        )
        found.append("|".join(str(each).replace("|", "\\x7c") for each in fields).rstrip("|"))
    return "\n".join(found)


def _walk(items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """(depth, item): parents before children, siblings in order; the smallest are left out."""
    least = _least(items)
    waiting = [(0, item) for item in reversed(items)]
    while waiting:
        depth, item = waiting.pop()
        yield depth, item
        waiting += [(depth + 1, child) for child in reversed(item.children) if child.value >= least]


def _least(items: Sequence[Item]) -> int:
    """The smallest size of about as many items as are to be shown."""
    values = []
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        values.append(item.value)
        waiting += item.children
    values.sort(reverse=True)
    return values[_MOST] + 1 if len(values) > _MOST else 0
