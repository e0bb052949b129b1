"""A stream of bytes, passed on or over by offset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.errors import InputError
from slim.repack.raw_header import MAX_HEADER


class Pieces:
    """Bytes that come in pieces, passed on or over by their offset."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0
        self.offset = 0
        """Of the next byte."""

    def more(self) -> bool:
        """Whether there is a byte; the next piece is at hand then."""
        while self._at >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._piece, self._at = piece, 0
        return True

    def part(self, end: int) -> bytes:
        """The next bytes, as many as are at hand, up to an offset that is not reached yet; what an archive
        lacks of its last padding is filled with zeros.

        Raises:
            InputError: it lacks more.
        """
        if not self.more():
            missing = end - self.offset
            if missing >= 512:
                raise _too_short(self.offset)
            self.offset = end
            return bytes(missing)
        part = self._piece[self._at : self._at + end - self.offset]
        self._at += len(part)
        self.offset += len(part)
        return part

    def until(self, end: int) -> Iterator[bytes]:
        """All bytes up to an offset; otherwise as `part`."""
        while self.offset < end:
            yield self.part(end)

    def skip(self, end: int) -> None:
        """Pass over the bytes up to an offset."""
        while self.offset < end and self.more():
            count = min(end - self.offset, len(self._piece) - self._at)
            self._at += count
            self.offset += count

    def take(self, count: int) -> bytes:
        """The next bytes of an entry's headers.

        Raises:
            InputError: there are fewer, or more than headers take.
        """
        if count > MAX_HEADER:
            raise InputError(
                "large-header",
                f"the headers of an entry at offset {self.offset:,} take {count:,} bytes",
            )
        return b"".join(self.until(self.offset + count))

    def rest(self) -> Iterator[bytes]:
        """All bytes that are left."""
        while self.more():
            part = self._piece[self._at :]
            self._at = len(self._piece)
            self.offset += len(part)
            yield part

    def drain(self) -> None:
        """Read the rest, so that whoever computes a digest sees all of it."""
        for _ in self.rest():
            pass


def _too_short(at: int) -> InputError:
    return InputError("layer-changed", f"the layer ends at offset {at:,}: it was changed meanwhile")
