"""Digests of bytes as they come, computed in a thread beside the work that produces them, or on the spot."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from types import TracebackType

from slim.image import hashes

_IN_FLIGHT = 4
"""Chunks that may wait: bounds memory, and evens out the two sides."""


class Hasher:
    """A digest, `beside` in a thread of its own; the C code releases the interpreter lock for large updates.

    Use as a context manager: the thread ends with the block, whatever happens in it.
    """

    def __init__(self, algorithm: str, *, beside: bool = True) -> None:
        self._beside = beside
        self._state = hashes.new(algorithm, "a layer")
        self._algorithm = algorithm
        self._todo: SimpleQueue[bytes | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_IN_FLIGHT):
            self._room.put(None)
        self._thread = Thread(target=self._run, name="slim-hash", daemon=True)

    def __enter__(self) -> Hasher:
        if self._beside:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._beside:
            self._todo.put(None)
            self._thread.join()

    def update(self, chunk: bytes) -> None:
        """Queue a chunk, waiting while too many are queued; without a thread, digest it."""
        if self._beside:
            self._room.get()
            self._todo.put(chunk)
        else:
            self._state.update(chunk)

    def digest(self) -> str:
        """`algorithm:hex`, after the block has ended."""
        return f"{self._algorithm}:{self._state.hexdigest()}"

    def _run(self) -> None:
        while (chunk := self._todo.get()) is not None:
            self._state.update(chunk)
            self._room.put(None)
