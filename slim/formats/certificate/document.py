"""A certificate as JSON, piece by piece: its list of removed paths can be long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from slim.formats.json import as_json, indented
from slim.repack.certificate import Certificate, RemovedPath

_AT_ONCE = 1_000
"""Removed paths that are written together."""
_LIST, _EMPTY = '\n      "removed": [', "]"
_DEEPER = "\n" + 6 * " "


def json_pieces(certificate: Certificate) -> Iterator[str]:
    """What `as_json` makes of it, without ever holding all of that."""
    images = certificate.images
    without = replace(certificate, images=tuple(replace(image, removed=()) for image in images))
    # No string of a JSON document holds a line break, so that only the lists themselves are found.
    *parts, last = as_json(without).split(_LIST + _EMPTY)
    for part, image in zip(parts, images, strict=True):
        yield part + _LIST
        yield from _entries(image.removed)
        yield "]"
    yield last


def _entries(removed: Sequence[RemovedPath]) -> Iterator[str]:
    """What stands between the brackets of the list."""
    for at in range(0, len(removed), _AT_ONCE):
        text = indented(removed[at : at + _AT_ONCE])
        yield ("," if at else "") + text[1:-2].replace("\n", _DEEPER)
    if removed:
        yield _DEEPER
