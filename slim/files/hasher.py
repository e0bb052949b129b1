"""Digests computed beside the work that produces the bytes."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from types import TracebackType

from slim.image import hashes

_IN_FLIGHT = 4
"""Chunks that may wait: bounds memory, and evens out the two sides."""


class Hasher:
    """A digest in a thread of its own; the C code releases the interpreter lock for large updates.

    Use as a context manager: the thread ends with the block, whatever happens in it.
    """

    def __init__(self, algorithm: str) -> None:
        self._state = hashes.new(algorithm, "a layer")
        self._algorithm = algorithm
        self._todo: SimpleQueue[bytes | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_IN_FLIGHT):
            self._room.put(None)
        self._thread = Thread(target=self._run, name="slim-hash", daemon=True)

    def __enter__(self) -> Hasher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._todo.put(None)
        self._thread.join()

    def update(self, chunk: bytes) -> None:
        """Queue a chunk; waits while too many are queued."""
        self._room.get()
        self._todo.put(chunk)

    def digest(self) -> str:
        """`algorithm:hex`, after the block has ended."""
        return f"{self._algorithm}:{self._state.hexdigest()}"

    def _run(self) -> None:
        while (chunk := self._todo.get()) is not None:
            self._state.update(chunk)
            self._room.put(None)
