"""Apply deletions to an image for real: the same layers without some of their files.

What a builder would have written had the files never been there: the entries are left out of the
layer's tar and all else stays byte for byte; skopeo compresses the new layers as buildah did the old.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tests.real.tools import TAG, run

_BLOCK = 512


def without(layout: Path, removed: Mapping[int, Collection[bytes]], target: Path) -> Path:
    """Write the image of a layout to `target`, less some paths of some layers (index → paths)."""
    unpacked = target.with_name(f"{target.name}-plain")
    shutil.copytree(layout, unpacked)
    index = _read(unpacked / "index.json")
    manifest = _read(_blob(unpacked, index["manifests"][0]["digest"]))
    config = _read(_blob(unpacked, manifest["config"]["digest"]))
    for number, paths in removed.items():
        if not paths:
            continue
        layer = manifest["layers"][number]
        old = _blob(unpacked, layer["digest"])
        layer |= _filtered(unpacked, old, frozenset(paths))
        layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar"
        config["rootfs"]["diff_ids"][number] = layer["digest"]
    manifest["config"] |= _write(unpacked, json.dumps(config).encode())
    index["manifests"][0] |= _write(unpacked, json.dumps(manifest).encode())
    (unpacked / "index.json").write_text(json.dumps(index))
    run("skopeo", "copy", "--quiet", f"oci:{unpacked}:{TAG}", f"oci:{target}:{TAG}")
    shutil.rmtree(unpacked)
    return target


def _filtered(layout: Path, blob: Path, paths: Collection[bytes]) -> dict[str, Any]:
    """Store a layer without some regular files; fails if one of them is not in it."""
    raw = layout / "layer.tar"
    with gzip.open(blob) as packed, raw.open("wb") as out:
        shutil.copyfileobj(packed, out, 1 << 20)
    left = set(paths)
    filtered = layout / "filtered.tar"
    digest = hashlib.sha256()
    with raw.open("rb") as data, filtered.open("wb") as out, tarfile.open(raw) as archive:
        for member in archive:
            name = member.name.encode("utf-8", "surrogateescape").removeprefix(b"./").strip(b"/")
            stored = member.size if member.isreg() else 0
            end = member.offset_data + -(-stored // _BLOCK) * _BLOCK
            if name in paths and not member.isdir() and not member.issym():
                left.discard(name)
                continue
            data.seek(member.offset)
            while (count := end - data.tell()) > 0:
                piece = data.read(min(count, 1 << 20))
                digest.update(piece)
                out.write(piece)
        ending = bytes(2 * _BLOCK)
        digest.update(ending)
        out.write(ending)
    assert not left, f"not in the layer: {sorted(left)[:5]}"
    raw.unlink()
    size = filtered.stat().st_size
    filtered.rename(layout / "blobs/sha256" / digest.hexdigest())
    return {"digest": f"sha256:{digest.hexdigest()}", "size": size}


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _write(layout: Path, data: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    _blob(layout, digest).write_bytes(data)
    return {"digest": digest, "size": len(data)}
