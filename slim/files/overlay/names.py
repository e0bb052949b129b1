"""The names that are live while layers are applied, and the fate of the rows behind those that go.

One mutable tree of names is kept, `children[directory][name]`, with a row for a file and `~directory` for a
directory. Removing a directory visits what is in it, and a name is removed at most once after it was added:
all work is linear in the entries, however many whiteouts there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from slim.files.overlay.columns import Columns
from slim.files.overlay.notes import LayerNotes
from slim.files.table import Fate, Kind, LayerTable

# As numbers: looking up a member of an enum takes longer than what is done with it.
_FILE, _HARDLINK, _SYMLINK = map(int, (Kind.FILE, Kind.HARDLINK, Kind.SYMLINK))
_REWRITTEN, _METADATA_ONLY, _DELETED, _DUPLICATE_ENTRY = map(
    int, (Fate.REWRITTEN, Fate.METADATA_ONLY, Fate.DELETED, Fate.DUPLICATE_ENTRY)
)


class NameTree:
    """The tree of names, in columns that grow with each layer. Rows are those of the image."""

    def __init__(self) -> None:
        self.columns = Columns()
        self.left: dict[int, int] = {}
        """Bodies with hard links → names that still show them."""
        # Of the layer that is being applied:
        self.layer = self.base = self.removed = 0
        self.notes = LayerNotes(self.columns, LayerTable())
        self._over: dict[int, int] = {}
        """Row to the row of a lower layer that it replaced."""

    def begin(self, layer: int, table: LayerTable) -> None:
        """A layer is next: its rows come on top of those that are there."""
        self.layer, self.base, self.removed = layer, len(self.columns.name), 0
        self.notes = LayerNotes(self.columns, table)
        self._over = {}

    def link(self, place: int, row: int) -> None:
        """Put a directory in the tree, with its parents; what is in their way goes.

        `row` is the entry that needs it; -1 for a whiteout, which makes directories, too.
        """
        columns = self.columns
        for directory in reversed(self.missing(place)):
            parent, name = columns.dir_parent[directory], columns.dir_name[directory]
            before = columns.children[parent].get(name)
            if before is not None:
                if columns.kind[before] == _SYMLINK:
                    self.notes.note(
                        "write-through-symlink",
                        before,
                        "an entry below a symbolic link of a lower layer: it becomes a directory",
                    )
                else:
                    self.notes.note(
                        "child-of-file", before, "an entry below a file, which becomes a directory"
                    )
                self.end(before, self._deleted(before))
            columns.children[parent][name] = ~directory
            columns.linked[directory] = 1
            columns.dir_row[directory] = -1
            if row >= 0:
                self.notes.directory_added(parent, name, row)
                self.notes.added(parent, name, row)
                self.notes.parent_added(parent, row)

    def missing(self, place: int) -> list[int]:
        """The directory and its parents that are not in the tree, innermost first."""
        chain = []
        while not self.columns.linked[place]:
            chain.append(place)
            place = self.columns.dir_parent[place]
        return chain

    def put(self, place: int, name: bytes, row: int) -> tuple[bool, bool]:
        """A file or link gets a name in a directory that is in the tree.

        Returns whether it is a regular file's name that is new, and one that was there in a lower layer.
        """
        columns = self.columns
        below = columns.children[place]
        before = below.get(name)
        below[name] = row
        regular = columns.kind[row] <= _HARDLINK
        if before is None:
            return regular, False
        if before < 0:
            self.remove(~before)
            return regular, False
        was_regular = columns.kind[before] <= _HARDLINK
        self.removed += was_regular and not regular and before < self.base
        self.end(before, self._how(before, row), replaced=True)
        self._replace(before, row)
        return regular and not was_regular, regular and was_regular and before < self.base

    def replace(self, pairs: Sequence[tuple[int, int]]) -> bool:
        """Files of lower layers are replaced by files of the layer: (row, row of the newer one).

        Nothing is done, and False returned, if any of them is something else, or has hard links.
        """
        columns = self.columns
        for before, _ in pairs:
            if not 0 <= before < self.base or columns.kind[before] != _FILE or before in self.left:
                return False
        for before, row in pairs:
            columns.shown[before] = 0
            columns.fate[before] = self._how(before, row)
            columns.ended_by[before] = self.layer
            self._over[row] = before
        return True

    def put_directory(self, place: int, name: bytes, row: int) -> None:
        """A directory gets a name, or another entry that describes it."""
        columns = self.columns
        own = columns.dir_ids[place, name]
        before = columns.children[place].get(name)
        if before is not None and before >= 0:
            self.end(before, self._deleted(before))
        elif before is not None and columns.dir_row[own] >= 0:
            # Attributes are merged; the newer entry is the one that describes the directory.
            older = columns.dir_row[own]
            columns.shown[older] = 0
            columns.fate[older] = _METADATA_ONLY
            if older >= self.base:
                columns.fate[older] = self._deleted(older)
            columns.ended_by[older] = self.layer
        columns.children[place][name] = ~own
        columns.linked[own] = 1
        columns.dir_row[own] = row
        self.notes.directory_added(place, name, row)

    def remove(self, directory: int) -> tuple[int, int]:
        """Take a directory out of the tree with all that is below; (file names, bytes) that went."""
        columns = self.columns
        files = size = 0
        pending = [directory]
        while pending:
            directory = pending.pop()
            columns.linked[directory] = 0
            entry = columns.dir_row[directory]
            if entry >= 0:
                columns.shown[entry] = 0
                columns.fate[entry] = self._deleted(entry)
                columns.ended_by[entry] = self.layer
            below, columns.children[directory] = columns.children[directory], {}
            for target in below.values():
                if target < 0:
                    pending.append(~target)
                    continue
                files += columns.kind[target] <= _HARDLINK
                size += columns.size[target]
                self.end(target, self._deleted(target))
        return files, size

    def end(self, row: int, how: int, *, replaced: bool = False) -> None:
        """A name goes. Its bytes go with the last of the names that show them."""
        columns = self.columns
        columns.shown[row] = 0
        columns.ended_by[row] = self.layer
        kind = columns.kind[row]
        if kind <= _HARDLINK and not replaced and row < self.base:
            self.removed += 1
        body = row if kind != _HARDLINK else columns.body.get(row, row)
        left = self.left.get(body)
        if kind == _HARDLINK:
            columns.fate[row] = how
        if left is not None:
            self.left[body] = left - 1
            if left > 1:
                if body == row:
                    columns.ended_by[row] = -1
                return
        if body < self.base and how == _DUPLICATE_ENTRY:
            how = _REWRITTEN
        columns.fate[body] = how
        columns.ended_by[body] = self.layer

    def _replace(self, before: int, row: int) -> None:
        """What a layer hides is judged by its last entry of a path, which `row` is so far.

        `before` has just been replaced. Where it is of the layer itself and had replaced a lower
        one, that one's class is decided anew.
        """
        lower = before if before < self.base else self._over.pop(before, -1)
        if lower < 0:
            return
        self._over[row] = lower
        if before >= self.base:
            columns = self.columns
            how = self._how(lower, row)
            for replaced in (lower, columns.body.get(lower, lower)):
                if columns.fate[replaced] and columns.ended_by[replaced] == self.layer:
                    columns.fate[replaced] = how

    def _deleted(self, row: int) -> int:
        """The class of a name that goes without a successor of its kind."""
        if row < self.base:
            return _DELETED
        self.notes.duplicate(row)
        return _DUPLICATE_ENTRY

    def _how(self, before: int, row: int) -> int:
        """The class of a name that a newer entry replaces."""
        if before >= self.base:
            self.notes.duplicate(row)
            return _DUPLICATE_ENTRY
        columns = self.columns
        old, new = columns.kind[before], columns.kind[row]
        if old <= _HARDLINK and new <= _HARDLINK:
            below, above = columns.body.get(before, before), columns.body.get(row, row)
            same = columns.size[below] == columns.size[above] and (
                columns.digests[below * 16 : below * 16 + 16]
                == columns.digests[above * 16 : above * 16 + 16]
            )
            return _METADATA_ONLY if same else _REWRITTEN
        if old != new:
            return _DELETED
        same = columns.links.get(before) == columns.links.get(row)
        return _METADATA_ONLY if same else _REWRITTEN
