"""Comparison → the items of its treemap: what changed, by directory and file, on disk.

Areas are how much changed, more and less alike; the numbers in them have signs, and add up to the growth
on disk: files that are shown, what lists leave out, dead weight.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slim.formats.html.treemap import Item
from slim.formats.terminal import cut, shorten
from slim.report.comparison import Comparison, FileChange
from slim.report.untrusted import bare, rooted
from slim.units import Units

_MEANINGS = {
    "new": "new",
    "more": "larger than before",
    "less": "smaller, or gone",
    "other": "files that are not listed one by one",
    "dead": "more dead weight: shipped and never visible",
}
_FILES = 1_500
_NAME = 80
_PATH = 140
_DEPTH = 40


class _Directory(Struct):
    """A directory while the map is made."""

    below: dict[str, _Directory] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)


def changes(comparison: Comparison, units: Units) -> list[Item]:
    """The map's outermost boxes; none where nothing changed."""
    root = _Directory()
    listed = 0
    for file in comparison.files[:_FILES]:
        if file.disk_bytes is None or file.base_disk_bytes is None:
            continue
        change = file.disk_bytes - file.base_disk_bytes
        listed += change
        if change:
            _put(root, file, change, units)
    items = _inside(root, units)
    growth = comparison.growth
    for name, tone, says, change in (
        ("other files", "other", "all other files", growth.live.disk_bytes - listed),
        ("dead weight", "dead", "shipped and never visible", growth.dead.disk_bytes),
    ):
        if change:
            items.append(_item(name, tone, change, says, units))
    return items


def legend(comparison: Comparison, units: Units) -> list[tuple[str, str]]:
    """Tone and meaning of what is in the map."""
    found = {leaf.tone for leaf in _leaves(changes(comparison, units))}
    return [(tone, says) for tone, says in _MEANINGS.items() if tone in found]


def _put(root: _Directory, file: FileChange, change: int, units: Units) -> None:
    *above, name = bare(file.path).split("/")[:_DEPTH]
    at = root
    for part in above:
        at = at.below.setdefault(cut(part, _NAME), _Directory())
    tone = "new" if file.status == "new" else "more"
    says = f"{cut(rooted(file.path), _PATH)} · {file.status}"
    at.items.append(_item(cut(name, _NAME), tone, change, says, units))


def _inside(directory: _Directory, units: Units) -> list[Item]:
    """The boxes of a directory: those of files, and a frame for each directory below."""
    boxes: dict[int, list[Item]] = {}
    waiting = [(directory, False)]
    while waiting:
        current, ready = waiting.pop()
        if not ready:
            waiting.append((current, True))
            waiting += [(below, False) for below in current.below.values()]
            continue
        frames = [
            _frame(name, boxes.pop(id(below)), units) for name, below in current.below.items()
        ]
        boxes[id(current)] = [*frames, *current.items]
    return boxes[id(directory)]


def _frame(name: str, inside: Sequence[Item], units: Units) -> Item:
    """A directory; one that holds a single thing is one box with it."""
    if len(inside) == 1:
        (only,) = inside
        return replace(only, name=shorten(f"{name}/{only.name}", _PATH))
    net = units.change(sum(map(_change, _leaves(inside))))
    tone = max(inside, key=lambda item: item.value).tone
    value = sum(item.value for item in inside)
    return Item(name, value, 0, tone, f"{name} · {net} on disk", shown=net, children=tuple(inside))


def _leaves(items: Sequence[Item]) -> list[Item]:
    found, waiting = [], list(items)
    while waiting:
        item = waiting.pop()
        if item.children:
            waiting += item.children
        else:
            found.append(item)
    return found


def _change(leaf: Item) -> int:
    return -leaf.value if leaf.tone == "less" else leaf.value


def _item(name: str, tone: str, change: int, says: str, units: Units) -> Item:
    """`tone`: of what became more."""
    shown = units.change(change)
    tone = tone if change > 0 else "less"
    return Item(name, abs(change), 0, tone, f"{says} · {shown} on disk", shown=shown)
