"""Which digests of layers may come late: beside the walk over them, and beside what comes after it.

What lies in a file can be read twice, so that neither the walk nor the advice need wait for the digest.
Whoever uses this must let nothing out before the digest has been checked. It is for layers that are not
compressed, and for layers whose tables are cached: decompressing keeps all cores busy, so that reading twice
would cost more than it saves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from slim.errors import InputError, SlimError
from slim.files.layer import is_compressed, promised_digest
from slim.image import hashes
from slim.image.directory import PathBlob
from slim.image.model import Blob, Layer
from slim.image.stored import FileBlob

Reread = FileBlob | PathBlob
"""Blobs that can be read twice."""


class Promise(Struct, frozen=True):
    """What the image says of a blob, and what its file was like before anything was read."""

    digest: str
    compressed: bool
    state: tuple[int, ...]


def promises(layers: Sequence[tuple[Layer, Blob]]) -> list[Promise | None]:
    """By layer; None where the digest has to be computed while the blob is walked over.

    That is so where the blob cannot be read twice, where its digest and diff id contradict each other, and
    where several layers share it: then one of their diff ids is wrong, and the second layer must fail before
    a thousand others are walked over.
    """
    counts = Counter(blob.place for _, blob in layers if isinstance(blob, Reread))
    return [
        _promise(layer, blob)
        if isinstance(blob, Reread) and counts[blob.place] == 1 and layer.toc is None
        else None
        for layer, blob in layers
    ]


def check_unchanged(blob: Blob, promise: Promise) -> None:
    """To be called after each of the two readings: what was walked over is what was hashed.

    Raises:
        InputError: the file was written to, renamed or removed in the meantime.
    """
    if isinstance(blob, Reread) and blob.state() == promise.state:
        return
    raise InputError(
        "unreadable",
        "the file has changed while it was read",
        "wait until the image is complete, and run slim again",
    )


def _promise(layer: Layer, blob: Reread) -> Promise | None:
    # What cannot be read is for the walk to say.
    with suppress(SlimError):
        compressed = is_compressed(blob)
        digest = promised_digest(layer, blob)
        same = hashes.algorithm_of(digest) == hashes.algorithm_of(layer.diff_id)
        if digest and (compressed or not same or digest == layer.diff_id):
            return Promise(digest, compressed, blob.state())
    return None
