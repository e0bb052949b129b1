"""Where slim's processor time goes on one image, phase by phase.

    python -m tests.bench.phases IMAGE      a line of JSON: seconds of processor time by phase

The layers are read one after the other on one thread, each stage timed by itself; what follows is timed
inside a run of the whole. Timing each call costs some percent: these are shares, not totals.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hashlib import sha256
from time import thread_time
from typing import Any

import slim
from slim import pipeline
from slim.ecosystems import KEEPS
from slim.files.opening import open_any
from slim.files.table import LayerTable
from slim.files.tar import walk
from slim.image.model import Blob
from slim.image.ref import ImageRef
from slim.limits import DEFAULT_LIMITS
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import inflate

PHASES = ("read", "inflate", "hash", "walk", "extract", "overlay", "advice", "report")
_LATER = {"resolve": "overlay", "account": "overlay", "_advise": "advice", "_report": "report"}
"""Functions that the pipeline calls once, and the phase that each belongs to."""


class Clock:
    """Seconds of processor time by phase, each without the phases that it contains."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = 0.0

    def timed(self, phase: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def run(*words: Any, **named: Any) -> Any:
            start, before, self._inside = thread_time(), self._inside, 0.0
            try:
                return call(*words, **named)
            finally:
                spent = thread_time() - start
                self.seconds[phase] += spent - self._inside
                self._inside = before + spent

        return run


def read(blob: Blob, clock: Clock) -> None:
    """Time what is done with the bytes of one blob."""
    chunks = iter(blob.chunks())
    step = clock.timed("read", next)

    first = step(chunks, b"")
    compression = sniff(first[:6])
    raw, tar = sha256(first), sha256()
    walkers = {}
    for phase, extract in (("walk", False), ("extract", True)):
        walker = walk(LayerTable(blob_bytes=blob.size), extract=extract, keeps=KEEPS)
        next(walker)
        walkers[phase] = clock.timed(phase, walker.send)
    hashing = clock.timed("hash", lambda state, data: state.update(data))

    def hashed() -> Iterator[bytes]:
        yield first
        while chunk := step(chunks, b""):
            hashing(raw, chunk)
            yield chunk

    marks = Marks()
    with closing(inflate(hashed(), compression, marks, DEFAULT_LIMITS)) as pieces:
        produce = clock.timed("inflate", next)
        while piece := produce(pieces, b""):
            if compression != "none":
                hashing(tar, piece)
            for send in walkers.values():
                send(piece)
    for send in walkers.values():
        with suppress(StopIteration):
            send(b"")


def phases(path: str) -> dict[str, float]:
    """Seconds by phase; `extract` is what a walk that keeps contents takes longer."""
    clock = Clock()
    with open_any(ImageRef(path)) as image:
        for layer in image.layers:
            if layer.blob is not None:
                read(layer.blob, clock)
    clock.seconds["extract"] -= clock.seconds["walk"]
    for name, phase in _LATER.items():
        setattr(pipeline, name, clock.timed(phase, getattr(pipeline, name)))
    slim.analyze(path)
    return {phase: round(clock.seconds[phase], 3) for phase in PHASES}


if __name__ == "__main__":
    print(json.dumps(phases(sys.argv[1])))
