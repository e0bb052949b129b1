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
        by_end: dict[_Cut, dict[bytes, list[int]]] = {}
        for index, one in enumerate(wild):
            if len(one.head) > len(one.tail):
                end = one.head[:_KEY_BYTES]
                by_end.setdefault((None, len(end)), {}).setdefault(end, []).append(index)
            elif one.tail:
                end = one.tail[-_KEY_BYTES:]
                by_end.setdefault((-len(end), None), {}).setdefault(end, []).append(index)
            else:
                having = self._having(one.needle) if one.needle else self.every
                for name in filter(one.matches, having):
                    found.setdefault(name, []).append(index)
        for bounds, indexes in by_end.items():
            cut = itemgetter(slice(*bounds))
            for name in compress(self.every, map(indexes.__contains__, map(cut, self.every))):
                for index in indexes[cut(name)]:
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
