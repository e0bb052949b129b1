"""Queries about what stripping would take from programs and libraries.

These are transformations: the file stays and gets smaller. Sizes are those of the sections.
"""

from __future__ import annotations

from slim.ecosystems.model import Subject
from slim.files.extract.found import RELOCATABLE, SHARED
from slim.files.table import Fate
from slim.rules.match import QueryResult


def debug_sections(subject: Subject) -> QueryResult:
    """What `strip --strip-debug` removes; files that are nothing but debugging information are whole."""
    files = subject.files
    parts = {
        row: elf.debug_bytes
        for row, elf in files.elfs.items()
        if elf.debug_bytes and not elf.debug_file and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))


def symbol_tables(subject: Subject) -> QueryResult:
    """What `strip --strip-all` removes besides; object files and kernel modules need theirs."""
    files = subject.files
    parts = {
        row: elf.symtab_bytes
        for row, elf in files.elfs.items()
        if elf.symtab_bytes
        and elf.type != RELOCATABLE
        and not (elf.type == SHARED and elf.debug_file)
        and files.fate[row] == Fate.LIVE
    }
    return QueryResult(parts=dict(sorted(parts.items())))
