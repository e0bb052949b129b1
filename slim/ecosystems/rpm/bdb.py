"""rpm's database as a Berkeley DB hash, `Packages`: RHEL 8 and older, Amazon Linux 2.

Every page says its type, so that all of them are read in order, without following buckets. A hash page
has pairs of keys and values; a value that does not fit in is on a chain of overflow pages. A key is the
number of a package in 4 bytes; package 0 is not a package but the database's own counter.

    page: 8 bytes, number, previous, next (4 each), entries, offset of free space (2 each), level, type
          then the offset of each entry (2 bytes); entries grow from the end of the page
    entry on a hash page: 1 and the data; or 3, 3 unused bytes, first overflow page, length (4 each)

Source: the Berkeley DB reference on access methods; rpm's lib/backend/bdb_ro for what rpm reads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from slim.ecosystems.rpm.header import MAX_HEADER_BYTES, RpmError

_MAGIC = 0x061561
_VERSIONS = range(8, 11)
_HEAD = 26
_UNSORTED, _OVERFLOW, _SORTED = 2, 7, 13
_ON_PAGE, _OFF_PAGE = 1, 3


def is_bdb(database: bytes) -> bool:
    """Whether it begins like a Berkeley DB hash, of either byte order."""
    magic = database[12:16]
    return magic in (_MAGIC.to_bytes(4, "little"), _MAGIC.to_bytes(4, "big"))


def bdb_headers(database: bytes) -> Iterator[bytes]:
    """The header blobs, in order of pages.

    Raises:
        RpmError: no such database, or offsets and chains that lead out of it.
    """
    if len(database) < 512 or not is_bdb(database):
        raise RpmError("it is no Berkeley DB hash")
    order = "<" if database[12:16] == _MAGIC.to_bytes(4, "little") else ">"
    version, page_size = struct.unpack_from(f"{order}II", database, 16)
    if version not in _VERSIONS:
        raise RpmError(f"its version {version} is unknown")
    if not 512 <= page_size <= 65536 or page_size & (page_size - 1):
        raise RpmError(f"its page size {page_size} is impossible")
    pages = len(database) // page_size
    # Each overflow page belongs to one value: what all chains may take together.
    left = pages
    for number in range(1, pages):
        start = number * page_size
        entries, _, kind = struct.unpack_from(f"{order}HHxB", database, start + 20)
        if kind not in (_UNSORTED, _SORTED):
            continue
        if _HEAD + 2 * entries > page_size:
            raise RpmError(f"page {number} has more entries than fit in")
        page = database[start : start + page_size]
        offsets = struct.unpack_from(f"{order}{entries}H", page, _HEAD)
        for index in range(0, entries - 1, 2):
            key, value = offsets[index], offsets[index + 1]
            end = offsets[index - 1] if index else page_size
            if not _HEAD + 2 * entries <= value < key < end <= page_size:
                raise RpmError(f"entries of page {number} are not in order")
            if not any(page[key + 1 : end]):
                continue
            if page[value] == _ON_PAGE:
                yield page[value + 1 : key]
            elif page[value] == _OFF_PAGE and key - value == 12:
                first, length = struct.unpack_from(f"{order}II", page, value + 4)
                blob, used = _chain(database, page_size, order, first, length, left)
                left -= used
                yield blob


def _chain(
    database: bytes, page_size: int, order: str, number: int, length: int, most: int
) -> tuple[bytes, int]:
    """The value on a chain of overflow pages, and how many pages it took."""
    if length > min(MAX_HEADER_BYTES, len(database)):
        raise RpmError("a value is longer than the database")
    parts: list[bytes] = []
    rest = length
    while rest > 0:
        start = number * page_size
        if not number or start + page_size > len(database) or len(parts) == most:
            raise RpmError("a chain of overflow pages does not end")
        following, _, used, kind = struct.unpack_from(f"{order}IHHxB", database, start + 16)
        if kind != _OVERFLOW or not 0 < used <= page_size - _HEAD:
            raise RpmError(f"page {number} is not an overflow page")
        parts.append(database[start + _HEAD : start + _HEAD + min(used, rest)])
        rest -= used
        number = following
    return b"".join(parts), len(parts)
