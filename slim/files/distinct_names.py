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

from slim.files.table import Files
from slim.rules.component import Component

_KEY_BYTES = 3
"""Names are found by up to this many bytes of a component's end."""

_ByEnd = dict[bytes, list[tuple[bytes, int]]]
"""First or last bytes → (literal end that they are of, index of the component)."""


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
        by_head: _ByEnd = {}
        by_tail: _ByEnd = {}
        for index, one in enumerate(wild):
            if one.tail and len(one.head) <= max(len(one.tail), _KEY_BYTES):
                whole, part = one.tail, one.tail + b"/"
                by_end, key = by_tail, one.tail[-_KEY_BYTES:]
            else:
                whole, part = one.head, b"/" + one.head if one.head else one.needle
                by_end, key = by_head, one.head[:_KEY_BYTES]
            if len(key) == _KEY_BYTES:
                by_end.setdefault(key, []).append((whole, index))
                continue
            for name in filter(one.matches, self._having(part) if part else self.every):
                found.setdefault(name, []).append(index)
        for by_end, cut, has in (
            (by_head, itemgetter(slice(_KEY_BYTES)), bytes.startswith),
            (by_tail, itemgetter(slice(-_KEY_BYTES, None)), bytes.endswith),
        ):
            wholes = {key: tuple(whole for whole, _ in ones) for key, ones in by_end.items()}
            for name in compress(self.every, map(by_end.__contains__, map(cut, self.every))):
                key = cut(name)
                if has(name, wholes[key]):
                    for _, index in by_end[key]:
                        if wild[index].matches(name):
                            found.setdefault(name, []).append(index)
        return {name: tuple(matched) for name, matched in found.items()}

    def _having(self, part: bytes) -> Iterator[bytes]:
        """The names that have some bytes in them; a slash before or behind stands for the name's end."""
        text = self.text
        at = text.find(part)
        while at >= 0:
            end = text.index(b"/", at + 1)
            yield text[text.rindex(b"/", 0, at + 1) + 1 : end]
            at = text.find(part, end)


def names_of(files: Files) -> Names:
    """The names in an image."""
    return distinct(files.name, files.dir_name)


def distinct(*names: Iterable[bytes]) -> Names:
    """Some names, each once."""
    every = frozenset().union(*names)
    return Names(every, b"/" + b"/".join(every) + b"/")
