"""Memory that is free goes back to the system, so that the next step of a repacking has it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable

from slim.files.table import Files, LayerTable

_MMAP_THRESHOLD = -3
"""Of mallopt(3)."""


def forget_contents(files: Files, tables: Iterable[LayerTable | None]) -> None:
    """Let go of what was kept of files' contents, and of each file's part of the pull, which the ledger has:
    no step after the advice asks for it."""
    files.digests.clear()
    for table in tables:
        if table is not None:
            del table.pull[:]
    for each in (files, *tables):
        if each is not None:
            for kept in (each.texts, each.elfs, each.beams, each.archives, each.flags):
                kept.clear()


def return_free_memory() -> None:
    """Ask the C library for it: glibc keeps what other threads have freed, and uses it only for them.

    Where the library has no such call nothing happens.
    """
    _call("malloc_trim", 0)


def return_large_blocks() -> None:
    """Have the C library give back each block of 4 MiB and more as soon as it is free.

    Compressors of many sizes, one after the other on several threads, take twice the memory otherwise.
    """
    _call("mallopt", _MMAP_THRESHOLD, 4 << 20)


def _call(name: str, *numbers: int) -> None:
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*numbers)
