"""rpm's own database format, `Packages.db`: SUSE.

    pages of slots: "Slot", package number, first block, number of blocks (4 bytes each, little endian);
                    the first two slots are the header: "RpmP", version, generation, pages of slots, …
    blocks of 16 bytes: "BlbS", package number, generation, length, header blob, padding,
                    checksum, length, "BlbE"

Source: rpm's lib/backend/ndb/rpmpkg.c, which is the format's only description.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from slim.ecosystems.rpm.header import MAX_HEADER_BYTES, RpmError

MAGIC = b"RpmP"
_BLOCK = 16
_PAGE = 4096
_HEADER = struct.Struct("<4sIII")
_SLOT = struct.Struct("<4sIII")
_BLOB = struct.Struct("<4sIII")


def ndb_headers(database: bytes) -> Iterator[bytes]:
    """The header blobs, in order of slots. Blobs of slots that overlap are read once.

    Raises:
        RpmError: no such database, or slots that lead out of it.
    """
    if len(database) < _PAGE or database[:4] != MAGIC:
        raise RpmError("it is not an ndb database")
    _, version, _, pages = _HEADER.unpack_from(database)
    if version != 0:
        raise RpmError(f"its version {version} is unknown")
    if not pages or pages * _PAGE > len(database):
        raise RpmError("it is shorter than its slots")
    seen: set[int] = set()
    for at in range(2 * _SLOT.size, pages * _PAGE, _SLOT.size):
        magic, number, block, blocks = _SLOT.unpack_from(database, at)
        if magic != b"Slot":
            raise RpmError("a slot is damaged")
        if block and block not in seen:
            seen.add(block)
            yield _blob(database, number, block * _BLOCK, blocks * _BLOCK)


def _blob(database: bytes, number: int, start: int, size: int) -> bytes:
    if start + size > len(database) or size < _BLOB.size:
        raise RpmError("a slot leads out of the file")
    magic, owner, _, length = _BLOB.unpack_from(database, start)
    if magic != b"BlbS" or owner != number:
        raise RpmError("a slot leads to no blob of its package")
    if length > size - _BLOB.size or length > MAX_HEADER_BYTES:
        raise RpmError("a blob is longer than its slot")
    return database[start + _BLOB.size : start + _BLOB.size + length]
