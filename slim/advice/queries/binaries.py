"""Queries about what stripping would take from programs, libraries and BEAM modules [pure].

These are transformations: the file stays and gets smaller. Sizes are those of the sections and chunks.
"""

from __future__ import annotations

from slim.files.extract.found import RELOCATABLE, SHARED
from slim.files.table import Fate, Files
from slim.rules.match import QueryResult


def debug_sections(files: Files) -> QueryResult:
    """What `strip --strip-debug` removes; files that are nothing but debugging information are whole."""
    parts = {
        row: elf.debug_bytes
        for row, elf in files.elfs.items()
        if elf.debug_bytes and not elf.debug_file and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))


def symbol_tables(files: Files) -> QueryResult:
    """What `strip --strip-all` removes besides; object files and kernel modules need theirs."""
    parts = {
        row: elf.symtab_bytes
        for row, elf in files.elfs.items()
        if elf.symtab_bytes
        and elf.type != RELOCATABLE
        and not (elf.type == SHARED and elf.debug_file)
        and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))


def beam_chunks(files: Files) -> QueryResult:
    """The chunks that `mix release` leaves out with `strip_beams: true`."""
    parts = {
        row: beam.strip_bytes
        for row, beam in files.beams.items()
        if beam.strip_bytes and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))
