"""Where a member's bytes are: in a file, in memory, or in a file that is compressed as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from msgspec import Struct

from slim.errors import InputError
from slim.image.model import CHUNK, Blob
from slim.limits import Limits, exceeded
from slim.stream.inflate import Marks, inflate


class FileBlob(Struct, frozen=True):
    """A range of an open file."""

    fd: int
    position: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        at, end = self.position, self.position + self.size
        while at < end:
            chunk = os.pread(self.fd, min(CHUNK, end - at), at)
            if not chunk:
                raise cut_off(at)
            at += len(chunk)
            yield chunk

    def part(self, offset: int, size: int) -> FileBlob:
        """A part of it."""
        return FileBlob(self.fd, self.position + offset, size)


class MemoryBlob(Struct, frozen=True):
    """Bytes at hand."""

    data: bytes
    position: int = 0

    @property
    def size(self) -> int:
        """See `Blob.size`."""
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        for at in range(0, len(self.data), CHUNK):
            yield self.data[at : at + CHUNK]


class Stream:
    """Bytes that are read, and decompressed, from front to back; going back means starting again.

    `source` gives the stored bytes, from the first one on each time it is called; a pipe can be asked
    once, and its reader never goes back.
    """

    def __init__(
        self, source: Callable[[], Iterator[bytes]], compression: str, limits: Limits
    ) -> None:
        self._source = source
        self._compression = compression
        self._limits = limits
        self.spent = 0
        """Bytes that were decompressed, all passes together."""
        self._restart()

    def _restart(self) -> None:
        self._pieces = inflate(self._source(), self._compression, Marks(), self._limits)
        self._piece = b""
        self._start = 0
        """Position of the piece in the decompressed bytes."""

    @property
    def reached(self) -> int:
        """How far it was decompressed: the number of bytes, when a read has come to the end."""
        return self._start + len(self._piece)

    def read(self, position: int, count: int) -> Iterator[bytes]:
        """The bytes from `position` on; fewer than `count` at the end of the file.

        Raises:
            InputError: the compressed bytes are damaged or cut off.
            LimitError: too much was decompressed, all passes together.
        """
        if position < self._start:
            self._restart()
        end = position + count
        while position < end:
            at = position - self._start
            if at >= len(self._piece):
                self._start += len(self._piece)
                self._piece = self._next()
                if not self._piece:
                    return
                continue
            part = self._piece[at : at + end - position]
            position += len(part)
            yield part

    def _next(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except InputError as error:
            raise InputError(
                error.slug.replace("layer-", "archive-"),
                f"the archive as a whole: {error.message}",
                "the archive is damaged or incomplete: save the image again",
            ) from None
        self.spent += len(piece)
        limit = self._limits.image_bytes
        if self.spent > limit:
            raise exceeded("image_bytes", self.spent, limit, "the archive once decompressed")
        return piece


class StreamBlob(Struct, frozen=True):
    """A range of the decompressed bytes of a stream."""

    stream: Stream
    position: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        left = self.size
        for part in self.stream.read(self.position, self.size):
            left -= len(part)
            yield part
        if left:
            raise cut_off(self.position + self.size - left)


def read_all(blob: Blob, limit: int, where: str, name: str = "json_bytes") -> bytes:
    """A small blob as a whole; `name` is that of the limit.

    Raises:
        LimitError: it is larger than `limit` bytes.
    """
    if blob.size > limit:
        raise exceeded(name, blob.size, limit, where)
    return b"".join(blob.chunks())


def cut_off(at: int) -> InputError:
    """The error for an archive that ends too early."""
    return InputError(
        "archive-truncated",
        f"the archive ends at byte {at:,}, inside a member",
        "save the image again, and check that the disk is not full",
    )
