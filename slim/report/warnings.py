"""What is worth a warning: the image's, the layers' and the overlay's warnings → the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from slim.files.table import Files, LayerTable
from slim.image import kinds
from slim.image.base import BaseImage
from slim.image.model import Image, Layer, TableOfContents
from slim.report import model
from slim.report.naming import utf8
from slim.report.untrusted import Untrusted, untrusted

if TYPE_CHECKING:
    from slim.dockerfile.align import Placement

CONTENTS_NOT_VERIFIED = "contents-not-verified"
"""The id of the warning of each layer that is known by its table of contents alone."""
_MANY_LAYERS = 125
"""overlay2 stacks 128 at most, moby keeps some for itself."""
_RATIO = 200
OTHER_BASE, OTHER_DOCKERFILE = "other-base", "other-dockerfile"
"""Warnings about what the user gave."""
_LARGE = 1 << 30
"""Uncompressed bytes from which a ratio is worth a word: a small layer of zeros is nothing."""


def warnings(
    image: Image,
    tables: Sequence[LayerTable | None],
    files: Files,
    unread: Sequence[str],
    general: Iterable[tuple[str, str]] = (),
) -> list[model.Warning]:
    """All warnings, by layer and id; what holds for the whole image comes first.

    `unread` says what of package databases could not be read, `general` has (id, text) of warnings about
    no layer: suppressions that do nothing, a base image or Dockerfile of another image.
    """
    found = [
        model.Warning(
            id=warning.id,
            text=untrusted(warning.text),
            layer=warning.layer,
            path=_path(warning.path),
        )
        for warning in image.warnings
    ]
    found += [model.Warning(id="package-database", text=untrusted(utf8(text))) for text in unread]
    found += [model.Warning(id=id, text=untrusted(utf8(text))) for id, text in general]
    for layer, table in zip(image.layers, tables, strict=True):
        if layer.missing:
            found.append(
                model.Warning(
                    id="unknown-contents", text=untrusted(layer.missing), layer=layer.index
                )
            )
        if layer.toc is not None:
            found.append(_unread(layer, layer.toc))
        if table is not None and table.blob_bytes:
            found += _compression(layer, table)
            found += _contents(layer, table) if layer.toc is None else ()
    if len(image.layers) > _MANY_LAYERS:
        text = f"{len(image.layers)} layers: overlay2 refuses more than {_MANY_LAYERS}"
        found.append(model.Warning(id="many-layers", text=untrusted(text)))
    for layer_index, id, warning in files.warnings:
        found.append(
            model.Warning(
                id=id,
                text=untrusted(warning.text),
                layer=layer_index if layer_index >= 0 else None,
                path=_path(warning.path),
                count=warning.count,
            )
        )
    return sorted(
        found, key=lambda warning: (warning.layer if warning.layer is not None else -1, warning.id)
    )


def mismatches(
    base: BaseImage, placements: Sequence[Placement | None], dockerfile: str
) -> Iterator[tuple[str, str]]:
    """(id, text) where the base image or the Dockerfile that the user gave are those of another image."""
    if base.how == "given" and not base.layers:
        yield (
            OTHER_BASE,
            f"{base.name or 'the image given as --base'} is not the base of this image, whose first"
            " layers differ: give the version that it was built from (--base NAME@DIGEST), or leave"
            " --base out",
        )
    if placements and not any(placements):
        yield (
            OTHER_DOCKERFILE,
            f"0 of {len(placements)} instructions of this image are in {dockerfile}: it was built from"
            " another file, or from another stage of it (--target STAGE)",
        )


def _path(raw: bytes | None) -> Untrusted | None:
    return untrusted(raw.decode("utf-8", "replace")) if raw else None


def _unread(layer: Layer, toc: TableOfContents) -> model.Warning:
    text = (
        f"known by its {toc.kind} table of contents: {toc.fetched:,} of {layer.size:,} bytes were read,"
        " its contents were not verified, and no package database in it was read; --full reads it"
    )
    return model.Warning(id=CONTENTS_NOT_VERIFIED, text=untrusted(text), layer=layer.index)


def _contents(layer: Layer, table: LayerTable) -> Iterator[model.Warning]:
    """An annotation that names another table of contents than the layer holds."""
    promised = layer.descriptor.annotations.get(kinds.ESTARGZ, "") if layer.descriptor else ""
    if promised and not table.toc_digest:
        text = "annotated as eStargz, and its table of contents is not among the entries of the tar"
        yield model.Warning(id="estargz", text=untrusted(text), layer=layer.index)
    elif promised and promised != table.toc_digest:
        text = (
            f"the annotation says that the table of contents is {promised[:80]}, the layer has"
            f" {table.toc_digest}: an engine that pulls lazily refuses it"
        )
        yield model.Warning(id="toc-mismatch", text=untrusted(text), layer=layer.index)


def _compression(layer: Layer, table: LayerTable) -> Iterator[model.Warning]:
    """Blobs that some engine cannot unpack, or should not without a second look."""
    media_type = layer.descriptor.media_type if layer.descriptor else ""
    label = kinds.layer_label(media_type)
    if media_type and label != table.compression:
        text = f"labelled as {label}, but its bytes are {table.compression}"
        if label == "none" and media_type not in kinds.SNIFFED:
            text += ": containerd cannot unpack it"
        yield model.Warning(id="media-type-mismatch", text=untrusted(text), layer=layer.index)
    if table.tar_bytes > max(_LARGE, _RATIO * table.blob_bytes):
        text = (
            f"{table.blob_bytes:,} bytes unfold to {table.tar_bytes:,}:"
            f" more than {_RATIO} times as many, as contents seldom do"
        )
        yield model.Warning(id="high-ratio", text=untrusted(text), layer=layer.index)
    if table.compression in ("bzip2", "xz"):
        text = f"compressed as {table.compression}: docker load reads it, no engine pulls it"
        yield model.Warning(id="docker-only-compression", text=untrusted(text), layer=layer.index)
