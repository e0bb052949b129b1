"""Config and manifest for the layers that were written; as they were where nothing is different."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slim.image.documents import parse
from slim.image.model import Image
from slim.limits import Limits
from slim.repack.documents import marks, new_config, new_history, new_manifest
from slim.repack.layers import WrittenLayer
from slim.repack.model import Level


def new_documents(
    image: Image, written: Sequence[WrittenLayer], level: Level, limits: Limits
) -> tuple[bytes, bytes]:
    """(config, manifest). An image from which nothing goes keeps its config, and so its id."""
    diff_ids = [each.layer.diff_id for each in written]
    config, about = image.config_document, {}
    if diff_ids != [layer.diff_id for layer in image.layers]:
        about = marks(image.manifest_digest or image.config_digest, level)
        document = parse(config, "the config", limits)
        config = new_config(document, diff_ids, _history(document, image, written), about)
    elif image.manifest_document and all(
        layer.descriptor is not None and each.layer.digest == layer.descriptor.digest
        for each, layer in zip(written, image.layers, strict=True)
    ):
        return config, image.manifest_document
    document = parse(image.manifest_document or b"{}", "the manifest", limits)
    annotations = {**(document.get("annotations") or {}), **about}
    return config, new_manifest(config, [each.layer for each in written], annotations)


def _history(
    document: dict[str, Any], image: Image, written: Sequence[WrittenLayer]
) -> list[dict[str, Any]] | None:
    """The history of the new layers; None where it stays as it is, empty where it would be wrong."""
    history = document.get("history") or []
    if not history:
        return None
    # A merged layer is where the last of its layers was.
    left = {each.sources[-1] for each in written}
    gone = frozenset(layer.index for layer in image.layers if layer.index not in left)
    if not gone:
        return None
    return new_history(history, len(image.layers), gone) or []
