"""One tar header and its extension records, decoded as Go's `archive/tar` does.

Docker, containerd, podman and every peer parse layers with that package, so its reading is the
meaning of a layer. Sources: Go `src/archive/tar/{reader,strconv,format}.go`; POSIX.1-2001 pax.
This is the exact and slow path; `tar.py` has the fast one for plain files.
"""

from __future__ import annotations

from msgspec import Struct

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
TIMES = (b"mtime", b"atime", b"ctime")
HEADER_ONLY = frozenset("123456")
"""Type flags without a body, whatever the size field says (Go `isHeaderOnlyType`)."""


class HeaderError(ValueError):
    """The header is not one that Go accepts; the text says why."""


class Header(Struct):
    """The fields of one entry; extension records are merged in by `apply_pax`."""

    name: bytes
    link: bytes
    type: str
    size: int
    mode: int
    uid: int
    gid: int
    device: tuple[int, int]
    gnu: bool
    """The header is of GNU format: only there an old-style sparse map is read."""


def parse_header(block: bytes) -> Header:
    """Decode a block that is not all zeros.

    Raises:
        HeaderError: bad checksum or a numeric field that is not a number.
    """
    _check_sum(block)
    magic, version, trailer = block[257:263], block[263:265], block[508:512]
    number(
        block[136:148]
    )  # the time: nothing is made of it, and Go refuses one that is not a number
    name = _string(block[:100])
    device = (0, 0)
    prefix = b""
    gnu = False
    if magic == b"ustar\0":
        device = (number(block[329:337]), number(block[337:345]))
        if trailer == b"tar\0":
            prefix = _string(block[345:476])
            number(block[476:488])
            number(block[488:500])
        else:
            prefix = _string(block[345:500])
    elif magic == b"ustar " and version == b" \0":
        device = (number(block[329:337]), number(block[337:345]))
        prefix = _gnu_prefix(block)
        gnu = not prefix
    return Header(
        name=prefix + b"/" + name if prefix else name,
        link=_string(block[157:257]),
        type=chr(block[156]),
        size=number(block[124:136]),
        mode=number(block[100:108]),
        uid=number(block[108:116]),
        gid=number(block[116:124]),
        device=device,
        gnu=gnu,
    )


def parse_pax(body: bytes, repeated: list[bytes] | None = None) -> dict[bytes, bytes]:
    """Records of an `x` or `g` header; sparse 0.0 maps are gathered under `GNU.sparse.map`.

    Of records with one key the last counts; `repeated`, if given, takes the keys of the others.

    Raises:
        HeaderError: a record that Go rejects.
    """
    records: dict[bytes, bytes] = {}
    sparse: list[bytes] = []
    at = 0
    while at < len(body):
        space = body.find(b" ", at, at + 20)
        if space < 0:
            raise HeaderError("extension record without length")
        digits = body[at:space]
        # Go's ParseInt takes a sign; a sign in a length has no honest use.
        length = int(digits) if digits.isdigit() else -1
        end = at + length
        if length < 5 or end > len(body) or space + 1 >= end or body[end - 1] != 0x0A:
            raise HeaderError("extension record with a wrong length")
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not equals or not key:
            raise HeaderError("extension record without key or value")
        if b"\0" in (value if key in (b"path", b"linkpath", b"uname", b"gname") else key):
            raise HeaderError("extension record with a NUL byte")
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            expected = b"GNU.sparse.numbytes" if len(sparse) % 2 else b"GNU.sparse.offset"
            if key != expected or b"," in value:
                raise HeaderError("sparse records out of order")
            sparse.append(value)
        else:
            if repeated is not None and key in records:
                repeated.append(key)
            records[key] = value
        at = end
    if sparse:
        records[b"GNU.sparse.map"] = b",".join(sparse)
    return records


def apply_pax(header: Header, records: dict[bytes, bytes]) -> None:
    """Merge records into a header; empty values leave the header's own (Go `mergePAX`).

    Raises:
        HeaderError: a number that is not plain decimal, or a time that is none.
    """
    for key, value in records.items():
        if not value:
            continue
        if key == b"path":
            header.name = value
        elif key == b"linkpath":
            header.link = value
        elif key == b"size":
            header.size = decimal(value)
        elif key == b"uid":
            header.uid = decimal(value, signed=True)
        elif key == b"gid":
            header.gid = decimal(value, signed=True)
        elif key in TIMES:
            check_time(value)


def check_time(value: bytes) -> None:
    """Whether a record's value, unless it is empty, is a time: seconds with a fraction.

    Raises:
        HeaderError: it is not.
    """
    seconds, _, fraction = value.partition(b".")
    if value:
        decimal(seconds, signed=True)
    if fraction.strip(b"0123456789"):
        raise HeaderError("not a time")


def decimal(text: bytes, *, signed: bool = False) -> int:
    """A plain decimal number below 2**63.

    Go also takes a leading `+`; parsers disagree about it, so it is refused.

    Raises:
        HeaderError: anything else.
    """
    digits = text[1:] if signed and text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > 19 or int(digits) >= 2**63:
        raise HeaderError("not a decimal number")
    return int(text)


def number(field: bytes) -> int:
    """Octal, or base-256 when the first bit is set (GNU); 63 bits and a sign.

    Raises:
        HeaderError: neither, or out of range.
    """
    if not field[0] & 0x80:
        return _octal(field)
    value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    if field[0] & 0x40:
        value -= 1 << (8 * len(field) - 1)
    if not -(2**63) <= value < 2**63:
        raise HeaderError("number out of range")
    return value


def _check_sum(block: bytes) -> None:
    """Stored checksum against the sum of the bytes, unsigned or signed (both are in use)."""
    stored = _octal(block[148:156])
    unsigned = sum(block) - sum(block[148:156]) + 8 * 0x20
    if stored != unsigned:
        high = sum(byte >= 0x80 for byte in block[:148]) + sum(b >= 0x80 for b in block[156:])
        if stored != unsigned - 256 * high:
            raise HeaderError("header checksum does not match")


def _gnu_prefix(block: bytes) -> bytes:
    """Old Go wrote a prefix where GNU keeps atime and ctime: believe it only when those are no times."""
    try:
        for at in (345, 357):
            if block[at]:
                number(block[at : at + 12])
    except HeaderError:
        prefix = _string(block[345:500])
        return prefix if prefix.isascii() else b""
    return b""


def _string(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _octal(field: bytes) -> int:
    digits = _string(field.strip(b" \0"))
    if not digits:
        return 0
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise HeaderError("not an octal number")
    value = int(digits, 8)
    if value >= 2**63:
        raise HeaderError("number out of range")
    return value
