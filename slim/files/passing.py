"""Stored bytes on their way: counted, hashed, cut short when another layer failed, or gone by in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.errors import InputError, SlimError

if TYPE_CHECKING:
    from threading import Event

    from slim.files.hasher import Hasher
    from slim.files.table import LayerTable

Progress = Callable[[int], None]
"""Called, from several threads, with numbers of stored bytes that have been read."""


class PassedBlob(Struct, frozen=True):
    """A blob that went by in a pipe: what it held is known, its bytes are gone."""

    size: int
    position: int
    found: LayerTable | SlimError
    """The error if it is no layer."""

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`; always an error."""
        raise InputError(
            "passed-by",
            "bytes that have gone by in the pipe are needed again",
            "save the image to a file first",
        )


def watched(
    head: bytes,
    chunks: Iterator[bytes],
    hasher: Hasher | None,
    progress: Progress | None,
    stop: Event | None,
) -> Iterator[bytes]:
    """The stored bytes on their way: hashed, counted, and cut short when another layer failed."""
    chunk = head
    while chunk:
        if hasher is not None:
            hasher.update(chunk)
        yield chunk
        if progress is not None:
            progress(len(chunk))
        check(stop)
        chunk = next(chunks, b"")


def check(stop: Event | None) -> None:
    """Fail where another layer has failed."""
    if stop is not None and stop.is_set():
        raise InputError("stopped", "stopped because another layer failed")
