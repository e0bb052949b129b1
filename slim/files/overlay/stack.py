"""The order in which a layer is applied: first what it deletes of the layers below, then its own entries."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import compress

from msgspec.structs import replace

from slim.files.overlay.collisions import find_collisions
from slim.files.overlay.columns import HIDDEN
from slim.files.overlay.links import HardLinks
from slim.files.overlay.names import NameTree
from slim.files.simple_directories import NOT_SIMPLE, clashes
from slim.files.table import ROOT, Fate, Files, Kind, LayerTable, mask, runs

# As numbers: looking up a member of an enum takes longer than what is done with it.
_FILE, _HARDLINK, _DIRECTORY, _WHITEOUT, _OPAQUE, _OTHER = map(
    int, (Kind.FILE, Kind.HARDLINK, Kind.DIRECTORY, Kind.WHITEOUT, Kind.OPAQUE, Kind.OTHER)
)
_LIVE, _DELETED, _ORPHAN = map(int, (Fate.LIVE, Fate.DELETED, Fate.ORPHAN))


def resolve(tables: Sequence[LayerTable | None]) -> Files:
    """Put layers on top of each other; None stands for a layer whose contents are unknown."""
    names = NameTree()
    columns = names.columns
    for layer, table in enumerate(tables):
        applied = _Layer(names, layer, table if table is not None else LayerTable())
        applied.apply()
        columns.starts.append(len(columns.name))
        columns.warnings += [
            (layer, id, warning) for id, warning in sorted(names.notes.known.items())
        ]
    collisions = find_collisions(columns.children, columns.path_of)
    if collisions is not None:
        columns.warnings.append((-1, "case-collision", collisions))
    return columns.freeze()


class _Layer:
    """A layer on its way onto the names of the layers below."""

    def __init__(self, names: NameTree, layer: int, table: LayerTable) -> None:
        names.begin(layer, table)
        self._names = names
        self._columns = names.columns
        self._notes = names.notes
        self._table = table
        none = array("i", [NOT_SIMPLE]) * len(table.dirs)
        simple = table.simple or none
        self._clashes = simple == none and clashes(table, simple)
        self._places, self._whole = names.columns.place(table, none if self._clashes else simple)
        """The directories of the layer in the image; 1 for those in which all names are new."""
        names.columns.append(table, self._places)
        self._links = HardLinks(names)
        self._blocked: list[int] = []
        """Directories below a link or file of a lower layer that only whiteouts need."""

    def apply(self) -> None:
        """Put the layer on top."""
        self._hide_lower()
        self._add(self._settle())
        self._unblock()

    def _hide_lower(self) -> None:
        """Whiteouts and opaque markers: they act on what the layers below have left."""
        table, notes, base = self._table, self._notes, self._names.base
        marks = mask(table.kind, _WHITEOUT, _OPAQUE, _OTHER)
        for at in compress(range(len(table)), marks) if 1 in marks else ():
            kind, row, place = table.kind[at], base + at, self._places[table.directory[at]]
            self._columns.shown[row] = 0
            if kind == _OTHER or place == HIDDEN:
                continue
            if kind == _OPAQUE:
                notes.opaques[place] = row
            else:
                notes.whiteouts[place, table.name[at]] = row
            if not self._reach(place):
                notes.note("whiteout-noop", row, "a whiteout of something that is not there")
            elif kind == _OPAQUE:
                self._opaque(place, row)
            else:
                self._whiteout(place, table.name[at], row)

    def _whiteout(self, place: int, name: bytes, row: int) -> None:
        target = self._columns.children[place].pop(name, None)
        if target is None:
            self._notes.note("whiteout-noop", row, "a whiteout of something that is not there")
        elif target >= 0:
            self._names.end(target, _DELETED)
        else:
            gone = self._notes.wiped[place, name] = self._names.remove(~target)
            self._columns.hid[row] = gone[1]

    def _opaque(self, place: int, row: int) -> None:
        if place == ROOT:
            text = "an opaque root hides everything: overlay engines ignore it"
            self._notes.note("root-opaque", row, text)
        below, self._columns.children[place] = self._columns.children[place], {}
        for name, target in below.items():
            if target >= 0:
                self._names.end(target, _DELETED)
            else:
                self._notes.wiped[place, name] = self._names.remove(~target)

    def _reach(self, place: int) -> bool:
        """Whether a whiteout's directory is in the tree."""
        columns = self._columns
        if columns.linked[place]:
            return True
        top = self._names.missing(place)[-1]
        if columns.dir_name[top] in columns.children[columns.dir_parent[top]]:
            self._blocked.append(top)
        return False

    def _unblock(self) -> None:
        """A whiteout below a lower link or file makes it a directory, unless the layer has its own."""
        columns = self._columns
        for top in self._blocked:
            before = columns.children[columns.dir_parent[top]].get(columns.dir_name[top])
            if before is not None and 0 <= before < self._names.base:
                self._names.link(top, -1)

    def _settle(self) -> bytearray | None:
        """Where a layer has a directory in the place of a file of its own: which rows remain.

        Such a file must not hide anything of the lower layers on its way to be replaced, so the layer
        is first applied to an empty tree. None for nearly all layers: every row may be applied.
        """
        if not self._clashes:
            return None
        table, columns, base = self._table, self._columns, self._names.base
        empty = NameTree()
        _Layer(empty, 0, replace(table, warnings={}))._add(None)
        alone = empty.columns
        remains = bytearray(b"\1" * len(table))
        for at, (kind, fate) in enumerate(zip(alone.kind, alone.fate, strict=True)):
            if kind < _WHITEOUT and not alone.shown[at] and fate != _ORPHAN:
                remains[at] = 0
                columns.shown[base + at] = 0
                columns.fate[base + at] = fate
                columns.ended_by[base + at] = -1 if fate == _LIVE else self._names.layer
            if kind != table.kind[at]:
                columns.kind[base + at] = kind
                if at in alone.links:
                    columns.links[base + at] = alone.links[at]
        columns.body.update((base + at, base + body) for at, body in alone.body.items())
        self._names.left.update((base + body, left) for body, left in empty.left.items())
        for id in ("duplicate-entry", "child-of-file"):
            if id in empty.notes.known:
                self._notes.known[id] = empty.notes.known[id]
        return remains

    def _add(self, remains: bytearray | None) -> None:
        """The layer's own entries, in order; those that `remains` is 0 for are dead already."""
        table, base, whole = self._table, self._names.base, self._whole
        kinds, homes, names = table.kind, table.directory, table.name
        note = self._columns.children.note
        added = changed = 0
        for first, last in runs(kinds, homes):
            kind, home = kinds[first], homes[first]
            place = self._places[home]
            if whole[home]:
                note(place, range(base + first, base + last))
                added += last - first if kind == _FILE else 0
                continue
            if kind >= _WHITEOUT:
                continue
            if kind == _FILE and remains is None:
                done = self._add_files(place, first, last)
                if done is not None:
                    added += done[0]
                    changed += done[1]
                    continue
            for at in range(first, last):
                if remains is not None and not remains[at]:
                    continue
                if place == HIDDEN:
                    self._links.orphan(base + at, table.path(at))
                    continue
                fresh, other = self._add_entry(kind, place, names[at], base + at)
                added += fresh
                changed += other
        self._columns.changes.append((added, changed, self._names.removed))

    def _add_files(self, place: int, first: int, last: int) -> tuple[int, int] | None:
        """Add a run of files at once, if each has a new name or that of a file of a lower layer.

        Returns how many of them are new and how many are changed; None where there is more to it.
        """
        if place == HIDDEN or self._notes.whiteouts:
            return None
        base = self._names.base
        if not self._columns.linked[place]:
            self._names.link(place, base + first)
        rows = range(base + first, base + last)
        fresh = dict(zip(self._table.name[first:last], rows, strict=True))
        below = self._columns.children[place]
        known = below.keys() & fresh.keys()
        if len(fresh) < len(rows) or not self._names.replace(
            [(below[name], fresh[name]) for name in known]
        ):
            return None
        below.update(fresh)
        return len(rows) - len(known), len(known)

    def _add_entry(self, kind: int, place: int, name: bytes, row: int) -> tuple[bool, bool]:
        """Add one entry; whether it is a regular file's name that is new, and one that was changed."""
        if not name:
            return False, False  # the root's own entry
        if kind == _HARDLINK and not self._links.resolve(row, place, name):
            return False, False
        if not self._columns.linked[place]:
            self._names.link(place, row)
        self._notes.added(place, name, row)
        if kind == _DIRECTORY:
            self._names.put_directory(place, name, row)
            return False, False
        return self._names.put(place, name, row)
