"""Where a member's bytes are in an archive that is compressed as a whole, or that comes through a pipe."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from msgspec import Struct

from slim.errors import InputError
from slim.image.model import CHUNK
from slim.image.stored import cut_off
from slim.limits import Limits, exceeded
from slim.stream.compression import Marks
from slim.stream.inflate import inflate


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

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`."""
        left = self.size
        for part in self.stream.read(self.position, self.size):
            left -= len(part)
            yield part
        if left:
            raise cut_off(self.position + self.size - left)
