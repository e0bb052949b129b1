"""Many names, such as those in an image, each once: all of them are asked together [pure].

Of these names few are ever of interest. They are told from the others by functions written in C, so that a
name that nothing asks for costs the interpreter no step: by looking for literal bytes in one text of all
names, by sets of whole names, and by sets of their ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress
from operator import itemgetter

from msgspec import Struct

from slim.advice.component import Component
from slim.files.table import Files

_KEY_BYTES = 3
"""Names are found by up to this many bytes of a component's end."""

_Cut = tuple[int | None, int | None]
"""Bounds of a slice."""


Matched = tuple[bytes | int, ...]
"""What matches a name: itself, if it is a literal component, and the indexes of others."""


class Names(Struct, frozen=True):
    """Names of files and directories."""

    every: frozenset[bytes]
    text: bytes
    """All of them, each between slashes: no name has one in it."""

    def ending(self, endings: Iterable[bytes]) -> set[bytes]:
        """The names that end in one of these."""
        return {name for end in endings for name in self._having(end + b"/")}

    def matching(
        self, literal: AbstractSet[bytes], wild: Sequence[Component]
    ) -> dict[bytes, Matched]:
        """What matches each name, of some literal components and others; without names that none matches."""
        found: dict[bytes, list[bytes | int]] = {name: [name] for name in self.every & literal}
        by_end: dict[_Cut, dict[bytes, list[tuple[bytes, int]]]] = {}
        for index, one in enumerate(wild):
            if one.tail and len(one.head) <= max(len(one.tail), _KEY_BYTES):
                whole, end = one.tail, one.tail[-_KEY_BYTES:]
                place: _Cut = (-len(end), None)
            elif one.head:
                whole, end = one.head, one.head[:_KEY_BYTES]
                place = (None, len(end))
            else:
                having = self._having(one.needle) if one.needle else self.every
                for name in filter(one.matches, having):
                    found.setdefault(name, []).append(index)
                continue
            by_end.setdefault(place, {}).setdefault(end, []).append((whole, index))
        for place, asked in by_end.items():
            cut = itemgetter(slice(*place))
            has = bytes.startswith if place[0] is None else bytes.endswith
            wholes = {end: tuple(whole for whole, _ in ones) for end, ones in asked.items()}
            for name in compress(self.every, map(asked.__contains__, map(cut, self.every))):
                end = cut(name)
                if has(name, wholes[end]):
                    for _, index in asked[end]:
                        if wild[index].matches(name):
                            found.setdefault(name, []).append(index)
        return {name: tuple(matched) for name, matched in found.items()}

    def _having(self, part: bytes) -> Iterator[bytes]:
        """The names that have some bytes in them, or that end in them if the last is a slash."""
        text = self.text
        at = text.find(part)
        while at >= 0:
            end = text.index(b"/", at)
            yield text[text.rindex(b"/", 0, at) + 1 : end]
            at = text.find(part, end)


def names_of(files: Files) -> Names:
    """The names in an image."""
    return distinct(files.name, files.dir_name)


def distinct(*names: Iterable[bytes]) -> Names:
    """Some names, each once."""
    every = frozenset().union(*names)
    return Names(every, b"/" + b"/".join(every) + b"/")
