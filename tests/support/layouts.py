"""Image archives from parts, so that each part can be wrong.

pack(folder, world(index(entry(m)), m, c, *blobs))   with   m = manifest(c, *layers), c = config(*layers)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.building import Layer, archive, descriptor, encode, layer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
EMPTY = "application/vnd.oci.empty.v1+json"

DROP = object()
"""A field with this value is left out."""

Members = dict[str, bytes | str]

HELLO = layer({"etc/hello": b"hello"}, created_by="COPY hello /etc/hello # buildkit")
BYE = layer({"etc/bye": b"good bye"}, created_by="COPY bye /etc/bye # buildkit")


def document(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> bytes:
    """JSON of the fields with some changed, added or dropped."""
    both = {**fields, **changes}
    return encode({name: value for name, value in both.items() if value is not DROP})


def config(*layers: Layer, **changes: Any) -> bytes:
    """The config of an image of these layers."""
    return document(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created_by": layer.created_by} for layer in layers],
        },
        changes,
    )


def manifest(image_config: bytes, *layers: Layer | dict[str, object], **changes: Any) -> bytes:
    """A manifest; layers may be descriptors."""
    return document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, image_config),
            "layers": [layer.descriptor if isinstance(layer, Layer) else layer for layer in layers],
        },
        changes,
    )


def entry(data: bytes, media_type: str = MANIFEST, /, **changes: Any) -> dict[str, object]:
    """The descriptor of a document."""
    fields = {**descriptor(media_type, data), **changes}
    return {name: value for name, value in fields.items() if value is not DROP}


def index(*entries: dict[str, object], **changes: Any) -> bytes:
    """An index of these entries."""
    return document({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}, changes)


def blob_name(data: bytes) -> str:
    """Where a layout keeps these bytes."""
    return "blobs/" + str(descriptor("", data)["digest"]).replace(":", "/")


def world(top: bytes, *blobs: bytes | Layer) -> Members:
    """The members of a layout."""
    datas = [blob.blob if isinstance(blob, Layer) else blob for blob in blobs]
    return {
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": top,
        **{blob_name(data): data for data in datas},
    }


def simple(*layers: Layer, **changes: Any) -> Members:
    """The layout of an image with these layers; `changes` are to its manifest."""
    settings = config(*layers)
    top = manifest(settings, *layers, **changes)
    return world(index(entry(top)), top, settings, *layers)


def with_config(document: bytes, *layers: Layer) -> Members:
    """The layout of an image with this config."""
    top = manifest(document, *layers)
    return world(index(entry(top)), top, document, *layers)


def docker(
    document: bytes, *layers: Layer, names: tuple[str, ...] | None = None, **changes: Any
) -> Members:
    """An old docker-archive; `changes` are to the entry in its manifest.json."""
    names = names or tuple(f"{number}/layer.tar" for number in range(len(layers)))
    listed = {"Config": "config.json", "RepoTags": ["app:1"], "Layers": list(names), **changes}
    fields = {name: value for name, value in listed.items() if value is not DROP}
    return {
        "config.json": document,
        **{name: layer.blob for name, layer in zip(names, layers, strict=False)},
        "manifest.json": encode([fields]),
    }


def pack(folder: Path, members: Mapping[str, bytes | str]) -> Path:
    """The members as a tar file in the folder."""
    return write(folder, archive(members))


def write(folder: Path, data: bytes, name: str = "image.tar") -> Path:
    """A file in the folder."""
    path = folder / name
    path.write_bytes(data)
    return path


def unpack(folder: Path, members: Mapping[str, bytes | str]) -> Path:
    """The members as a directory; a string is the target of a symbolic link."""
    root = folder / "layout"
    for name, value in members.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            path.symlink_to(value)
        else:
            path.write_bytes(value)
    return root


def packed(members: Members) -> Callable[[Path], Path]:
    """`pack`, to be done later."""
    return lambda folder: pack(folder, members)


def stored(data: bytes) -> Callable[[Path], Path]:
    """`write`, to be done later."""
    return lambda folder: write(folder, data)


def nested(depth: int) -> Members:
    """HELLO's image below this many indexes, `index.json` included."""
    own = config(HELLO)
    top = manifest(own, HELLO)
    documents = [top, own, HELLO.blob]
    below = entry(top)
    for _ in range(depth - 1):
        documents.append(index(below))
        below = entry(documents[-1], INDEX)
    return world(index(below), *documents)
