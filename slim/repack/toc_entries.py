"""What a table of contents says of each entry of a tar: its header as Go's reader has it.

zstd:chunked and eStargz have the names of fields in common.

Sources: containers/storage `FileMetadata`, stargz-snapshotter docs/estargz.md "TOCEntry".
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from slim.errors import InputError
from slim.repack.pieces import Pieces
from slim.repack.raw_header import merged, split_header
from slim.stream.header import (
    BLOCK,
    HEADER_ONLY,
    ZERO_BLOCK,
    Header,
    HeaderError,
    number,
)

_TYPES = {
    "0": "reg",
    "1": "hardlink",
    "2": "symlink",
    "3": "char",
    "4": "block",
    "5": "dir",
    "6": "fifo",
}
_XATTR = b"SCHILY.xattr."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TocEntry(Struct, omit_defaults=True, rename="camel"):
    """A file, or a further chunk of one."""

    type: str
    name: str
    link_name: str = ""
    mode: int = 0
    size: int = 0
    uid: int = 0
    gid: int = 0
    modtime: str = ""
    accesstime: str = ""
    changetime: str = ""
    dev_major: int = 0
    dev_minor: int = 0
    xattrs: dict[str, str] = field(default_factory=dict)
    """Values in base64."""
    digest: str = ""
    offset: int = 0
    """Of the first of its compressed bytes in the blob."""
    end_offset: int = 0
    chunk_size: int = 0
    chunk_offset: int = 0
    """Of its first byte in the file."""
    chunk_digest: str = ""


class TarEntry(Struct):
    """A header of a tar with its extensions, before its payload is read."""

    header: bytes
    """As stored; at the end of the archive its first block of zeros, if there is one."""
    payload: int = 0
    """Bytes that follow, without padding."""
    is_end: bool = False
    toc: TocEntry | None = None
    """None where a table of contents cannot say it."""


def next_entry(feed: Pieces) -> TarEntry:
    """Read one header; the caller reads the payload and its padding.

    Raises:
        InputError: it is not a header that Go accepts.
    """
    head = bytearray()
    try:
        while True:
            if not head and not feed.more():
                return TarEntry(b"", is_end=True)
            block = feed.take(BLOCK)
            head += block
            if block == ZERO_BLOCK:
                return TarEntry(bytes(head), is_end=True)
            flag = chr(block[156])
            if flag not in "xLKg":
                break
            size = number(block[124:136])
            head += feed.take(size + -size % BLOCK)
            if flag == "g":
                return TarEntry(bytes(head))
        is_extended = flag == "S" and block[482] != 0
        while is_extended:  # the map of an old GNU sparse file goes on
            extension = feed.take(BLOCK)
            head += extension
            is_extended = extension[504] != 0
        return _read(bytes(head), block)
    except HeaderError as error:
        raise InputError("layer-changed", f"a tar header is not readable: {error}") from None


def _read(head: bytes, block: bytes) -> TarEntry:
    header, records = merged(split_header(head))
    payload = 0 if header.type in HEADER_ONLY else header.size
    toc = None
    kind = header.type
    if kind == "\0":
        kind = "5" if header.name.endswith(b"/") else "0"
    is_sparse = any(key.startswith(b"GNU.sparse.") for key in records)
    has_more_times = header.gnu and any((block[345], block[357]))
    if kind in _TYPES and not is_sparse and not has_more_times and (kind == "0" or not header.size):
        toc = _described(_TYPES[kind], header, records, number(block[136:148]))
    return TarEntry(head, payload, toc=toc)


def _described(
    kind: str, header: Header, records: Mapping[bytes, bytes], seconds: int
) -> TocEntry | None:
    """None where a name is not UTF-8, or a time no year of four digits has."""
    try:
        return TocEntry(
            kind,
            header.name.decode(),
            link_name=header.link.decode(),
            mode=header.mode,
            size=header.size,
            uid=header.uid,
            gid=header.gid,
            modtime=_time(records.get(b"mtime") or b"%d" % seconds),
            accesstime=_time(records.get(b"atime", b"")),
            changetime=_time(records.get(b"ctime", b"")),
            dev_major=header.device[0],
            dev_minor=header.device[1],
            xattrs={
                key.removeprefix(_XATTR).decode(): binascii.b2a_base64(
                    value, newline=False
                ).decode()
                for key, value in records.items()
                if key.startswith(_XATTR)
            },
        )
    except (UnicodeDecodeError, OverflowError):
        return None


def _time(text: bytes) -> str:
    """Seconds since 1970 as RFC 3339 has it, with up to nine digits of a fraction."""
    if not text:
        return ""
    whole, _, digits = text.decode("ascii").partition(".")
    nanoseconds = int(digits[:9].ljust(9, "0"))
    seconds = int(whole or "0")
    if text.startswith(b"-") and nanoseconds:
        seconds, nanoseconds = seconds - 1, 1_000_000_000 - nanoseconds
    moment = _EPOCH + timedelta(seconds=seconds)
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + "Z"
