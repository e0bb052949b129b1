"""Many names, such as those in an image, each once: all of them are asked together.

Of these names few are ever of interest. They are found by looking for literal bytes in one text of all
names, so that a name that nothing asks for costs the interpreter no step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from slim.files.table import Files


class Names(Struct, frozen=True):
    """Names of files and directories."""

    every: frozenset[bytes]
    text: bytes
    """All of them, each between slashes: no name has one in it."""

    def ending(self, endings: Iterable[bytes]) -> set[bytes]:
        """The names that end in one of these."""
        return {name for end in endings for name in self.having(end + b"/")}

    def having(self, part: bytes) -> Iterator[bytes]:
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
