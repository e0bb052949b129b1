"""A final filesystem, and the layers that it is in."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.errors import InputError
from slim.files.table import Files, LayerTable
from slim.image.model import Image, Layer


class Tree(Struct, frozen=True):
    """The final filesystem of an image, and where its bytes are."""

    layers: Sequence[Layer]
    tables: Sequence[LayerTable]
    files: Files


def tree_of(image: Image, tables: Sequence[LayerTable | None], files: Files) -> Tree:
    """The filesystem of an image that has been scanned.

    Raises:
        InputError: the contents of a layer are missing.
    """
    for layer, table in zip(image.layers, tables, strict=True):
        if table is None:
            raise InputError(
                "layer-missing",
                f"layer {layer.index} is not available: {layer.missing}",
                "all layers of the image are needed",
            )
    return Tree(image.layers, [table for table in tables if table is not None], files)
