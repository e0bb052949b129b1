"""Compiled Erlang and Elixir modules: what a release would strip from them.

A BEAM file is an IFF form: `FOR1`, size, `BEAM`, then chunks of name (4 bytes), size (32 bits, big
endian) and data, padded to 4 bytes; it may be gzipped as a whole. `mix release` (`strip_beams: true`)
writes a new file of `beam_lib:significant_chunks/0` and `Attr`; `beam_lib:strip_release/1` leaves out
`Attr` too, and gzips. Older versions of Erlang keep neither `Type` nor `Meta`; both count as kept here, so
that no more is promised than any version drops.
Source: beam_lib(3); "The BEAM file format" in the Erlang sources; mix.release, option `:strip_beams`.
"""

from __future__ import annotations

import zlib

from slim.files.extract.deflated import packed
from slim.files.extract.found import Beam

MAX_BYTES = 16 << 20
"""Larger files are left alone; the largest modules of known releases have a few MB."""
_MAX_INFLATED = 64 << 20
_MAX_CHUNKS = 64
_HEADER = 12
_COMPRESSED_TERM = b"\x83P"
"""How an Erlang term begins that is compressed already."""
_KEPT = frozenset(b"Atom AtU8 Attr Code ExpT FunT ImpT Line LitT Meta StrT Type".split())


def is_beam(head: bytes, name: bytes) -> bool:
    """Whether the first 12 bytes, or for a gzipped file the first 3 and the name, are those of a module."""
    if head[:3] == b"\x1f\x8b\x08":
        return name.endswith(b".beam")
    return head[:4] == b"FOR1" and head[8:12] == b"BEAM"


def parse_beam(data: bytes) -> Beam | None:
    """The chunks of a BEAM file; None for what `beam_lib` would not read either, or is too large."""
    form, gzipped = data, data[:3] == b"\x1f\x8b\x08"
    if gzipped:
        inflated = _inflate(data)
        if inflated is None:
            return None
        form = inflated
    if form[:4] != b"FOR1" or form[8:12] != b"BEAM":
        return None
    dropped: list[tuple[bytes, int]] = []
    loose: list[bytes] = []
    deflated = 0
    seen: set[bytes] = set()
    module = b""
    at, end = _HEADER, len(form)
    for _ in range(_MAX_CHUNKS):
        if at >= end:
            if not module:
                return None
            deflated += packed(b"".join(loose))
            return Beam(module, len(data), end, tuple(dropped), gzipped, deflated)
        name = form[at : at + 4]
        size = int.from_bytes(form[at + 4 : at + 8], "big")
        begin = at + 8
        at = begin + size + (-size & 3)
        if begin + size > end:
            return None
        if name in (b"AtU8", b"Atom"):
            module = _first_atom(form[begin : min(begin + size, begin + 4 + 1024)]) or module
        # Of two chunks with one name only the first is read by anybody.
        if name not in _KEPT or name in seen:
            dropped.append((name, min(at, end) - begin + 8))
            if not gzipped:
                if form.startswith(_COMPRESSED_TERM, begin):
                    deflated += size
                else:
                    loose.append(form[begin : begin + size])
        seen.add(name)
    return None


def _inflate(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj(31)
    try:
        form = inflater.decompress(data, _MAX_INFLATED)
    except zlib.error:
        return None
    return form if inflater.eof else None


def _first_atom(chunk: bytes) -> bytes:
    """The module's name: the first entry of the atom table; empty when it is cut off.

    The length is one byte. Since Erlang/OTP 28 the count is negative and lengths are compact terms:
    4 bits in one byte, or 11 bits in two.
    """
    if len(chunk) < 6:
        return b""
    at, length = 5, chunk[4]
    if chunk[0] & 0x80:
        if length & 0b111 or length & 0b11000 == 0b11000:
            return b""
        if length & 0b1000:
            at, length = 6, (length >> 5 << 8) | chunk[5]
        else:
            length >>= 4
    name = chunk[at : at + length]
    return name if len(name) == length else b""
