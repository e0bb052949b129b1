"""Tar headers as nearly all entries have them, decoded in a fraction of the steps.

What is decoded here is decoded as `header` does; anything else is None, for the caller to ask there. The
parts that many headers have in common are learnt from headers that `header` accepts: owners, and the ends
without link target and prefix.

The checksum is the price of a header: summing 512 bytes in Python takes longer than all the rest.
Adler-32's low half is 1 + the sum modulo 65,521, and a header of ASCII bytes sums to less than that, so
one call of a C function decides exactly; headers with other bytes take the exact path.
"""

from __future__ import annotations

import struct

from slim.stream.header import BLOCK, TIMES, HeaderError, check_time, number, parse_pax

try:
    from isal.isal_zlib import adler32
except ImportError:  # no wheel for this machine; the standard library has the same function
    from zlib import adler32

FILE, HARDLINK, SYMLINK, DIRECTORY, LONG_NAME, RECORDS = b"0125Lx"
"""Types of entries that are decoded here; from `LONG_NAME` on they announce the entry that follows."""
_TYPES = frozenset((FILE, HARDLINK, SYMLINK, DIRECTORY, LONG_NAME, RECORDS))
_FIELDS = struct.Struct("100s24s11sB12s8s356s")
"""name; mode, uid and gid; size and its last byte; time; checksum; everything from the type on."""
_BLANKS = b"\0 "
_PREFIX, _TRAILER = 345 - 156, 500 - 156
"""Where the prefix and what follows it are in everything from the type on."""
_NO_PREFIX = bytes(512 - 345)
_USTAR = b"ustar\0"
_MEMO, _ENDS = 1 << 16, 1 << 12
"""Fields to remember at most: hostile input must not grow the memos."""
_IGNORED = frozenset((b"uname", b"gname", b"SCHILY.xattr.security.capability"))
"""Keys of records that change nothing here."""
_EXTENSION, _PATH = 2048, 512
"""Bytes of an extension, and of a path in it; what is longer is rare, and bounded elsewhere."""

Usual = tuple[int, bytes, bytes, int]
"""(type, name, link target, size in bytes)."""
Extended = tuple[int, Usual]
"""The offset after a header that an extension was for, and what both say."""


class UsualHeaders:
    """Decodes headers whose parts are known or simple."""

    def __init__(self) -> None:
        self._owners: set[bytes] = set()
        """Raw mode, uid and gid that are known to be numbers."""
        self._ends: set[bytes] = set()
        """Types with what is between link target and prefix, as valid headers had them."""
        self._times: set[bytes] = set()
        self._sums: dict[bytes, int] = {}
        self._end = b""
        self._type, self._prefix, self._link = 0, b"", b""
        """What the last end says: entries of one directory mostly have the same."""

    def learn(self, block: bytes) -> None:
        """Remember parts of a header that `parse_header` has accepted."""
        if block[156] in _TYPES and len(self._ends) < _ENDS:
            self._ends.add(block[156:157] + block[257:345])
        if len(self._owners) < _MEMO:
            self._owners.add(block[100:124])

    def read(self, block: bytes) -> Usual | None:
        """Decode a block; None where it is not usual, or nothing like it was learnt."""
        name, owner, digits, last, time, check, end = _FIELDS.unpack(block)
        if end != self._end and not self._read_end(end):
            return None
        if owner not in self._owners or last not in _BLANKS:
            return None
        if time not in self._times and not self._learn_time(time):
            return None
        expected = self._sums.get(check)
        if expected is None:
            expected = self._learn_sum(check)
        if expected != adler32(block) & 0xFFFF or not block.isascii() or not digits.isdigit():
            return None
        try:
            size = int(digits, 8)
        except ValueError:
            return None
        name = name.partition(b"\0")[0]
        return self._type, self._prefix + name if self._prefix else name, self._link, size

    def read_extended(self, chunk: bytes, at: int, size: int, extension: int) -> Extended | None:
        """The offset after the header that follows an `extension` of `size` bytes at `at`, and what both say.

        None where these are not in the chunk with another byte behind them, or something is not usual.
        """
        begin = at + size + (-size & 511)
        if size > _EXTENSION or begin + BLOCK >= len(chunk):
            return None
        usual = self.read(chunk[begin : begin + BLOCK])
        if usual is None or usual[0] >= LONG_NAME:
            return None
        kind, name, link, stored = usual
        if extension == LONG_NAME:
            name = chunk[at : at + size].partition(b"\0")[0] or name
            return (begin + BLOCK, (kind, name, link, stored)) if len(name) <= _PATH else None
        repeated: list[bytes] = []
        try:
            records = parse_pax(chunk[at : at + size], repeated)
            for key, value in records.items():
                if key in TIMES:
                    check_time(value)
                elif key == b"path":
                    name = value or name
                elif key == b"linkpath":
                    link = value or link
                elif key not in _IGNORED:
                    return None
        except HeaderError:
            return None
        if repeated or len(name) > _PATH:
            return None
        return begin + BLOCK, (kind, name, link, stored)

    def _read_end(self, end: bytes) -> bool:
        """Take the type, link target and prefix from the end of a header; False where it is not usual."""
        if end[:1] + end[101:_PREFIX] not in self._ends:
            return False
        prefix = b""
        if end[_PREFIX:] != _NO_PREFIX:
            if end[101:107] != _USTAR or end[_TRAILER:].strip(b"\0"):
                return False
            prefix = end[_PREFIX:_TRAILER].partition(b"\0")[0]
        self._end, self._type = end, end[0]
        self._prefix = prefix + b"/" if prefix else b""
        self._link = end[1:101].partition(b"\0")[0]
        return True

    def _learn_time(self, field: bytes) -> bool:
        """Whether the field of a time is a number as Go reads it."""
        try:
            number(field)
        except HeaderError:
            return False
        if len(self._times) > _MEMO:
            self._times.clear()
        self._times.add(field)
        return True

    def _learn_sum(self, check: bytes) -> int:
        """Low half of the Adler-32 of a header with this checksum field; 0 (never right) if it is none."""
        try:
            # Six digits, as nearly all have them, are read at once.
            value = (
                int(check[:6], 8) if check[:6].isdigit() and check[6:] == b"\0 " else number(check)
            )
            expected = 1 + value - 8 * 0x20 + sum(check)
        except ValueError:
            expected = 0
        if len(self._sums) > _MEMO:
            self._sums.clear()
        self._sums[check] = expected
        return expected
