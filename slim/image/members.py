"""The headers of an outer tar, one after the other, read as Go's `archive/tar` does.

Every engine opens image archives with that package, so a member is where it sees one. Bodies are
passed over. Stored sparse, a member is not its bytes: such archives are refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from msgspec import Struct

from slim.errors import InputError
from slim.limits import Limits, exceeded
from slim.stream.header import (
    BLOCK,
    HEADER_ONLY,
    ZERO_BLOCK,
    Header,
    HeaderError,
    apply_pax,
    parse_header,
    parse_pax,
)

Read = Callable[[int, int], bytes]
"""(position, count) → bytes of the tar; fewer at its end."""


class Member(Struct, frozen=True):
    """A member: `name` and `link` are clean, `kind` is the type flag."""

    name: str
    link: str
    kind: str
    position: int
    size: int


def members(read: Read, limits: Limits) -> Iterator[Member]:
    """All members, in order.

    Raises:
        InputError: not a tar that Go's reader accepts.
        LimitError: too many members, or too long names.
    """
    at = headers = names = 0
    while True:
        try:
            member, at, count = _next(read, at, limits)
        except HeaderError as error:
            raise InputError(
                "not-an-image",
                f"not a tar archive, or damaged: {error} at offset {at:,}",
                "slim reads docker save archives, OCI archives and OCI layout directories;"
                " a report of its own is for slim render, check and compare",
            ) from None
        if member is None:
            return
        headers += count
        names += len(member.name) + len(member.link)
        if headers > limits.members:
            raise exceeded("members", headers, limits.members, "the archive")
        if names > limits.member_name_bytes:
            raise exceeded("member_name_bytes", names, limits.member_name_bytes, "the archive")
        yield member


def clean(name: str) -> str:
    """A member name without `./`, `//` and `..`; what leads out of the archive stays at its root."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)


def _next(read: Read, at: int, limits: Limits) -> tuple[Member | None, int, int]:
    """(member, position of what follows, headers that were read for it)."""
    records: dict[bytes, bytes] = {}
    long_name = long_link = b""
    count = 0
    while True:
        block = read(at, BLOCK)
        if block == ZERO_BLOCK and read(at + BLOCK, BLOCK).strip(b"\0"):
            raise HeaderError("a zero block is followed by data")
        if not block or block == ZERO_BLOCK:
            return None, at, count
        if len(block) < BLOCK:
            raise HeaderError("cut off")
        count += 1
        if count > limits.members:
            raise exceeded("members", count, limits.members, "the archive")
        header = parse_header(block)
        at += BLOCK
        if header.type not in "xgLK":
            break
        body, at = _extension(read, header, at, limits)
        if header.type == "x":
            records = parse_pax(body)
        elif header.type == "L":
            long_name = body.split(b"\0", 1)[0]
        elif header.type == "K":
            long_link = body.split(b"\0", 1)[0]
        else:
            # An entry of its own for Go: what was said about the next entry is forgotten.
            parse_pax(body)
            records, long_name, long_link = {}, b"", b""
    apply_pax(header, records)
    header.name, header.link = long_name or header.name, long_link or header.link
    return _member(header, records, at, limits), at + _stored(header), count


def _extension(read: Read, header: Header, at: int, limits: Limits) -> tuple[bytes, int]:
    if header.size < 0:
        raise HeaderError("negative size")
    if header.size > limits.extension_bytes:
        raise exceeded(
            "extension_bytes", header.size, limits.extension_bytes, "the archive's headers"
        )
    body = read(at, header.size)
    if len(body) < header.size:
        raise HeaderError("cut off")
    return body, at + header.size + -header.size % BLOCK


def _member(header: Header, records: dict[bytes, bytes], at: int, limits: Limits) -> Member:
    if header.type == "\0":
        header.type = "5" if header.name.endswith(b"/") else "0"
    if header.type == "S" or any(key.startswith(b"GNU.sparse.") for key in records):
        raise InputError(
            "sparse-member",
            f"the archive stores a member sparse, at offset {at:,}",
            "pack it again without tar --sparse",
        )
    if header.type not in HEADER_ONLY and header.size < 0:
        raise HeaderError("negative size")
    longest = max(len(header.name), len(header.link))
    if longest > limits.path_bytes:
        raise exceeded("path_bytes", longest, limits.path_bytes, "a member's name")
    name = clean(header.name.decode("utf-8", "surrogateescape"))
    link = ""
    if header.type in "12":
        link = header.link.decode("utf-8", "surrogateescape")
        # A hard link names its target from the root of the archive, a symbolic link from its folder.
        link = clean(link if header.type == "1" else posixpath.join(posixpath.dirname(name), link))
    size = 0 if header.type in HEADER_ONLY else header.size
    return Member(name, link, header.type, at, size)


def _stored(header: Header) -> int:
    return 0 if header.type in HEADER_ONLY else header.size + -header.size % BLOCK
