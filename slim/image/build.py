"""What docker-archives and OCI layouts have in common on the way to an `Image`."""

from __future__ import annotations

from typing import Any, Literal

from slim.errors import InputError
from slim.image.archive import Archive
from slim.image.documents import parse
from slim.image.manifest import ImageConfig
from slim.image.model import History, ImageWarning
from slim.image.stored import read_all
from slim.limits import Limits


def read_document(
    archive: Archive,
    name: str,
    limits: Limits,
    bound: Literal["json_bytes", "layout_bytes"] = "json_bytes",
) -> tuple[bytes, Any]:
    """A JSON member: its bytes and its value; `bound` is the limit of its size.

    Raises:
        InputError: missing, or not JSON that all parsers read alike.
    """
    blob = archive.blob(name)
    if blob is None:
        raise InputError(
            "missing-blob",
            f"{name} is not in the archive",
            "the archive is incomplete: save the image again",
        )
    data = read_all(blob, getattr(limits, bound), name, bound)
    return data, parse(data, name, limits)


def check_layer_count(config: ImageConfig, layers: int, where: str) -> None:
    """Every layer has a diff id.

    Raises:
        InputError: the numbers differ.
    """
    if len(config.diff_ids) != layers:
        raise InputError(
            "layer-count",
            f"{where} lists {layers} layers, its config has {len(config.diff_ids)} diff ids",
            "no engine accepts this image: build or save it again",
        )


def align_history(
    config: ImageConfig, layers: int
) -> tuple[tuple[History | None, ...], tuple[ImageWarning, ...]]:
    """The history entry of each layer: the i-th non-empty one, and only when all counts match.

    A wrong blame is worse than none, so on a mismatch no layer gets one.
    Source: OCI config.md "history"; tools that drop or pad history are common.
    """
    with_layer = [entry for entry in config.history if not entry.empty_layer]
    if len(with_layer) == layers:
        return tuple(with_layer), ()
    if not config.history:
        return (None,) * layers, ()
    text = f"the history has {len(with_layer)} entries with a layer, the image has {layers} layers"
    return (None,) * layers, (ImageWarning("history-mismatch", text),)
