"""Repacking in tests: what a stack of layers shows, entry by entry, as the slow oracle has it."""

from __future__ import annotations

import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from slim import pipeline
from slim.files.options import ReadOptions
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.limits import DEFAULT_LIMITS
from slim.repack.certificate import Certificate
from slim.repack.compressors import Compression
from slim.repack.model import LayerMode, Selection
from slim.repack.run import Form, Target
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import inflate
from tests.support.building import Entry
from tests.support.oracle import Tree, overlay

FAST = Compression("gzip", 1)


def repack(
    source: Path,
    target: Path,
    *,
    mode: LayerMode = "keep",
    level: str = "dead",
    form: Form = "oci-archive",
    compression: Compression | None = FAST,
    advice: pipeline.AdviceOptions | None = None,
    **more: Any,
) -> Certificate:
    """Repack an image as the command does."""
    return pipeline.repack(
        ImageRef(str(source), platform=more.pop("platform", None)),
        more.pop("options", ReadOptions()),
        advice,
        Target(str(target), form, compression),
        more.pop("selection", None) or Selection(level=level),  # type: ignore[arg-type]
        mode,
        **more,
    )


def stored_layers(path: Path) -> list[list[Entry]]:
    """The entries of the layers of an image, as the standard library reads them."""
    with open_image(ImageRef(str(path))) as image:
        found = []
        for layer in image.layers:
            assert layer.blob is not None
            data = b"".join(layer.blob.chunks())
            tar = b"".join(inflate([data], sniff(data[:6]), Marks(), DEFAULT_LIMITS))
            found.append(_entries(tar))
        return found


def _entries(data: bytes) -> list[Entry]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as tar:
        for info in tar:
            file = tar.extractfile(info) if info.isreg() else None
            found.append(
                Entry(
                    info.name.encode("utf-8", "surrogateescape"),
                    info.type if info.type != b"S" else b"0",
                    file.read() if file else b"",
                    info.linkname.encode("utf-8", "surrogateescape"),
                    info.mode,
                    info.uid,
                    info.gid,
                    int(info.mtime),
                    (info.devmajor, info.devminor),
                    pax=tuple(
                        (key.encode(), value.encode())
                        for key, value in sorted(info.pax_headers.items())
                        if key.startswith("SCHILY.xattr.")
                    ),
                )
            )
    return found


class Seen(NamedTuple):
    """What a path of the final filesystem is."""

    kind: str
    content: bytes
    link: bytes
    attributes: tuple[Any, ...] | None
    """Mode, owner, time, xattrs and device; None for a directory without an entry."""
    names: tuple[bytes, ...]
    """All paths of the same file."""


def seen(layers: Sequence[Sequence[Entry]]) -> dict[bytes, Seen]:
    """The final filesystem of a stack of layers."""
    return described(overlay(layers).tree, layers)


def described(tree: Tree, layers: Sequence[Sequence[Entry]]) -> dict[bytes, Seen]:
    """Each path with everything that its entry says."""
    names: dict[int, list[bytes]] = defaultdict(list)
    for path, node in tree.items():
        names[id(node)].append(b"/".join(path))
    found = {}
    for path, node in tree.items():
        attributes = None
        if node.row is not None:
            entry = layers[node.row[0]][node.row[1]]
            mode = 0 if node.kind == "symlink" else entry.mode
            attributes = mode, entry.uid, entry.gid, entry.mtime, entry.pax, entry.device
        if attributes == (0o755, 0, 0, 0, (), (0, 0)) and node.kind == "directory":
            attributes = None  # as engines make it where there is no entry
        found[b"/".join(path)] = Seen(
            node.kind, node.content, node.link, attributes, tuple(sorted(names[id(node)]))
        )
    return found


def dead_bytes(certificate: Certificate) -> int:
    """Bytes of the result that nothing shows."""
    return sum(each.result.amount.dead_bytes for each in certificate.images)


def removed_names(certificate: Certificate) -> set[bytes]:
    """Paths that the certificate says are missed in the result."""
    return {
        each.path.encode("utf-8", "surrogateescape")
        for image in certificate.images
        for each in image.removed
        if each.visible
    }


def config_of(path: Path) -> dict[str, Any]:
    """The config of an image."""
    with open_image(ImageRef(str(path))) as image:
        found: dict[str, Any] = json.loads(image.config_document)
        return found
