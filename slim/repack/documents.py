"""Config and manifest of the new image: those of the old one, with what is different now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from slim.image import kinds
from slim.image.hashes import digest_of
from slim.image.model import Descriptor
from slim.version import VERSION

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_SUFFIXES = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}
MARK = "io.slim.repack."
"""Labels and annotations that say what an image was made of begin with it."""
_ABOUT_BLOBS = (
    "containerd.io/snapshot/",
    "io.containers.estargz.",
    "io.github.containers.zstd-chunked.",
)
"""Annotations of a layer that are about the bytes of its blob."""


class NewLayer(Struct, frozen=True):
    """A layer of the result."""

    diff_id: str
    digest: str
    size: int
    """Bytes as stored."""
    compression: str
    """`none`, `gzip` or `zstd`."""
    source: Descriptor | None = None
    """Of the layer whose blob it is, where that was copied as it is."""
    annotations: Mapping[str, str] = {}


def marks(source_digest: str, level: str) -> dict[str, str]:
    """What label and annotations say: source, version and level."""
    return {
        f"{MARK}source": source_digest,
        f"{MARK}version": VERSION,
        f"{MARK}level": level,
    }


def new_config(
    document: Mapping[str, Any],
    diff_ids: Sequence[str],
    history: Sequence[Mapping[str, Any]] | None,
    labels: Mapping[str, str],
) -> bytes:
    """The config with other layers; `history` None leaves it as it is, empty takes it out.

    All other fields, also those that mean nothing to us, keep their values and their order.
    """
    config: dict[str, Any] = dict(document)
    config["rootfs"] = {**config["rootfs"], "diff_ids": list(diff_ids)}
    if history is not None:
        if history:
            config["history"] = list(history)
        else:
            config.pop("history", None)
    run = dict(config.get("config") or {})
    run["Labels"] = {**(run.get("Labels") or {}), **labels}
    config["config"] = run
    return encoded(config)


def new_history(
    history: Sequence[Mapping[str, Any]], layers: int, gone: frozenset[int]
) -> list[dict[str, Any]] | None:
    """The history of an image whose layers `gone` are no more: their entries have no layer now.

    None where entries and layers do not match: then nobody can say which entry is whose.
    """
    if sum(not entry.get("empty_layer") for entry in history) != layers:
        return None
    found: list[dict[str, Any]] = []
    at = 0
    for entry in history:
        copied = dict(entry)
        if not entry.get("empty_layer"):
            if at in gone:
                copied["empty_layer"] = True
            at += 1
        found.append(copied)
    return found


def new_manifest(
    config: bytes, layers: Sequence[NewLayer], annotations: Mapping[str, str]
) -> bytes:
    """An OCI manifest."""
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described(config, CONFIG),
        "layers": [_layer(layer) for layer in layers],
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    return encoded(manifest)


def index_of(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """An OCI index."""
    return encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)})


def described(data: bytes, media_type: str) -> dict[str, Any]:
    """The descriptor of a document."""
    digest = digest_of(data, "sha256", media_type)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def encoded(document: object) -> bytes:
    """JSON without blanks; keys keep their order."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def kept_annotations(layer: Descriptor) -> dict[str, str]:
    """Annotations of a layer that stay true when its blob is another one."""
    return {k: v for k, v in layer.annotations.items() if not k.startswith(_ABOUT_BLOBS)}


def _layer(layer: NewLayer) -> dict[str, Any]:
    source = layer.source
    if source is not None:
        media_type, annotations = source.media_type, source.annotations
        if kinds.layer_label(media_type) != layer.compression or "docker" in media_type:
            media_type = _LAYER + _SUFFIXES[layer.compression]
    else:
        media_type, annotations = _LAYER + _SUFFIXES[layer.compression], layer.annotations
    found: dict[str, Any] = {
        "mediaType": media_type,
        "digest": layer.digest,
        "size": layer.size,
    }
    if annotations:
        found["annotations"] = dict(annotations)
    return found
