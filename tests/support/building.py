"""Images for tests, written so that a test reads like its case.

    save(image(layer({"etc/a": b"one"}), layer(delete("etc/a"))), path, "oci-archive")

Entries keep the order in which they are written, names are bytes as they will stand in the tar, and
the same image is the same bytes every time. Formats: Docker image specification v1.2 (old
archives), `docker save` of version 25 and later, OCI image-layout.md, manifest.md and config.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK = 512
END = bytes(2 * BLOCK)
FORMATS = ("docker-old", "docker", "oci-archive", "oci-dir")
COMPRESSIONS = ("none", "gzip", "zstd")
CREATED = "2024-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tar entry. `type` is the type flag; `size` overrides what the size field says."""

    name: bytes
    type: bytes = b"0"
    content: bytes = b""
    link: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    device: tuple[int, int] = (0, 0)
    size: int | None = None
    pax: tuple[tuple[bytes, bytes], ...] = ()
    """Records of an extended header in front of the entry."""
    patch: tuple[tuple[int, bytes], ...] = ()
    """(offset, bytes) put into the header block before its checksum is made."""
    checksum: bytes | None = None
    """The eight bytes of the checksum field, when they shall be wrong."""


Parts = Entry | Iterable[Entry] | Mapping[str, bytes | str | None] | str


def _bytes(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode()


def file(name: str | bytes, content: bytes = b"", **fields: Any) -> Entry:
    return Entry(_bytes(name), content=content, **fields)


def directory(name: str | bytes, **fields: Any) -> Entry:
    return Entry(_bytes(name), b"5", **{"mode": 0o755, **fields})


def symlink(name: str | bytes, target: str | bytes, **fields: Any) -> Entry:
    return Entry(_bytes(name), b"2", link=_bytes(target), **{"mode": 0o777, **fields})


def hardlink(name: str | bytes, target: str | bytes, **fields: Any) -> Entry:
    return Entry(_bytes(name), b"1", link=_bytes(target), **fields)


def device(name: str | bytes, major: int, minor: int, **fields: Any) -> Entry:
    """A character device; `type=b"4"` makes it a block device."""
    return Entry(_bytes(name), **{"type": b"3", "device": (major, minor), **fields})


def fifo(name: str | bytes, **fields: Any) -> Entry:
    return Entry(_bytes(name), b"6", **fields)


def delete(name: str | bytes, **fields: Any) -> Entry:
    """The whiteout of a path (OCI layer.md, "Whiteouts")."""
    above, slash, last = _bytes(name).rpartition(b"/")
    return Entry(above + slash + b".wh." + last, **fields)


def opaque(name: str | bytes = b"", **fields: Any) -> Entry:
    """The opaque marker of a directory; of the root without a name."""
    above = _bytes(name).rstrip(b"/")
    return Entry((above + b"/" if above else b"") + b".wh..wh..opq", **fields)


def entries(part: Parts) -> tuple[Entry, ...]:
    """Entries from one of the notations.

    A string is words separated by blanks: `d/` directory, `d/a=A` file with content `A`, `ln->d`
    symbolic link, `hl=>f` hard link, anything else an empty file, so that a whiteout is `.wh.f`. A
    mapping has contents (bytes), link targets (str) or None for directories.
    """
    if isinstance(part, Entry):
        return (part,)
    if isinstance(part, str):
        return tuple(_word(word) for word in part.split())
    if isinstance(part, Mapping):
        return tuple(_item(name, value) for name, value in part.items())
    return tuple(part)


def _word(word: str) -> Entry:
    for mark, make in (("->", symlink), ("=>", hardlink)):
        name, found, target = word.partition(mark)
        if found:
            return make(name, target)
    name, found, content = word.partition("=")
    if found:
        return file(name, content.encode())
    return directory(word) if word.endswith("/") else file(word)


def _item(name: str, value: bytes | str | None) -> Entry:
    if value is None:
        return directory(name)
    return symlink(name, value) if isinstance(value, str) else file(name, value)


def header(entry: Entry) -> bytes:
    """The header block of an entry, after long-name and extended headers where it needs them."""
    info = tarfile.TarInfo(entry.name.decode("utf-8", "surrogateescape"))
    info.type = entry.type
    info.linkname = entry.link.decode("utf-8", "surrogateescape")
    info.size = len(entry.content) if entry.size is None else entry.size
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, entry.mtime
    info.devmajor, info.devminor = entry.device
    blocks = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    extra, block = blocks[:-BLOCK], bytearray(blocks[-BLOCK:])
    if entry.patch or entry.checksum is not None:
        for offset, value in entry.patch:
            block[offset : offset + len(value)] = value
        block[148:156] = b" " * 8
        block[148:156] = entry.checksum or b"%06o\0 " % sum(block)
    records = b"".join(pax_record(key, value) for key, value in entry.pax)
    return (extension(b"x", records) if records else b"") + extra + bytes(block)


def pax_record(key: bytes, value: bytes) -> bytes:
    """`length key=value\\n`, where the length counts its own digits (POSIX.1-2001 pax)."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def extension(flag: bytes, body: bytes) -> bytes:
    """A header with a body that speaks about the next entry: `x`, `g`, `L`, `K`."""
    return header(Entry(b"extension", flag, size=len(body))) + padded(body)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def tar(items: Iterable[Entry], end: bytes = END) -> bytes:
    """The tar of some entries, in their order."""
    return b"".join(header(entry) + padded(entry.content) for entry in items) + end


def gzip(data: bytes, members: int = 1) -> bytes:
    """gzip without time and name, as one member or as several on end (RFC 1952)."""
    return b"".join(_gzip_member(piece) for piece in _pieces(data, members))


@lru_cache(16)  # tests of one file pack the same layers again
def _gzip_member(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + trailer


def zstandard(data: bytes, frames: int = 1) -> bytes:
    return b"".join(zstd.compress(piece) for piece in _pieces(data, frames))


def _pieces(data: bytes, count: int) -> list[bytes]:
    """Pieces whose borders fall anywhere, also inside headers."""
    step = -(-len(data) // count) or 1
    return [data[at : at + step] for at in range(0, len(data), step)] or [b""]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as it will be stored: its tar, its blob and what the history says of it."""

    entries: tuple[Entry, ...]
    tar: bytes
    blob: bytes
    compression: str = "none"
    created_by: str = ""

    @property
    def diff_id(self) -> str:
        return digest(self.tar)

    @property
    def descriptor(self) -> dict[str, object]:
        suffix = "" if self.compression == "none" else "+" + self.compression
        return descriptor("application/vnd.oci.image.layer.v1.tar" + suffix, self.blob)


def layer(
    *parts: Parts,
    compression: str = "none",
    members: int = 1,
    created_by: str = "",
    end: bytes = END,
) -> Layer:
    """A layer of entries; `members` is the number of gzip members or zstd frames."""
    items = tuple(entry for part in parts for entry in entries(part))
    return raw_layer(tar(items, end), items, compression, members, created_by)


def raw_layer(
    data: bytes,
    items: tuple[Entry, ...] = (),
    compression: str = "none",
    members: int = 1,
    created_by: str = "",
) -> Layer:
    """A layer from tar bytes as they are."""
    if compression == "none":
        return Layer(items, data, data, compression, created_by)
    blob = gzip(data, members) if compression == "gzip" else zstandard(data, members)
    return Layer(items, data, blob, compression, created_by)


@dataclass(frozen=True, slots=True)
class Image:
    """Layers from first to last, with the words around them."""

    layers: tuple[Layer, ...]
    tags: tuple[str, ...]
    config: dict[str, Any] = field(default_factory=dict)
    """The `config` object of the image config: Env, Entrypoint, User, Labels, …"""
    history: tuple[dict[str, Any], ...] | None = None
    """None: one entry per layer. Empty: no history at all."""
    annotations: dict[str, str] = field(default_factory=dict)
    """Of the OCI manifest."""
    architecture: str = "amd64"
    created: str = CREATED

    def config_json(self) -> bytes:
        history = self.history
        if history is None:
            made_by = [layer.created_by for layer in self.layers]
            history = tuple({"created": CREATED, "created_by": text} for text in made_by)
        return encode(
            {
                "architecture": self.architecture,
                "os": "linux",
                "created": self.created,
                "config": self.config,
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
                **({"history": list(history)} if history else {}),
            }
        )

    def manifest_json(self) -> bytes:
        config = self.config_json()
        return encode(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": descriptor("application/vnd.oci.image.config.v1+json", config),
                "layers": [layer.descriptor for layer in self.layers],
                **({"annotations": self.annotations} if self.annotations else {}),
            }
        )


def image(
    *layers: Layer | Parts,
    tags: Sequence[str] = ("app:1",),
    config: Mapping[str, Any] | None = None,
    history: Sequence[dict[str, Any]] | None = None,
    annotations: Mapping[str, str] | None = None,
    compression: str | None = None,
) -> Image:
    """An image; `compression` overrides what the layers say."""
    result = [content if isinstance(content, Layer) else layer(content) for content in layers]
    if compression is not None:
        result = [raw_layer(m.tar, m.entries, compression, 1, m.created_by) for m in result]
    return Image(
        tuple(result),
        tuple(tags),
        dict(config or {}),
        None if history is None else tuple(history),
        dict(annotations or {}),
    )


@lru_cache(16)  # a blob's digest is asked for some ten times
def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def descriptor(media_type: str, data: bytes, **more: object) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def _blob_name(data: bytes) -> str:
    return "blobs/" + digest(data).replace(":", "/")


def oci_members(image: Image, full_names: bool = False) -> dict[str, bytes]:
    """Every file of an OCI layout; equal blobs once. Only containerd and docker write full names."""
    manifest = image.manifest_json()
    media_type = "application/vnd.oci.image.manifest.v1+json"
    names = [
        {
            "org.opencontainers.image.ref.name": tag.rpartition(":")[2],
            **({"io.containerd.image.name": tag} if full_names else {}),
        }
        for tag in image.tags
    ]
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor(media_type, manifest, annotations=name) for name in names]
        or [descriptor(media_type, manifest)],
    }
    blobs = [*(layer.blob for layer in image.layers), image.config_json(), manifest]
    return {
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": encode(index),
        **{_blob_name(blob): blob for blob in blobs},
    }


def _v1_config(image: Image, index: int) -> bytes:
    """The legacy config of a layer, whose digest is the layer's folder in old archives."""
    parent = {"parent": _v1_id(image, index - 1)} if index else {}
    return encode(
        {"layer": image.layers[index].diff_id, "created": CREATED, "os": "linux", **parent}
    )


def _v1_id(image: Image, index: int) -> str:
    chain = ""
    for layer in image.layers[: index + 1]:
        chain = digest(f"{chain} {layer.diff_id}".encode())
    return chain.partition(":")[2]


def _repositories(image: Image) -> bytes:
    top = _v1_id(image, len(image.layers) - 1)
    found: dict[str, dict[str, str]] = {}
    for tag in image.tags:
        name, _, version = tag.rpartition(":")
        found.setdefault(name, {})[version] = top
    return encode(found)


def _docker_members(image: Image) -> dict[str, bytes | str]:
    """`docker save` of version 25 and later: both worlds, and legacy configs that nothing names."""
    config = image.config_json()
    members: dict[str, bytes | str] = dict(oci_members(image, full_names=True))
    for index in range(len(image.layers)):
        legacy = _v1_config(image, index)
        members[_blob_name(legacy)] = legacy
    members["manifest.json"] = encode(
        [
            {
                "Config": _blob_name(config),
                "RepoTags": list(image.tags) or None,
                "Layers": [_blob_name(layer.blob) for layer in image.layers],
                "LayerSources": {layer.diff_id: layer.descriptor for layer in image.layers},
            }
        ]
    )
    if image.tags:
        members["repositories"] = _repositories(image)
    return dict(sorted(members.items()))


def _old_docker_members(image: Image) -> dict[str, bytes | str]:
    """A folder per layer; a layer that was there before is a symbolic link (str) to the first."""
    config = image.config_json()
    members: dict[str, bytes | str] = {}
    first: dict[str, str] = {}
    paths = []
    for index, layer in enumerate(image.layers):
        folder = _v1_id(image, index)
        paths.append(f"{folder}/layer.tar")
        members[f"{folder}/VERSION"] = b"1.0"
        members[f"{folder}/json"] = _v1_config(image, index)
        known = first.setdefault(layer.diff_id, folder)
        members[paths[-1]] = layer.blob if known == folder else f"../{known}/layer.tar"
    config_name = digest(config).partition(":")[2] + ".json"
    members[config_name] = config
    manifest = {"Config": config_name, "RepoTags": list(image.tags) or None, "Layers": paths}
    members["manifest.json"] = encode([manifest])
    if image.tags:
        members["repositories"] = _repositories(image)
    return members


def archive(members: Mapping[str, bytes | str]) -> bytes:
    """A tar of regular files, and of symbolic links where the value is a string; folders first."""
    out = io.BytesIO()
    result: set[str] = set()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as target:
        for name, value in members.items():
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth])
                if folder not in result:
                    result.add(folder)
                    target.addfile(_member(folder, tarfile.DIRTYPE, 0o755))
            info = _member(name, tarfile.REGTYPE, 0o644)
            if isinstance(value, str):
                info.type, info.linkname = tarfile.SYMTYPE, value
                target.addfile(info)
            else:
                info.size = len(value)
                target.addfile(info, io.BytesIO(value))
    return out.getvalue()


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, mode
    return info


def save(image: Image, path: Path, form: str = "oci-archive") -> Path:
    """Write an image in one of `FORMATS`; `path` is the archive, or the folder for `oci-dir`."""
    if form == "oci-dir":
        for name, data in oci_members(image).items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path
    if form == "oci-archive":
        path.write_bytes(archive(oci_members(image)))
    elif form == "docker":
        path.write_bytes(archive(_docker_members(image)))
    elif form == "docker-old":
        path.write_bytes(archive(_old_docker_members(image)))
    else:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")
    return path


@dataclass(frozen=True, slots=True)
class MemoryBlob:
    """Bytes as a `slim.image.model.Blob`, in chunks of any size."""

    data: bytes
    step: int = 1 << 20
    position: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self, most: int = 0) -> Generator[bytes, None, None]:
        for at in range(0, len(self.data), self.step):
            yield self.data[at : at + self.step]
