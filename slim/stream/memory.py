"""How much memory decompressors may hold together: those that need much take turns.

A zstd frame asks for a window, 8 MiB at the usual levels and 128 MiB at most by default. Without a common
bound as many such windows would be open as layers are read at once.
"""

from __future__ import annotations

from threading import Condition

SHARED = 128 << 20
"""Bytes that decompressors of one run hold together: one of the largest windows, or many usual ones."""


class Memory:
    """Bytes shared by threads; each thread holds at most one share at a time, so that none waits forever."""

    def __init__(self, size: int = SHARED) -> None:
        self._size = size
        self._held = 0
        self._changed = Condition()

    def take(self, count: int) -> None:
        """Wait until `count` bytes are free; what is larger than all memory waits until it is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held or self._held + count <= self._size)
            self._held += count

    def give_back(self, count: int) -> None:
        """Let others have what was taken."""
        with self._changed:
            self._held -= count
            self._changed.notify_all()
