"""What a layer deletes, and the warnings about it: where engines differ, or its author was mistaken."""

from __future__ import annotations

from slim.files.overlay.columns import Columns
from slim.files.table import ROOT, LayerTable, LayerWarning


class LayerNotes:
    """Of the layer that is being applied; rows are those of the image."""

    def __init__(self, columns: Columns, table: LayerTable) -> None:
        self._columns = columns
        self._base = len(columns.name)
        self.known = {id: LayerWarning(n.text, n.path, n.count) for id, n in table.warnings.items()}
        """By warning id: those that the walk over its tar has made, and those of the overlay."""
        self.whiteouts: dict[tuple[int, bytes], int] = {}
        """(directory, name) → row of the whiteout."""
        self.opaques: dict[int, int] = {}
        """Directory → row of its opaque marker."""
        self.wiped: dict[tuple[int, bytes], tuple[int, int]] = {}
        """(directory, name) of each directory that was deleted → (file names, bytes) that went."""

    def note(self, id: str, row: int, text: str) -> None:
        """Record a warning: the first row stands for all."""
        known = self.known.get(id)
        if known is not None:
            known.count += 1
            return
        columns = self._columns
        path = columns.path_of(columns.directory[row], columns.name[row])
        self.known[id] = LayerWarning(text, path)

    def duplicate(self, row: int) -> None:
        """A path has a second entry, or something of the layer's own in its way."""
        self.note("duplicate-entry", row, "a path twice in one layer: the last one counts")

    def added(self, place: int, name: bytes, row: int) -> None:
        """A name comes that the layer's own whiteout may have hidden."""
        if row < self.whiteouts.get((place, name), -1):
            text = "a whiteout after an entry of its own layer: docker cannot unpack it"
            self.note("whiteout-after-add", row, text)

    def directory_added(self, place: int, name: bytes, row: int) -> None:
        """A directory comes that the layer may have deleted."""
        if (place, name) not in self.wiped or place in self.opaques:
            return
        files, size = self.wiped[place, name]
        if files:
            self.note(
                "whiteout-dir-readd",
                row,
                f"a directory deleted and made again in one layer: overlay engines show its"
                f" {files:,} old files ({size:,} bytes) again",
            )

    def parent_added(self, parent: int, row: int) -> None:
        """A directory comes without an entry of its own, in `parent`: an opaque one may be above."""
        while parent >= ROOT and self.opaques:
            if self.opaques.get(parent, -1) > row:
                self.note(
                    "missing-parents-opaque",
                    row,
                    "files below an opaque directory without entries for their own:"
                    " some engines lose them",
                )
                return
            parent = self._columns.dir_parent[parent]
