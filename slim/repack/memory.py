"""Memory that is free goes back to the system, so that the next step of a repacking has it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable

from slim.files.table import Files, LayerTable


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
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
