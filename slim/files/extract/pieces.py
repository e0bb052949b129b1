"""A file of which some parts are known, and how the parts are put together while it streams by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Buffer = bytes | bytearray | memoryview
Span = tuple[int, int]
"""First byte and the one after the last."""
_SMALL = 1 << 12
"""Parts below this many bytes are joined: hostile input comes in any number of them."""


class Pieces:
    """Bytes of a file by offset, where they are known."""

    __slots__ = ("_parts", "_starts", "size")

    def __init__(self, size: int, parts: Iterable[tuple[int, Buffer]]) -> None:
        """The parts are in order and do not overlap."""
        self.size = size
        """Bytes of the whole file."""
        self._parts = tuple(parts)
        self._starts = [begin for begin, _ in self._parts]

    @classmethod
    def whole(cls, data: Buffer) -> Pieces:
        """All of a file."""
        return cls(len(data), ((0, data),))

    def has(self, offset: int, count: int) -> bool:
        """Whether the file, known or not, is long enough."""
        return offset >= 0 and count >= 0 and offset + count <= self.size

    def read(self, offset: int, count: int) -> bytes | None:
        """Exactly `count` bytes; None when any of them is unknown or beyond the end."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or not self.has(offset, count):
            return None
        begin, part = self._parts[index]
        inside = part[offset - begin : offset - begin + count]
        if len(inside) == count:
            return bytes(inside)
        found: list[memoryview] = []
        at, end = offset, offset + count
        for number in range(index, len(self._parts)):
            begin, part = self._parts[number]
            if not begin <= at <= begin + len(part):
                return None
            found.append(memoryview(part)[at - begin : end - begin])
            at += len(found[-1])
            if at == end:
                return b"".join(found)
        return None

    def upto(self, offset: int, count: int) -> bytes | None:
        """`count` bytes, or as many as the file has there."""
        return self.read(offset, min(count, self.size - offset))


class Collector:
    """Keeps some spans of a file whose bytes are shown in order; only small parts are copied."""

    __slots__ = ("_at", "_kept", "_spans")

    def __init__(self, spans: Iterable[Span]) -> None:
        self._at = 0
        self._spans: list[Span] = []
        self._kept: list[tuple[int, Buffer]] = []
        for begin, end in sorted(spans):
            if self._spans and begin <= self._spans[-1][1]:
                first, last = self._spans[-1]
                self._spans[-1] = (first, max(last, end))
            else:
                self._spans.append((begin, end))

    def add(self, part: memoryview) -> None:
        """The next bytes; they must not change."""
        at, to = self._at, self._at + len(part)
        for begin, end in self._spans:
            if begin < to and end > at:
                self._keep(max(begin, at), part[max(begin - at, 0) : end - at])
        self._at = to

    def _keep(self, offset: int, part: memoryview) -> None:
        if len(part) >= _SMALL:
            self._kept.append((offset, part))
            return
        if self._kept:
            begin, last = self._kept[-1]
            if isinstance(last, bytearray) and begin + len(last) == offset:
                last += part
                return
        self._kept.append((offset, bytearray(part)))

    def pieces(self) -> Pieces:
        """What was kept, once all bytes have been shown."""
        return Pieces(self._at, self._kept)
