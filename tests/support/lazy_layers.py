"""Layers with a table of contents, made as their reference writers make them.

eStargz: stargz-snapshotter docs/estargz.md; zstd:chunked: containers/storage pkg/chunked.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.building import (
    END,
    Entry,
    Image,
    digest,
    encode,
    header,
    image,
    padded,
    raw_layer,
)
from tests.support.fake_registry import Fake, serve

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TYPES = {b"0": "reg", b"1": "hardlink", b"2": "symlink", b"3": "char", b"5": "dir", b"6": "fifo"}
Table = list[dict[str, Any]]
Change = Callable[[Table], object]


@dataclass(frozen=True)
class Lazy:
    """A layer's blob, and the annotations of its descriptor."""

    blob: bytes
    tar: bytes
    media_type: str
    annotations: dict[str, str]
    toc_bytes: int
    """Compressed, with what leads to it."""


Maker = Callable[..., Lazy]


def nothing(table: Table) -> None:
    """Leave the table as it is."""


def document_of(table: Table) -> bytes:
    """The JSON of a table."""
    return json.dumps({"version": 1, "entries": table}).encode()


def _member(data: bytes) -> bytes:
    state = zlib.compressobj(6, zlib.DEFLATED, 31)
    return state.compress(data) + state.flush()


def _described(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": entry.name.decode(),
        "type": TYPES[entry.type],
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
    }
    if entry.link:
        found["linkName"] = entry.link.decode()
    if entry.content:
        found["size"] = len(entry.content)
        found["digest"] = f"sha256:{hashlib.sha256(entry.content).hexdigest()}"
    return found


def estargz(entries: Sequence[Entry], change: Change = nothing, chunk: int = 30_000) -> Lazy:
    """As the reference writer: a member begins with a payload and has the next header in it."""
    blob, tar, pending = bytearray(), bytearray(), b""
    table: Table = []
    for entry in entries:
        pending += header(entry)
        for at in range(0, max(1, len(entry.content)), chunk):
            part = entry.content[at : at + chunk]
            row = _described(entry) if not at else {"name": entry.name.decode(), "type": "chunk"}
            if part:
                blob += _member(pending)
                tar += pending
                pending = b""
                row |= {"offset": len(blob), "chunkSize": len(part), "chunkOffset": at}
            table.append(row)
            pending += part
        pending += bytes(-len(entry.content) % 512)
    blob += _member(pending)
    tar += pending
    change(table)
    position = len(blob)
    document = document_of(table)
    last = header(Entry(b"stargz.index.json", content=document)) + padded(document) + END
    blob += _member(last)
    extra = b"SG\x16\0" + b"%016xSTARGZ" % position
    footer = b"\x1f\x8b\x08\4" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    blob += footer + b"\1\0\0\xff\xff" + bytes(8)
    notes = {"containerd.io/snapshot/stargz/toc.digest": digest(document)}
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    return Lazy(bytes(blob), bytes(tar) + last, media_type, notes, len(blob) - position)


def chunked(entries: Sequence[Entry], change: Change = nothing) -> Lazy:
    """As containers/storage: each payload is a frame of its own, the table is in a skippable one."""
    blob, tar = bytearray(), bytearray()
    table: Table = []
    for entry in entries:
        head = header(entry)
        blob += zstd.compress(head)
        row = _described(entry)
        if entry.content:
            row["offset"] = len(blob)
            blob += zstd.compress(entry.content)
            row["endOffset"] = len(blob)
        pad = bytes(-len(entry.content) % 512)
        blob += zstd.compress(pad) if pad else b""
        tar += head + entry.content + pad
        table.append(row)
    blob += zstd.compress(END)
    change(table)
    document = document_of(table)
    packed = zstd.compress(document)
    position = len(blob) + 8
    blob += struct.pack("<II", 0x184D2A50, len(packed)) + packed
    footer = struct.pack("<7Q", position, len(packed), len(document), 1, 0, 0, 0) + b"GNUlInUx"
    blob += struct.pack("<II", 0x184D2A50, len(footer)) + footer
    prefix = "io.github.containers.zstd-chunked"
    notes = {
        f"{prefix}.manifest-checksum": digest(packed),
        f"{prefix}.manifest-position": f"{position}:{len(packed)}:{len(document)}:1",
    }
    media_type = "application/vnd.oci.image.layer.v1.tar+zstd"
    return Lazy(bytes(blob), bytes(tar) + END, media_type, notes, len(packed))


def with_layers(*layers: Lazy) -> tuple[Image, bytes, dict[str, bytes]]:
    """An image of these layers: (the same with plain layers, its manifest, its blobs)."""
    uncompressed = image(*(raw_layer(layer.tar, (), "none", 1) for layer in layers))
    config = encode(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer.tar) for layer in layers]},
        }
    )
    blobs = {digest(layer.blob): layer.blob for layer in layers} | {digest(config): config}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(config),
            "size": len(config),
        },
        "layers": [
            {
                "mediaType": layer.media_type,
                "digest": digest(layer.blob),
                "size": len(layer.blob),
                "annotations": layer.annotations,
            }
            for layer in layers
        ],
    }
    return uncompressed, encode(manifest), blobs


@contextmanager
def served(*layers: Lazy) -> Iterator[Fake]:
    """A registry with an image of these layers."""
    _, manifest, blobs = with_layers(*layers)
    with serve(None) as fake:
        fake.manifest, fake.blobs = manifest, blobs
        fake.documents = {"1": manifest}
        yield fake
