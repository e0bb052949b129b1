"""Which components of patterns match which names, asked of all names of an image together.

Names are told from those that nothing matches by functions written in C: by sets of whole names, by sets of
their ends, and by literal bytes in one text of all names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress
from operator import itemgetter

from slim.files.distinct_names import Names
from slim.rules.component import Component

_KEY_BYTES = 3
"""Names are found by up to this many of their first or last bytes: their key."""

Matched = tuple[bytes | int, ...]
"""What matches a name: itself, if it is a literal component, and the indexes of others."""


def matching(
    names: Names, literal: AbstractSet[bytes], wild: Sequence[Component]
) -> dict[bytes, Matched]:
    """What matches each name, of some literal components and others; without names that none matches."""
    found: dict[bytes, list[bytes | int]] = {name: [name] for name in names.every & literal}
    heads: dict[int, bytes] = {}
    tails: dict[int, bytes] = {}
    for index, glob in enumerate(wild):
        if glob.needle and max(len(glob.head), len(glob.tail)) < _KEY_BYTES:
            for name in filter(glob.matches, names.having(glob.needle)):
                found.setdefault(name, []).append(index)
        elif (glob.tail and len(glob.head) <= max(len(glob.tail), _KEY_BYTES)) or glob.is_open:
            tails[index] = glob.tail
        else:
            heads[index] = glob.head
    for ends, cut, has in (
        (heads, itemgetter(slice(_KEY_BYTES)), bytes.startswith),
        (tails, itemgetter(slice(-_KEY_BYTES, None)), bytes.endswith),
    ):
        for index, matched in _by_key(wild, ends, names.every, cut, has):
            for name in matched:
                found.setdefault(name, []).append(index)
    return {name: tuple(matched) for name, matched in found.items()}


def _by_key(
    wild: Sequence[Component],
    ends: Mapping[int, bytes],
    names: Collection[bytes],
    cut: Callable[[bytes], bytes],
    has: Callable[[bytes, bytes | tuple[bytes, ...]], bool],
) -> Iterator[tuple[int, Iterable[bytes]]]:
    """Index of a component → names that it matches, key by key.

    Args:
        ends: what a name that a component matches has at one end.
        cut: makes the key of a name.
        has: whether a name has these bytes, or some of these, at that end.
    """
    if not ends:
        return
    keys = list(map(cut, names))
    asked: dict[bytes, list[int]] = defaultdict(list)
    short: dict[int, bytes] = {}
    for index, end in ends.items():
        if len(end) < _KEY_BYTES:
            short[index] = end
        else:
            asked[cut(end)].append(index)
    shorter = tuple(short.values())
    for key in frozenset(keys) if short else ():
        if has(key, shorter):
            asked[key] += (index for index, end in short.items() if has(key, end))
    groups: dict[bytes, list[bytes]] = defaultdict(list)
    for key, name in compress(zip(keys, names, strict=True), map(asked.__contains__, keys)):
        groups[key].append(name)
    for key, group in groups.items():
        rest = []
        for index in asked[key]:
            decisive = wild[index].decisive_bytes
            if decisive is None or decisive > _KEY_BYTES:
                rest.append(index)
            elif wild[index].matches(key):
                yield index, group
        if rest:
            wholes = tuple(ends[index] for index in rest)
            likely = [name for name in group if has(name, wholes)]
            for index in rest:
                yield index, filter(wild[index].matches, likely)
