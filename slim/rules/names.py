"""Which components of patterns match which names, asked of all names of an image together.

Names are told from those that nothing matches by functions written in C: by literal bytes in one text of all
names, by sets of whole names, and by sets of their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import compress
from operator import itemgetter

from slim.files.distinct_names import Names
from slim.rules.component import Component

_KEY_BYTES = 3
"""Names are found by up to this many bytes of a component's end."""
_ByEnd = dict[bytes, list[tuple[bytes, int]]]
"""First or last bytes → (literal end that they are of, index of the component)."""

Matched = tuple[bytes | int, ...]
"""What matches a name: itself, if it is a literal component, and the indexes of others."""


def matching(
    names: Names, literal: AbstractSet[bytes], wild: Sequence[Component]
) -> dict[bytes, Matched]:
    """What matches each name, of some literal components and others; without names that none matches."""
    found: dict[bytes, list[bytes | int]] = {name: [name] for name in names.every & literal}
    by_head: _ByEnd = {}
    by_tail: _ByEnd = {}
    for index, glob in enumerate(wild):
        if glob.tail and len(glob.head) <= max(len(glob.tail), _KEY_BYTES):
            whole, part = glob.tail, glob.tail + b"/"
            by_end, key = by_tail, glob.tail[-_KEY_BYTES:]
        else:
            whole, part = glob.head, b"/" + glob.head if glob.head else glob.needle
            by_end, key = by_head, glob.head[:_KEY_BYTES]
        if len(key) == _KEY_BYTES:
            by_end.setdefault(key, []).append((whole, index))
            continue
        for name in filter(glob.matches, names.having(part) if part else names.every):
            found.setdefault(name, []).append(index)
    for by_end, cut, has in (
        (by_head, itemgetter(slice(_KEY_BYTES)), bytes.startswith),
        (by_tail, itemgetter(slice(-_KEY_BYTES, None)), bytes.endswith),
    ):
        wholes = {key: tuple(whole for whole, _ in ones) for key, ones in by_end.items()}
        for name in compress(names.every, map(by_end.__contains__, map(cut, names.every))):
            key = cut(name)
            if has(name, wholes[key]):
                for _, index in by_end[key]:
                    if wild[index].matches(name):
                        found.setdefault(name, []).append(index)
    return {name: tuple(matched) for name, matched in found.items()}
