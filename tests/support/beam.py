"""BEAM files, made chunk by chunk."""

from __future__ import annotations


def chunk(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "big") + data + bytes(-len(data) % 4)


def beam_file(*chunks: bytes) -> bytes:
    body = b"BEAM" + b"".join(chunks)
    return b"FOR1" + len(body).to_bytes(4, "big") + body


def atoms(*names: bytes) -> bytes:
    table = b"".join(bytes([len(name)]) + name for name in names)
    return chunk(b"AtU8", len(names).to_bytes(4, "big") + table)


MODULE = beam_file(
    atoms(b"Elixir.App", b"start"),
    chunk(b"Code", b"c" * 21),
    chunk(b"Attr", b"a" * 3),
    chunk(b"Dbgi", b"d" * 1001),
    chunk(b"Docs", b"o" * 8),
)
