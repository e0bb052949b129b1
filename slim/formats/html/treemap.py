"""Areas in proportion to bytes: nested items → boxes on a canvas.

Squarified treemaps (Bruls, Huizing, van Wijk 2000): items are laid in rows along the shorter side, a row
ends when one more item would make its boxes longer. The work is bounded by the number of items; what
would be too small to see is one box together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

Rectangle = tuple[float, float, float, float]
"""x, y, width, height."""

HEADER = 18.0
_GAP = 2.0
_SMALLEST = 90.0
"""Area below which an item has no box of its own."""
_DEPTH = 8


class Item(Struct, frozen=True):
    """Something that takes bytes. With children it is their frame, and they are all of it."""

    name: str
    value: int
    gone: int
    """The part of `value` that could go."""
    tone: str
    """What it is coloured by."""
    says: str
    """All about it, in one line."""
    target: str = ""
    """Where on the page there is more."""
    children: tuple[Item, ...] = ()
    shown: str = ""
    """What stands beside the name in place of `value`."""
    rule: str = ""
    """Which claims most of what is `gone`."""


class Box(Struct, frozen=True):
    """An item and its place. A frame has a header, and lies below what is in it."""

    item: Item
    place: Rectangle
    frame: bool


def layout(items: Sequence[Item], width: float, height: float, limit: int) -> list[Box]:
    """Boxes of `items` on a canvas; frames come before what is in them. About `limit` boxes at most."""
    boxes: list[Box] = []
    waiting = [(Item("", 0, 0, "", "", children=tuple(items)), (0.0, 0.0, width, height), 0)]
    at = 0
    # Outer boxes first: where the number ends, the finest details are missing.
    while at < len(waiting):
        parent, place, depth = waiting[at]
        at += 1
        placed = _place(_visible(parent.children, place), place)
        for number, (item, (x, y, wide, high)) in enumerate(placed):
            frame = (
                bool(item.children)
                and depth < _DEPTH
                and wide >= 76
                and high >= HEADER + 30
                and len(boxes) + len(placed) - number < limit
            )
            boxes.append(Box(item, (x, y, wide, high), frame))
            if frame:
                inside = (x + _GAP, y + HEADER, wide - 2 * _GAP, high - HEADER - _GAP)
                waiting.append((item, inside, depth + 1))
    return boxes


def _visible(items: Sequence[Item], place: Rectangle) -> list[Item]:
    """Items by size; those that are too small to see are one."""
    total = sum(item.value for item in items)
    area = place[2] * place[3]
    ordered = sorted(
        (item for item in items if item.value > 0), key=lambda item: (-item.value, item.name)
    )
    shown = [item for item in ordered if item.value * area >= _SMALLEST * total]
    small = ordered[len(shown) :]
    if len(small) < 2:
        return ordered
    value, gone = sum(item.value for item in small), sum(item.gone for item in small)
    name = f"{len(small):,} more"
    shown.append(Item(name, value, gone, small[0].tone, f"{name}, too small to be drawn"))
    return shown


def _place(items: Sequence[Item], place: Rectangle) -> list[tuple[Item, Rectangle]]:
    """Squarify: each item with its rectangle. The items are sorted, the largest first, but for the last."""
    x, y, width, height = place
    left = sum(item.value for item in items)
    found: list[tuple[Item, Rectangle]] = []
    start = 0
    while start < len(items):
        if not (width > 0 and height > 0):
            # Less than a floating point number can tell from nothing.
            found += [(item, (x, y, max(width, 0.0), max(height, 0.0))) for item in items[start:]]
            break
        side = min(width, height)
        scale = width * height / left
        stop, row = start, 0.0
        worst = float("inf")
        while stop < len(items):
            longer = row + items[stop].value * scale
            ratio = max(
                max(side * side * area / longer**2, longer**2 / (side * side * area))
                for area in (items[start].value * scale, items[stop].value * scale)
            )
            if ratio > worst:
                break
            worst, row, stop = ratio, longer, stop + 1
        thick = min(row / side, max(width, height))
        for item, (along, length) in _cut(items[start:stop], side):
            if width >= height:
                found.append((item, (x, y + along, thick, length)))
            else:
                found.append((item, (x + along, y, length, thick)))
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
        left -= sum(item.value for item in items[start:stop])
        start = stop
    return found


def _cut(items: Sequence[Item], side: float) -> Iterator[tuple[Item, tuple[float, float]]]:
    """Where along a side each item of a row begins, and how long it is."""
    total = sum(item.value for item in items)
    done = 0
    for item in items:
        begin, end = side * done / total, side * (done + item.value) / total
        yield item, (begin, end - begin)
        done += item.value
