"""Images from a pipe, compared with the same from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import msgspec

import slim


@contextmanager
def pipe(data: bytes) -> Iterator[str]:
    """A path at which the bytes can be read once."""
    reader, writer = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError), open(writer, "wb") as file:
            file.write(data)

    thread = Thread(target=feed)
    thread.start()
    try:
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)
        thread.join()


def of_pipe(data: bytes, prefix: str = "", **options: Any) -> slim.Report:
    with pipe(data) as path:
        return slim.analyze(prefix + path, **options)


def alike(report: slim.Report, other: slim.Report) -> None:
    """Equal but for how the input is called."""
    same = msgspec.structs.replace(other.source, input=report.source.input)
    assert msgspec.structs.replace(other, source=same) == report
