"""Stored bytes on their way: counted, hashed, and cut short when another layer failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from slim.errors import InputError

if TYPE_CHECKING:
    from threading import Event

    from slim.files.hasher import Hasher

Progress = Callable[[float], None]
"""Called, from several threads, with numbers of stored bytes that were read: half of what is read twice."""


def summed(progress: Callable[[int, int], None] | None, total: int) -> Progress | None:
    """Adds up what the layers report, for a caller who is shown (bytes read, `total` bytes)."""
    if progress is None:
        return None
    read = 0.0

    def advance(count: float) -> None:
        nonlocal read
        read += count  # under the interpreter lock additions do not get lost
        progress(int(read), total)

    return advance


def halved(progress: Progress | None) -> Progress | None:
    """For each of two passes over the same bytes."""
    return (lambda count: progress(count / 2)) if progress is not None else None


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
