"""A layer's table as bytes, and back: what the cache keeps of a layer.

The offsets of payloads are left out, from which the shares of the pull were computed.
"""

from __future__ import annotations

import sys
from array import array

import msgspec

from slim.files.extract.found import Archive, Beam, Elf
from slim.files.table import DIGEST_BYTES, Bytes, LayerTable, LayerWarning

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMAT = 13
"""To be raised with every change of what a table holds, or of how it is made."""
_LEVEL = 1
_AS_SIZE = ("stored", "pull")
"""Columns that are left out where they are the column of sizes: that of what is stored nearly always is, and
the shares of the pull are in a layer that is not compressed."""
_COLUMNS = ("kind", "directory", "size", *_AS_SIZE)


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    order: str
    columns: dict[str, memoryview]
    digests: memoryview
    names: bytes
    links: dict[int, bytes]
    parents: bytes
    simple: bytes
    directories: bytes
    hidden: bytes
    warnings: dict[str, tuple[str, bytes, int]]
    texts: dict[int, bytes]
    named: dict[int, bytes]
    elfs: dict[int, Elf]
    beams: dict[int, Beam]
    archives: dict[int, Archive]
    flags: dict[int, str]
    labels: dict[str, Bytes]
    tar_bytes: int
    end: int
    blob_bytes: int
    compression: str
    blob_digest: str
    diff_id: str
    toc_digest: str
    gzip_bytes: int | None
    estimated: bool


# Layers are unpacked in several threads: msgspec crashes where two of them are the first to need a type.
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(table: LayerTable) -> bytes | None:
    """The table as bytes; None for one that cannot be packed: a name that holds a NUL."""
    names, directories = b"\0".join(table.name), b"\0".join(name for _, name, _ in table.dirs)
    if names.count(b"\0") != max(len(table) - 1, 0):
        return None
    if directories.count(b"\0") != len(table.dirs) - 1:
        return None
    packed = _Packed(
        sys.byteorder,
        {
            name: memoryview(column).cast("B")
            for name in _COLUMNS
            if (column := getattr(table, name)) != table.size or name not in _AS_SIZE
        },
        memoryview(table.digests),
        names,
        table.links,
        array("i", (parent for parent, _, _ in table.dirs)).tobytes(),
        table.simple.tobytes(),
        directories,
        bytes(hidden for _, _, hidden in table.dirs),
        {id: (warning.text, warning.path, warning.count) for id, warning in table.warnings.items()},
        table.texts,
        table.named,
        table.elfs,
        table.beams,
        table.archives,
        table.flags,
        table.labels,
        table.tar_bytes,
        table.end,
        table.blob_bytes,
        table.compression,
        table.blob_digest,
        table.diff_id,
        table.toc_digest,
        table.gzip_bytes,
        table.estimated,
    )
    return zstd.compress(msgspec.msgpack.encode(packed), _LEVEL)


def unpack(data: bytes) -> LayerTable | None:
    """The table that was packed, whose bytes are undamaged; None if it is from another kind of machine."""
    try:
        stored = _DECODER.decode(zstd.decompress(data))
    except (msgspec.DecodeError, zstd.ZstdError):
        return None
    if stored.order != sys.byteorder:
        return None
    table = LayerTable(
        digests=bytearray(stored.digests),
        name=stored.names.split(b"\0") if stored.digests else [],
        links=stored.links,
        warnings={id: LayerWarning(*warning) for id, warning in stored.warnings.items()},
        texts=stored.texts,
        named=stored.named,
        elfs=stored.elfs,
        beams=stored.beams,
        archives=stored.archives,
        flags=stored.flags,
        labels=stored.labels,
        tar_bytes=stored.tar_bytes,
        end=stored.end,
        blob_bytes=stored.blob_bytes,
        compression=stored.compression,
        blob_digest=stored.blob_digest,
        diff_id=stored.diff_id,
        toc_digest=stored.toc_digest,
        gzip_bytes=stored.gzip_bytes,
        estimated=stored.estimated,
    )
    for name in _COLUMNS:
        if name in _AS_SIZE and name not in stored.columns:
            setattr(table, name, table.size)
        else:
            getattr(table, name).frombytes(stored.columns[name])
    table.simple.frombytes(stored.simple)
    parents = array("i")
    parents.frombytes(stored.parents)
    hidden = map(bool, stored.hidden)
    table.dirs = list(zip(parents, stored.directories.split(b"\0"), hidden, strict=True))
    rows = len(table)
    if len(table.digests) != rows * DIGEST_BYTES or any(
        len(getattr(table, name)) != rows for name in _COLUMNS
    ):
        return None
    return table
