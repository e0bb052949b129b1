"""Archives that lie in an image: which files they hold, as far as a bounded part of them tells.

A zip has its directory at the end, so that its last bytes are enough, and all members are known. A
compressed tar has to be unpacked: its first megabytes show some members, which say where they went.
Members without content are left out. What makes no sense has no members.
Source: APPNOTE.TXT §4.3.12 (central directory), §4.3.14 to §4.3.16 (its end, zip64), §4.5.3; POSIX pax.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import islice

from slim.errors import SlimError
from slim.files.extract.found import Archive, Member
from slim.files.extract.pieces import Buffer, Pieces, Span
from slim.limits import DEFAULT_LIMITS
from slim.stream.compression import Marks, sniff
from slim.stream.header import (
    BLOCK,
    HEADER_ONLY,
    ZERO_BLOCK,
    HeaderError,
    apply_pax,
    parse_header,
    parse_pax,
)
from slim.stream.inflate import inflate

SMALLEST = 64 << 10
"""Smaller files are not looked at."""
ZIPS = (b".jar", b".war", b".ear", b".zip", b".whl")
TARS = tuple(b".tar.gz .tgz .tar.bz2 .tbz2 .tar.xz .txz .tar.zst .tzst".split())
NESTED = (b".jar", b".war")
"""Members that are archives of Java themselves."""
_TAIL = 4 << 20
"""Last bytes of a zip that are looked at: a directory of about 40,000 members."""
_HEAD = 1 << 20
"""First bytes of a compressed tar that are looked at …"""
_UNPACKED = 4 << 20
"""… and of what is in them."""
_SAMPLE = 24
_MAX_NESTED = 4096
_MAX_NAME = 1024
_MAX_EXTENSION = 64 << 10
_END = struct.Struct("<4s6xHL6x")
_END_64 = struct.Struct("<4s28xQQ8x")
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 0xFFFF
_ENTRY = struct.Struct("<4s4xH14xLHHH12x")
_ENCRYPTED = 1
_BIG = 0xFFFFFFFF


def is_archive(head: bytes, name: bytes, size: int) -> bool:
    """Whether a file that begins like this, has this name and so many bytes, is one to look at."""
    if size < SMALLEST:
        return False
    if name.endswith(ZIPS):
        # A jar that can be run as it is has a script in front.
        return head.startswith((b"PK\x03\x04", b"#!"))
    return name.endswith(TARS) and sniff(head[:6]) != "none"


def spans(name: bytes, size: int) -> tuple[Span, ...]:
    """The bytes of such a file that `parse_archive` reads."""
    return ((max(size - _TAIL, 0), size),) if name.endswith(ZIPS) else ((0, min(size, _HEAD)),)


def parse_archive(file: Pieces, name: bytes) -> Archive:
    """What is in an archive; nothing where it is damaged, encrypted or no archive at all."""
    if name.endswith(ZIPS):
        entries = list(_zip_members(file))
        members = [entry for entry in entries if all(entry)]
        nested = islice((member for member in members if member[0].endswith(NESTED)), _MAX_NESTED)
        return Archive(_spread(members), tuple(nested), len(entries))
    members = list(islice(_tar_members(file.upto(0, _HEAD) or b""), _SAMPLE))
    return Archive(tuple(members), (), len(members))


def _spread(members: list[Member]) -> tuple[Member, ...]:
    """Some of all members, from everywhere."""
    count = len(members)
    if count <= _SAMPLE:
        return tuple(members)
    return tuple(members[at * count // _SAMPLE] for at in range(_SAMPLE))


def _zip_members(file: Pieces) -> Iterator[Member]:
    """All entries of the directory, those without a usable path or content too."""
    start = max(file.size - _TAIL, 0)
    tail = file.upto(start, _TAIL) or b""
    end = tail.rfind(b"PK\x05\x06", max(len(tail) - _END.size - _LONGEST_COMMENT, 0))
    if end < 0 or end + _END.size > len(tail):
        return
    _, count, size = _END.unpack_from(tail, end)
    if end >= _LOCATOR_BYTES and tail[end - _LOCATOR_BYTES : end - 16] == b"PK\x06\x07":
        # The end of the zip64 directory lies right before its locator, and that before the other end.
        end -= _LOCATOR_BYTES + _END_64.size
        if end < 0 or tail[end : end + 4] != b"PK\x06\x06":
            return
        _, count, size = _END_64.unpack_from(tail, end)
    # Offsets are wrong where a script was put in front; the directory ends where its end begins.
    at = end - size
    if at < 0:
        return
    for _ in range(count):
        if at + _ENTRY.size > end:
            return
        magic, flags, unpacked, name_size, extra_size, comment_size = _ENTRY.unpack_from(tail, at)
        if magic != b"PK\x01\x02" or flags & _ENCRYPTED:
            return
        at += _ENTRY.size
        path = _plain(tail[at : at + name_size])
        extra = at + name_size
        if unpacked == _BIG:
            unpacked = _long_size(tail[extra : extra + extra_size])
        yield path, unpacked
        at = extra + extra_size + comment_size


def _long_size(extra: bytes) -> int:
    """The size of a member in its zip64 field, which comes first there; 0 where there is none."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= 8 and at + 12 <= len(extra):
            return int.from_bytes(extra[at + 4 : at + 12], "little")
        at += 4 + length
    return 0


def _tar_members(head: bytes) -> Iterator[Member]:
    data = _unpacked(head)
    at, longer, records = 0, b"", dict[bytes, bytes]()
    while at + BLOCK <= len(data):
        block = data[at : at + BLOCK]
        at += BLOCK
        if block == ZERO_BLOCK:
            return
        try:
            header = parse_header(block)
            if header.type in "xgLK":
                body = data[at : at + header.size]
                at += header.size + (-header.size & 511)
                if header.size > _MAX_EXTENSION or len(body) < header.size:
                    return
                if header.type == "x":
                    records = parse_pax(body)
                elif header.type == "L":
                    longer = body.partition(b"\0")[0]
                continue
            header.name = longer or header.name
            apply_pax(header, records)
        except HeaderError:
            return
        longer, records = b"", {}
        path = _plain(header.name)
        if header.size < 0:
            return
        if header.type in HEADER_ONLY:
            continue
        if header.type in ("0", "\0") and header.size and path:
            yield path, header.size
        at += header.size + (-header.size & 511)


def _unpacked(head: bytes) -> bytes:
    """The first bytes of what was compressed, as far as they can be had."""
    out = bytearray()
    chunks: Iterable[Buffer] = inflate([head], sniff(head[:6]), Marks(), DEFAULT_LIMITS)
    try:
        for chunk in chunks:
            out += chunk
            if len(out) >= _UNPACKED:
                break
    except SlimError:  # mostly: cut off, since it is but a part
        pass
    return bytes(out[:_UNPACKED])


def _plain(path: bytes) -> bytes:
    """A path below where it is unpacked to; empty for any other."""
    path = path.removeprefix(b"./")
    parts = path.split(b"/")
    return b"" if len(path) > _MAX_NAME or {b"", b".", b".."}.intersection(parts) else path
