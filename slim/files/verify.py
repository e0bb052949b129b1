"""The digest of a blob by itself: its table is known, or made at the same time."""

from __future__ import annotations

from threading import Event

from msgspec.structs import replace

from slim.files.metered import Progress, check
from slim.files.table import LayerTable
from slim.image import hashes
from slim.image.model import CHUNK, Blob


def digest_of_blob(
    blob: Blob,
    algorithm: str,
    progress: Progress | None = None,
    stop: Event | None = None,
    most: int = CHUNK,
) -> str:
    """`algorithm:hex` of the stored bytes.

    `most` bytes are hashed at once. Between two pieces the interpreter lock is needed, and another thread
    that works in Python keeps it for a switch interval: 5 ms, if nobody has set it, is as long as 8 MB take.
    """
    state = hashes.new(algorithm, "a layer")
    for chunk in blob.chunks(most):
        state.update(chunk)
        if progress is not None:
            progress(len(chunk))
        check(stop)
    return f"{algorithm}:{state.hexdigest()}"


def hash_again(
    known: LayerTable,
    blob: Blob,
    progress: Progress | None = None,
    stop: Event | None = None,
    most: int = CHUNK,
) -> LayerTable:
    """The table that was made of a blob before, with the digests that it has now; see `digest_of_blob`."""
    algorithm = hashes.algorithm_of(known.blob_digest)
    digest = digest_of_blob(blob, algorithm, progress, stop, most)
    diff_id = digest if known.diff_id == known.blob_digest else known.diff_id
    return replace(known, blob_digest=digest, diff_id=diff_id)


def unverified(known: LayerTable) -> LayerTable:
    """The table that was made of a blob before, where nobody asks for digests."""
    return replace(known, blob_digest="", diff_id="")
