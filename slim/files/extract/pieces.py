"""A file of which some parts are known, and how the parts are put together while it streams by."""

from __future__ import annotations

from collections.abc import Iterable

Buffer = bytes | bytearray | memoryview
Span = tuple[int, int]
"""First byte and the one after the last."""


class Pieces:
    """Bytes of a file by offset, where they are known."""

    __slots__ = ("_parts", "size")

    def __init__(self, size: int, parts: Iterable[tuple[int, Buffer]]) -> None:
        self.size = size
        """Bytes of the whole file."""
        self._parts = tuple(parts)

    @classmethod
    def whole(cls, data: Buffer) -> Pieces:
        """All of a file."""
        return cls(len(data), ((0, data),))

    def has(self, offset: int, count: int) -> bool:
        """Whether the file, known or not, is long enough."""
        return offset >= 0 and count >= 0 and offset + count <= self.size

    def read(self, offset: int, count: int) -> bytes | None:
        """Exactly `count` bytes; None when any of them is unknown or beyond the end."""
        if not self.has(offset, count):
            return None
        for begin, part in self._parts:
            if begin <= offset and offset + count <= begin + len(part):
                start = offset - begin
                return bytes(memoryview(part)[start : start + count])
        return None

    def upto(self, offset: int, count: int) -> bytes | None:
        """`count` bytes, or as many as the file has there."""
        return self.read(offset, min(count, self.size - offset))


class Collector:
    """Keeps some spans of a file whose bytes are shown in order."""

    __slots__ = ("_at", "_kept")

    def __init__(self, spans: Iterable[Span]) -> None:
        self._at = 0
        self._kept: list[tuple[int, int, bytearray]] = []
        for begin, end in sorted(spans):
            if self._kept and begin <= self._kept[-1][1]:
                first, last, kept = self._kept[-1]
                self._kept[-1] = (first, max(last, end), kept)
            else:
                self._kept.append((begin, end, bytearray()))

    def add(self, part: memoryview) -> None:
        """The next bytes."""
        at, to = self._at, self._at + len(part)
        for begin, end, kept in self._kept:
            if begin < to and end > at:
                kept.extend(part[max(begin - at, 0) : end - at])
        self._at = to

    def pieces(self) -> Pieces:
        """What was kept, once all bytes have been shown."""
        return Pieces(self._at, ((begin, kept) for begin, _, kept in self._kept))
