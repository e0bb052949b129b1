"""Names of one directory that a case-folding or normalising filesystem cannot keep apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from slim.files.overlay.children import Children
from slim.files.table import LayerWarning


def find_collisions(
    children: Children, path_of: Callable[[int, bytes], bytes]
) -> LayerWarning | None:
    """The number of such names and the first of them; None where there is none.

    Those that were put into the image at once have none: `find_simple` has looked at them.
    """
    count, first = 0, b""
    for directory, below in children.collected():
        if len(below) < 2:
            continue
        together = b"/".join(below)
        if together.isascii() and together.islower():
            continue
        folded = {_fold(name) for name in below}
        if len(folded) == len(below):
            continue
        count += len(below) - len(folded)
        if not first:
            seen: set[bytes] = set()
            for name in sorted(below):
                if _fold(name) in seen:
                    first = path_of(directory, name)
                    break
                seen.add(_fold(name))
    if not count:
        return None
    text = "names that differ only in case or Unicode form: they collide on macOS and Windows"
    return LayerWarning(text, first, count)


def _fold(name: bytes) -> bytes:
    if name.isascii():
        return name.lower()
    text = name.decode("utf-8", "surrogateescape")
    return unicodedata.normalize("NFC", text.casefold()).encode("utf-8", "surrogateescape")
