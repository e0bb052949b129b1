"""Large images that share layers, written to the disk piece by piece."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import BinaryIO

from isal import isal_zlib

from tests.support.building import encode

_MIB = 1 << 20
_BASES, _MIDDLES = 3, 10
SIZES = {"base": 1400 * _MIB, "middle": 500 * _MIB, "own": 102 * _MIB}
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class _Gzip:
    """Compresses what is written, and knows the digests of both sides."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
        self.tar, self.blob, self.size = hashlib.sha256(), hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.tar.update(data)
        self._put(self._packer.compress(data))
        return len(data)

    def _put(self, data: bytes) -> None:
        self.blob.update(data)
        self.size += len(data)
        self._file.write(data)

    def finish(self) -> None:
        self._put(self._packer.flush())


def write_large(folder: Path, count: int) -> int:
    """Layouts of images that share blobs by hard links; the bytes of all on disk, each image by itself.

    Three layers each: one of three bases, one of ten middles, one of its own.
    """
    blobs = folder.parent / "blobs"
    blobs.mkdir(parents=True)
    pool = _pool()
    made: dict[str, tuple[str, int, str]] = {}

    def layer(kind: str, number: int) -> tuple[str, int, str]:
        name = f"{kind}{number}"
        if name not in made:
            made[name] = _write_layer(blobs, name, SIZES[kind], pool)
        return made[name]

    for number in range(count):
        layers = [
            layer("base", number % _BASES),
            layer("middle", number % _MIDDLES),
            layer("own", number),
        ]
        _write_layout(folder / f"app{number}", blobs, layers)
    return count * sum(SIZES.values())


def _pool() -> bytes:
    """Bytes that gzip halves about, as it does with what images hold."""
    random = Random(5)  # noqa: S311
    words = [random.randbytes(random.randint(6, 40)) for _ in range(300)]
    parts = []
    for _ in range(40):
        parts += random.choices(words, k=20_000)
        parts.append(random.randbytes(60_000))
    return b"".join(parts)


def _write_layer(blobs: Path, name: str, size: int, pool: bytes) -> tuple[str, int, str]:
    partial = blobs / "partial"
    with partial.open("wb") as file:
        packed = _Gzip(file)
        with tarfile.open(fileobj=packed, mode="w|", bufsize=_MIB) as archive:  # type: ignore[call-overload]
            for number, data in enumerate(_contents(name, size, pool)):
                info = tarfile.TarInfo(f"usr/{name}/{number // 200}/f{number}")
                info.size = len(data)
                archive.addfile(info, _Once(data))
        packed.finish()
    digest = packed.blob.hexdigest()
    partial.rename(blobs / digest)
    return f"sha256:{digest}", packed.size, f"sha256:{packed.tar.hexdigest()}"


def _contents(name: str, size: int, pool: bytes) -> Iterator[bytes]:
    """Files from 2 KiB to 4 MiB, small ones more often; no two are equal."""
    random = Random(name)  # noqa: S311
    while size > 0:
        length = min(size, int(2048 * 2 ** random.uniform(0, 11)))
        at = random.randrange(len(pool) - length)
        yield (random.randbytes(16) + pool[at : at + length])[:length]
        size -= length


class _Once:
    """A file in memory without a copy of it."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int = -1) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += len(found)
        return found


def _write_layout(folder: Path, blobs: Path, layers: list[tuple[str, int, str]]) -> None:
    target = folder / "blobs" / "sha256"
    target.mkdir(parents=True)

    def keep(kind: str, document: object) -> dict[str, object]:
        data = encode(document)
        digest = hashlib.sha256(data).hexdigest()
        (target / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    for digest, _, _ in layers:
        name = digest.partition(":")[2]
        os.link(blobs / name, target / name)
    config = keep(
        _CONFIG,
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, _, diff_id in layers]},
        },
    )
    descriptors = [
        {"mediaType": _LAYER, "digest": digest, "size": size} for digest, size, _ in layers
    ]
    manifest = keep(
        _MANIFEST,
        {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": descriptors},
    )
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
