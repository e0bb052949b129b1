"""The header blocks of an entry as they stand in the tar: what they say, and the same with another name.

Only what must change is written again: a record or a field that means nothing to us stays as it is.
"""

from __future__ import annotations

from msgspec import Struct

from slim.errors import InputError
from slim.stream.header import (
    BLOCK,
    Header,
    HeaderError,
    apply_pax,
    number,
    parse_header,
    parse_pax,
)

MAX_HEADER = 4 << 20
"""Bytes of one entry's headers: three extensions of the largest size that is read, and a sparse map."""
_XATTRS = (b"SCHILY.xattr.", b"LIBARCHIVE.xattr.")
_NAME, _LINK = slice(0, 100), slice(157, 257)
_DIRECTORY, FILE_MODE = 0o755, 0o644


class RawHeader(Struct, frozen=True):
    """The blocks of one entry before its payload."""

    extensions: tuple[tuple[str, bytes, bytes], ...]
    """(type, header block, body) of each extension header, in order."""
    block: bytes
    rest: bytes
    """What follows the header block: the map of a sparse file."""


class Attributes(Struct, frozen=True):
    """What an entry says of a file, apart from its name, size and content."""

    type: str
    """Type flag; `0` for every kind of regular file."""
    mode: int
    uid: int
    gid: int
    mtime: str
    """Seconds since 1970, with a fraction where there is one."""
    xattrs: tuple[tuple[bytes, bytes], ...]
    device: tuple[int, int]
    link: bytes
    """Target of a symbolic link."""
    sparse: bytes
    """The map of a sparse file as it is stored; empty for others."""


def split_header(data: bytes) -> RawHeader:
    """Take the bytes between the start of an entry and its payload apart.

    Raises:
        InputError: they are not what they were when the layer was scanned.
    """
    at = 0
    extensions: list[tuple[str, bytes, bytes]] = []
    try:
        while True:
            block = data[at : at + BLOCK]
            if len(block) < BLOCK:
                raise HeaderError("no header")
            at += BLOCK
            flag = chr(block[156])
            if flag not in "xLK":
                return RawHeader(tuple(extensions), block, data[at:])
            size = number(block[124:136])
            extensions.append((flag, block, data[at : at + size]))
            at += size + -size % BLOCK
    except HeaderError as error:
        raise InputError("layer-changed", f"a tar header is not readable: {error}") from None


def attributes_of(raw: RawHeader) -> Attributes:
    """What the blocks say; an extended header replaces the one before it.

    Raises:
        InputError: as `split_header`.
    """
    try:
        header, records = merged(raw)
        seconds = number(raw.block[136:148])
    except HeaderError as error:
        raise InputError("layer-changed", f"a tar header is not readable: {error}") from None
    kind = "0" if header.type in "\x007S0" else header.type
    maps = [value for key, value in sorted(records.items()) if key.startswith(b"GNU.sparse.m")]
    return Attributes(
        type=kind,
        mode=header.mode & 0o7777,
        uid=header.uid,
        gid=header.gid,
        mtime=_time(records.get(b"mtime", b""), seconds),
        xattrs=tuple(sorted((k, v) for k, v in records.items() if k.startswith(_XATTRS))),
        device=header.device if kind in "34" else (0, 0),
        link=header.link if kind == "2" else b"",
        sparse=b"".join((*maps, raw.rest)) if kind == "0" else b"",
    )


def merged(raw: RawHeader) -> tuple[Header, dict[bytes, bytes]]:
    """The header with what its extensions say, and the records of the last extended header.

    Raises:
        HeaderError: as `parse_header`.
    """
    header, records = parse_header(raw.block), dict[bytes, bytes]()
    for flag, _, body in raw.extensions:
        if flag == "x":
            records = parse_pax(body)
    apply_pax(header, records)
    # Go takes a long name of GNU before that of an extended header.
    for flag, _, body in raw.extensions:
        text = body.split(b"\0", 1)[0]
        if flag == "L":
            header.name = text or header.name
        elif flag == "K":
            header.link = text or header.link
    return header, records


def renamed(raw: RawHeader, path: bytes) -> bytes:
    """The same blocks under another name."""
    return _with(raw, path, _NAME, b"path", "L")


def relinked(raw: RawHeader, target: bytes) -> bytes:
    """The blocks of a hard link that leads to another name."""
    return _with(raw, target, _LINK, b"linkpath", "K")


def whiteout(path: bytes) -> bytes:
    """The entry that hides what lower layers have at a path."""
    above, slash, name = path.rpartition(b"/")
    return _new(above + slash + b".wh." + name, b"0", FILE_MODE)


def opaque(directory: bytes) -> bytes:
    """The entry that hides what lower layers have in a directory."""
    return _new(directory + b"/.wh..wh..opq", b"0", FILE_MODE)


def file_header(path: bytes, size: int) -> bytes:
    """The entry of a regular file of `size` bytes, without them."""
    return _new(path, b"0", FILE_MODE, size)


def directory(path: bytes) -> bytes:
    """The entry of a directory as engines make it for want of one: owned by root, mode 0755."""
    return _new(path + b"/", b"5", _DIRECTORY)


def _time(text: bytes, seconds: int) -> str:
    whole, _, fraction = text.decode("ascii", "replace").partition(".")
    fraction = fraction.rstrip("0")
    if not whole:
        return str(seconds)
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))


def _new(path: bytes, flag: bytes, mode: int, size: int = 0) -> bytes:
    block = bytearray(BLOCK)
    block[100:108] = b"%07o\0" % mode
    for at, digits in ((108, 7), (116, 7), (124, 11), (136, 11)):
        block[at : at + digits + 1] = b"0" * digits + b"\0"
    block[124:136] = b"%011o\0" % size
    block[156:157] = flag
    block[257:265] = b"ustar\x0000"
    return _with(RawHeader((), bytes(block), b""), path, _NAME, b"path", "L")


def _with(raw: RawHeader, value: bytes, place: slice, key: bytes, gnu: str) -> bytes:
    """The blocks with a name or link target, where the format of their extensions has room for it."""
    flags = {flag for flag, _, _ in raw.extensions}
    is_gnu = bool(flags & {"L", "K"}) and "x" not in flags
    fits = len(value) <= 100
    parts: list[bytes] = []
    done = False
    for flag, block, body in raw.extensions:
        if flag == gnu:
            continue
        if flag != "x":
            parts.append(_extension(flag, block, body))
            continue
        done = True
        if records := _with_record(body, key, value, needed=not fits):
            parts.append(_extension(flag, block, records))
    if not fits and is_gnu:
        parts.append(_extension(gnu, _blank(gnu, b"././@LongLink"), value + b"\0"))
    elif not fits and not done:
        record = _with_record(b"", key, value, needed=True)
        parts.append(_extension("x", _blank("x", b"PaxHeaders/entry"), record))
    changed = bytearray(raw.block)
    changed[place] = value[:100].ljust(100, b"\0")
    if place is _NAME and (raw.block[257:263] == b"ustar\0" or not parse_header(raw.block).gnu):
        end = 476 if raw.block[508:512] == b"tar\0" else 500
        if raw.block[257:262] == b"ustar":
            changed[345:end] = bytes(end - 345)
    return b"".join((*parts, _summed(changed), raw.rest))


def _with_record(body: bytes, key: bytes, value: bytes, *, needed: bool) -> bytes:
    """Extension records with this one in place of those of its key; `needed` where there was none."""
    records: list[bytes] = []
    at, found = 0, False
    keys = (key, b"GNU.sparse.name") if key == b"path" else (key,)
    while at < len(body):
        space = body.index(b" ", at)
        end = at + int(body[at:space])
        name = body[space + 1 : end].partition(b"=")[0]
        if name in keys:
            found = found or name == key
            records.append(_record(name, value))
        else:
            records.append(body[at:end])
        at = end
    if needed and not found:
        records.append(_record(key, value))
    return b"".join(records)


def _record(key: bytes, value: bytes) -> bytes:
    """`length key=value\\n`, where the length counts its own digits (POSIX.1-2001 pax)."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    return b"%d %s=%s\n" % (rest + len(str(length)), key, value)


def _extension(flag: str, block: bytes, body: bytes) -> bytes:
    sized = bytearray(block)
    sized[124:136] = b"%011o\0" % len(body)
    return _summed(sized) + body + bytes(-len(body) % BLOCK)


def _blank(flag: str, name: bytes) -> bytes:
    block = bytearray(BLOCK)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    for at, digits in ((108, 7), (116, 7), (136, 11)):
        block[at : at + digits + 1] = b"0" * digits + b"\0"
    block[156:157] = flag.encode()
    block[257:265] = b"ustar  \0" if flag in "LK" else b"ustar\x0000"
    return bytes(block)


def _summed(block: bytearray) -> bytes:
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
