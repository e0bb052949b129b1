"""The table of contents of an eStargz layer against the layer's own entries.

To an engine without eStargz the table is a file of the layer; one that pulls lazily reads names and
contents by it instead of by the tar ("TOCEntry SHOULD be respected", stargz-snapshotter
docs/estargz.md). A table that says something else is a filesystem that nobody has looked at.
"""

from __future__ import annotations

import hashlib

from slim.files.table import ROOT, LayerTable
from slim.files.toc_check import LANDMARKS, MAX_BYTES, TOC, hold_against


class Contents:
    """Takes the bytes of the table of contents as they go by."""

    def __init__(self) -> None:
        self._state = hashlib.sha256()
        self._parts: list[bytes] = []
        self._size = 0

    def watch(self, part: memoryview) -> None:
        """The next bytes."""
        self._state.update(part)
        self._size += len(part)
        if self._size <= MAX_BYTES:
            self._parts.append(bytes(part))

    @property
    def digest(self) -> str:
        """As the annotation has it."""
        return f"sha256:{self._state.hexdigest()}"

    def note(self, table: LayerTable) -> None:
        """Add to the table's warnings what there is to say, once all of its rows are there."""
        table.toc_digest = self.digest
        own = [row for row in range(len(table)) if _is_own(table, row)]
        extra = sum(table.size[row] for row in own)
        table.note("estargz", TOC, f"eStargz: {extra:,} bytes are files that only lazy pulls use")
        if self._size > MAX_BYTES:
            text = f"the table of contents has {self._size:,} bytes: not compared with the tar"
            table.note("toc-mismatch", TOC, text)
            return
        hold_against(table, b"".join(self._parts), TOC, set(own))


def _is_own(table: LayerTable, row: int) -> bool:
    return table.directory[row] == ROOT and (table.name[row] in LANDMARKS or table.name[row] == TOC)
