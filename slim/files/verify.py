"""A blob whose table is known: only its digest is computed again."""

from __future__ import annotations

from threading import Event

from msgspec.structs import replace

from slim.files.metered import Progress, check
from slim.files.table import LayerTable
from slim.image import hashes
from slim.image.model import CHUNK, Blob


def hash_again(
    known: LayerTable,
    blob: Blob,
    progress: Progress | None = None,
    stop: Event | None = None,
    most: int = CHUNK,
) -> LayerTable:
    """The table that was made of a blob before, with the digests that it has now.

    `most` bytes are hashed at once. Between two pieces the interpreter lock is needed, and another thread
    that works in Python keeps it for as long as hashing 6 MB takes.
    """
    algorithm = hashes.algorithm_of(known.blob_digest)
    state = hashes.new(algorithm, "a layer")
    for chunk in blob.chunks(most):
        state.update(chunk)
        if progress is not None:
            progress(len(chunk))
        check(stop)
    digest = f"{algorithm}:{state.hexdigest()}"
    diff_id = digest if known.diff_id == known.blob_digest else known.diff_id
    return replace(known, blob_digest=digest, diff_id=diff_id)


def unverified(known: LayerTable) -> LayerTable:
    """The table that was made of a blob before, where nobody asks for digests."""
    return replace(known, blob_digest="", diff_id="")
