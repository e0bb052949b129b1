"""The header of an rpm package as the databases store it: tags → values.

    number of entries, size of the store (4 bytes each, big endian)
    entries: tag, type, offset in the store, count (4 bytes each)
    store: numbers aligned and big endian, strings ended by NUL

Source: rpm.org, "RPM Package Header format"; the database stores it without the magic number.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

from msgspec import Struct, field

MAX_ENTRIES = 65_536
MAX_HEADER_BYTES = 128 << 20
"""Largest header; rpm itself allows 256 MiB for the store."""

_INTRO = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")
_INT16, _INT32, _STRING, _STRING_ARRAY, _I18N = 3, 4, 6, 8, 9


class RpmError(ValueError):
    """Bytes are not what the format says; the message says why, to follow "because"."""


class Header(Struct, frozen=True):
    """The wanted tags of a package."""

    strings: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    numbers: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def string(self, tag: int) -> str:
        """The only, or the first, string of a tag; empty if there is none."""
        values = self.strings.get(tag)
        return values[0].decode("utf-8", "replace") if values else ""

    def texts(self, tag: int) -> list[str]:
        """All strings of a tag."""
        return [value.decode("utf-8", "replace") for value in self.strings.get(tag, ())]


def read_header(blob: bytes, tags: Collection[int]) -> Header:
    """Decode some tags; each once, so that the work is at most their number times the store.

    Raises:
        RpmError: lengths or offsets that lead out of the blob.
    """
    if len(blob) < _INTRO.size:
        raise RpmError("a header is cut off")
    entries, size = _INTRO.unpack_from(blob)
    start = _INTRO.size + entries * _ENTRY.size
    if entries > MAX_ENTRIES or start + size > len(blob):
        raise RpmError("a header says that it is longer than it is")
    store = blob[start : start + size]
    header = Header()
    for tag, kind, offset, count in _ENTRY.iter_unpack(blob[_INTRO.size : start]):
        if tag not in tags or tag in header.strings or tag in header.numbers:
            continue
        if offset > size or count > size - offset:
            raise RpmError(f"the values of tag {tag} are outside of the header")
        if kind == _STRING:
            header.strings[tag] = _strings(store, offset, 1)
        elif kind in (_STRING_ARRAY, _I18N):
            header.strings[tag] = _strings(store, offset, count)
        elif kind in (_INT16, _INT32):
            layout = struct.Struct(f">{count}{'H' if kind == _INT16 else 'I'}")
            if offset + layout.size > size:
                raise RpmError(f"the values of tag {tag} are outside of the header")
            header.numbers[tag] = layout.unpack_from(store, offset)
    return header


def _strings(store: bytes, offset: int, count: int) -> tuple[bytes, ...]:
    found = store[offset:].split(b"\0", count)
    if len(found) <= count:
        raise RpmError("a string has no end")
    return tuple(found[:count])
