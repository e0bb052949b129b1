"""Reading an exact number of bytes from chunks that are sent to a coroutine.

Every method is a generator to be used with `yield from`: it yields when it needs the next chunk and is
sent `b""` once, at the end of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import xxhash

from slim.errors import InputError
from slim.stream.header import BLOCK

_LEAP = 1 << 14
"""Fewer bytes than this are read as quickly as others are asked for."""


class Feed:
    """A window on the stream: the current chunk and the position in it.

    `at` may lie beyond the chunk: what is between is padding that nobody needs to see.
    """

    __slots__ = ("_size", "at", "base", "chunk", "ended")

    def __init__(self, size: int = 0) -> None:
        self._size = size
        """Bytes of the stream, where the sender can leave some out; else 0."""
        self.chunk = b""
        self.at = 0
        self.base = 0
        """Offset of the chunk's first byte in the stream."""
        self.ended = False

    @property
    def offset(self) -> int:
        """Position in the stream, in bytes."""
        return self.base + self.at

    def block(self) -> Generator[None, bytes, bytes]:
        """The next 512 bytes; `b""` when the stream ends before them.

        Raises:
            InputError: the stream ends inside the block.
        """
        while self.at >= len(self.chunk):
            if self.ended:
                return b""
            yield from self._next()
        return (yield from self.take(BLOCK))

    def take(self, count: int) -> Generator[None, bytes, bytes]:
        """The next `count` bytes.

        Raises:
            InputError: the stream ends before them.
        """
        parts = [self.chunk[self.at : self.at + count]]
        left = count - len(parts[0])
        self.at += len(parts[0])
        while left:
            yield from self._more(left)
            parts.append(self.chunk[:left])
            self.at = len(parts[-1])
            left -= self.at
        return b"".join(parts)

    def digest(
        self, count: int, before: bytes = b"", watch: Callable[[memoryview], None] | None = None
    ) -> Generator[None, bytes, bytes]:
        """xxh3-128 of `before` and the next `count` bytes, which are passed over.

        `watch` is called with these bytes, part by part, at least once.

        Raises:
            InputError: the stream ends before them.
        """
        state = xxhash.xxh3_128(before)
        part = memoryview(self.chunk)[self.at : self.at + count]
        state.update(part)
        if watch is not None:
            watch(part)
        self.at += len(part)
        left = count - len(part)
        while left:
            yield from self._more(left)
            part = memoryview(self.chunk)[:left]
            state.update(part)
            if watch is not None:
                watch(part)
            self.at = len(part)
            left -= len(part)
        return state.digest()

    def skip(self, count: int) -> Generator[None, bytes, None]:
        """Pass over `count` bytes.

        Raises:
            InputError: the stream ends before them.
        """
        left = count - max(0, min(count, len(self.chunk) - self.at))
        self.at += count - left
        while left:
            yield from self._more(left)
            self.at = min(left, len(self.chunk))
            left -= self.at

    def is_far(self, count: int) -> bool:
        """Whether the sender can leave out a good part of the next `count` bytes.

        A byte behind them is read in any case: a stream that is cut off is found out.
        """
        return self.at + count - len(self.chunk) >= _LEAP and self.offset + count < self._size

    def leap(self, count: int) -> Generator[int, bytes, None]:
        """Pass over `count` bytes that are far: yields how many the sender has to leave out."""
        beyond = self.at + count - len(self.chunk)
        self.base += self.at + count
        self.at = 0
        self.chunk = yield beyond
        self.ended = not self.chunk

    def rest(self) -> Generator[None, bytes, int]:
        """Read to the end; the number of bytes that were left, up to the last one that is not zero."""
        start, last = self.offset, 0
        while True:
            used = len(self.chunk[self.at :].rstrip(b"\0"))
            if used:
                last = self.offset + used - start
            if self.ended:
                return last
            yield from self._next()

    def _next(self) -> Generator[None, bytes, None]:
        self.at = max(0, self.at - len(self.chunk))
        self.base += len(self.chunk)
        self.chunk = yield
        self.ended = not self.chunk

    def _more(self, missing: int) -> Generator[None, bytes, None]:
        if not self.ended:
            yield from self._next()
        if self.ended:
            raise InputError(
                "tar-truncated",
                f"the tar ends at offset {self.offset:,}, {missing:,} bytes before the end of an entry",
                "the layer is cut off or damaged: save or pull the image again",
            )
