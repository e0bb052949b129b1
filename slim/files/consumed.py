"""Blobs that went by in a pipe: what they held is known, their bytes are gone."""

from __future__ import annotations

from collections.abc import Collection, Generator

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import InputError, SlimError
from slim.files.table import LayerTable, unread
from slim.image.hashes import algorithm_of
from slim.image.model import CHUNK


class PassedBlob(Struct, frozen=True):
    """A blob that went by."""

    size: int
    position: int
    found: LayerTable | SlimError
    """The error if it is not a layer."""

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`; always an error."""
        raise InputError(
            "passed-by",
            "bytes of the pipe that were read already are needed again",
            "save the image to a file first",
        )


def table_of(
    blob: PassedBlob, claimed: str, diff_id: str, verify: bool, extra: Collection[bytes]
) -> LayerTable:
    """The table of a blob whose digest and diff id are named now; `extra` as for `scan`.

    Raises:
        SlimError: it is not a layer, or its digests would have to be computed by another algorithm.
    """
    if isinstance(blob.found, SlimError):
        raise blob.found
    table = replace(blob.found)
    if (path := unread(table, extra)) is not None:
        text = "it had gone by in the pipe before the config named it: what it starts is unknown"
        table = replace(table, warnings=dict(table.warnings))
        table.note("unread-script", path, text)
    if verify:
        for digest, computed in ((claimed, table.blob_digest), (diff_id, table.diff_id)):
            if digest and algorithm_of(digest) != algorithm_of(computed):
                raise InputError(
                    "passed-by",
                    f"it has gone by in the pipe before its digest {digest[:20]}… was known",
                    "save the image to a file first",
                )
    return table
