"""Layers on top of each other: which rows the final filesystem shows, and which layer ended the others.

The semantics are those of the OCI image-spec (layer.md "Applying Changesets") on the overlay model:
whiteouts and opaque markers of a layer act on lower layers only, whatever their place in the tar; then
the layer's own entries go on top, in order, the last one of a path winning. Where the text is silent
the result is what overlay engines show in production, with a notice where engines differ.

One mutable tree of names is kept while layers are applied, `children[directory][name]`, with a row for a
file and `~directory` for a directory. Removing a directory visits what is in it, and a name is removed
at most once after it was added: all work is linear in the entries, however many whiteouts there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from slim.files.collisions import find_collisions
from slim.files.columns import HIDDEN, Columns
from slim.files.table import ROOT, Fate, Files, Kind, LayerNotice, LayerTable, mask, runs

_FILE, _HARDLINK, _SYMLINK, _DIRECTORY = Kind.FILE, Kind.HARDLINK, Kind.SYMLINK, Kind.DIRECTORY


def resolve(tables: Sequence[LayerTable | None]) -> Files:
    """Put layers on top of each other; None stands for a layer whose contents are unknown."""
    tree = _Tree()
    for layer, table in enumerate(tables):
        tree.apply(layer, table if table is not None else LayerTable())
    return tree.files()


class _Tree:
    """The state while layers are applied: columns so far, and the names that are live."""

    def __init__(self) -> None:
        self._all = Columns()
        self._names_left: dict[int, int] = {}
        """Bodies with hard links → names that still show them."""
        # Of the layer being applied:
        self._layer = self._base = self._removed = 0
        self._known: dict[str, LayerNotice] = {}
        self._whiteouts: dict[tuple[int, bytes], int] = {}
        self._opaques: dict[int, int] = {}
        self._wiped: dict[tuple[int, bytes], tuple[int, int]] = {}
        self._hidden: dict[tuple[bytes, bytes], int] = {}
        self._blocked: list[int] = []
        self._over: dict[int, int] = {}
        """Row to the row of a lower layer that it replaced."""

    def apply(self, layer: int, table: LayerTable) -> None:
        """Put one more layer on top."""
        self._layer, self._base, self._removed = layer, len(self._all.name), 0
        self._known = {id: LayerNotice(n.text, n.path, n.count) for id, n in table.notices.items()}
        self._whiteouts, self._opaques, self._wiped = {}, {}, {}
        self._hidden, self._over, self._blocked = {}, {}, []
        places = self._all.place(table)
        self._all.append(table, places)
        self._hide_lower(table, places)
        self._add(table, places, self._settle(table))
        self._unblock()
        self._all.starts.append(len(self._all.name))
        self._all.notices += [(layer, id, notice) for id, notice in sorted(self._known.items())]

    def files(self) -> Files:
        """The columns, frozen."""
        collisions = find_collisions(self._all.children, self._all.path_of)
        if collisions is not None:
            self._all.notices.append((-1, "case-collision", collisions))
        return self._all.freeze()

    def _hide_lower(self, table: LayerTable, places: list[int]) -> None:
        """Whiteouts and opaque markers: they act on what the layers below have left."""
        marks = mask(table.kind, Kind.WHITEOUT, Kind.OPAQUE, Kind.OTHER)
        for row in compress(range(len(table)), marks):
            kind = table.kind[row]
            self._all.shown[self._base + row] = 0
            place = places[table.directory[row]]
            if kind == Kind.OTHER or place == HIDDEN:
                continue
            if kind == Kind.OPAQUE:
                self._opaques[place] = row
            else:
                self._whiteouts[place, table.name[row]] = row
            if not self._reach(place):
                self._note("whiteout-noop", row, "a whiteout of something that is not there")
            elif kind == Kind.OPAQUE:
                self._opaque(place, row)
            else:
                self._whiteout(place, table.name[row], row)

    def _whiteout(self, place: int, name: bytes, row: int) -> None:
        target = self._all.children[place].pop(name, None)
        if target is None:
            self._note("whiteout-noop", row, "a whiteout of something that is not there")
        elif target >= 0:
            self._end(target, Fate.DELETED)
        else:
            gone = self._wiped[place, name] = self._remove(~target)
            self._all.hid[self._base + row] = gone[1]

    def _opaque(self, place: int, row: int) -> None:
        if place == ROOT:
            self._note(
                "root-opaque", row, "an opaque root hides everything: overlay engines ignore it"
            )
        below, self._all.children[place] = self._all.children[place], {}
        for name, target in below.items():
            if target >= 0:
                self._end(target, Fate.DELETED)
            else:
                self._wiped[place, name] = self._remove(~target)

    def _reach(self, place: int) -> bool:
        """Whether a whiteout's directory is in the tree."""
        if self._all.linked[place]:
            return True
        top = self._chain(place)[-1]
        if self._all.dir_name[top] in self._all.children[self._all.dir_parent[top]]:
            self._blocked.append(top)
        return False

    def _unblock(self) -> None:
        """A whiteout below a lower link or file makes it a directory, unless the layer has its own."""
        for top in self._blocked:
            before = self._all.children[self._all.dir_parent[top]].get(self._all.dir_name[top])
            if before is not None and 0 <= before < self._base:
                self._link(top, -1)

    def _settle(self, table: LayerTable) -> bytearray | None:
        """Where a layer has a directory in the place of a file of its own: which rows remain.

        Such a file must not hide anything of the lower layers on its way to be replaced, so the layer
        is first applied to an empty tree. None for nearly all layers: every row may be applied.
        """
        others = mask(table.kind, _FILE, _HARDLINK, _SYMLINK, Kind.DEVICE)
        names = {name for _, name, _ in table.dirs[1:]}.intersection(compress(table.name, others))
        keys = {(parent, name) for parent, name, _ in table.dirs[1:] if name in names}
        if not names or not any(
            name in names and (home, name) in keys
            for home, name in zip(
                compress(table.directory, others), compress(table.name, others), strict=True
            )
        ):
            return None
        alone = _Tree()
        alone._add_alone(table)
        remains = bytearray(b"\1" * len(table))
        for row, (kind, fate) in enumerate(zip(alone._all.kind, alone._all.fate, strict=True)):
            if kind < Kind.WHITEOUT and not alone._all.shown[row] and fate != Fate.ORPHAN:
                remains[row] = 0
                self._all.shown[self._base + row] = 0
                self._all.fate[self._base + row] = fate
                self._all.ended_by[self._base + row] = -1 if fate == Fate.LIVE else self._layer
            if kind != table.kind[row]:
                self._all.kind[self._base + row] = kind
                if row in alone._all.links:
                    self._all.links[self._base + row] = alone._all.links[row]
        for row, body in alone._all.body.items():
            self._all.body[self._base + row] = self._base + body
        for body, left in alone._names_left.items():
            self._names_left[self._base + body] = left
        for id in ("duplicate-entry", "child-of-file"):
            if id in alone._known:
                self._known[id] = alone._known[id]
        return remains

    def _add_alone(self, table: LayerTable) -> None:
        places = self._all.place(table)
        self._all.append(table, places)
        self._add(table, places, None)

    def _add(self, table: LayerTable, places: list[int], remains: bytearray | None) -> None:
        """The layer's own entries, in order; those that `remains` is 0 for are dead already."""
        kinds, homes, names = table.kind, table.directory, table.name
        added = changed = 0
        for first, last in runs(kinds, homes):
            kind, place = kinds[first], places[homes[first]]
            if kind >= Kind.WHITEOUT:
                continue
            if kind == _FILE and remains is None and self._add_files(place, names, first, last):
                added += last - first
                continue
            for row in range(first, last):
                if remains is not None and not remains[row]:
                    continue
                if place == HIDDEN:
                    self._orphan(self._base + row, table.path(row))
                    continue
                fresh, other = self._add_entry(kind, place, names[row], self._base + row)
                added += fresh
                changed += other
        self._all.changes.append((added, changed, self._removed))

    def _add_files(self, place: int, names: list[bytes], first: int, last: int) -> bool:
        """Add a run of files at once, if all their names are new in a directory, as nearly all are."""
        if place == HIDDEN or self._whiteouts:
            return False
        if not self._all.linked[place]:
            self._link(place, self._base + first)
        rows = range(self._base + first, self._base + last)
        fresh = dict(zip(names[first:last], rows, strict=True))
        below = self._all.children[place]
        if len(fresh) < len(rows) or not below.keys().isdisjoint(fresh):
            return False
        if below:
            below.update(fresh)
        else:
            self._all.children[place] = fresh
        return True

    def _add_entry(self, kind: int, place: int, name: bytes, row: int) -> tuple[bool, bool]:
        """Add one entry; whether it is a regular file's name that is new, and one that was changed."""
        if not name:
            return False, False  # the root's own entry
        if kind == _HARDLINK and not self._resolve_link(row, place, name):
            return False, False
        if not self._all.linked[place]:
            self._link(place, row)
        if (place, name) in self._whiteouts:
            self._check_whiteout(place, name, row)
        below = self._all.children[place]
        before = below.get(name)
        if kind == _DIRECTORY:
            self._add_directory(place, name, before, row)
            return False, False
        below[name] = row
        regular = self._all.kind[row] <= _HARDLINK
        if before is None:
            return regular, False
        if before < 0:
            self._remove(~before)
            return regular, False
        was_regular = self._all.kind[before] <= _HARDLINK
        self._removed += was_regular and not regular and before < self._base
        self._end(before, self._how(before, row), replaced=True)
        self._replace(before, row)
        return regular and not was_regular, regular and was_regular and before < self._base

    def _add_directory(self, place: int, name: bytes, before: int | None, row: int) -> None:
        own = self._all.dir_ids[place, name]
        if before is not None and before >= 0:
            self._end(before, self._deleted(before))
        elif before is not None and self._all.dir_row[own] >= 0:
            # Attributes are merged; the newer entry is the one that describes the directory.
            older = self._all.dir_row[own]
            self._all.shown[older] = 0
            self._all.fate[older] = Fate.METADATA_ONLY
            if older >= self._base:
                self._all.fate[older] = self._deleted(older)
            self._all.ended_by[older] = self._layer
        self._all.children[place][name] = ~own
        self._all.linked[own] = 1
        self._all.dir_row[own] = row
        if (place, name) in self._wiped:
            self._note_readded(place, name, row)

    def _link(self, place: int, row: int) -> None:
        """Put a directory in the tree, with its parents; what is in their way goes."""
        for directory in reversed(self._chain(place)):
            parent, name = self._all.dir_parent[directory], self._all.dir_name[directory]
            before = self._all.children[parent].get(name)
            if before is not None:
                if self._all.kind[before] == _SYMLINK:
                    self._note(
                        "write-through-symlink",
                        before - self._base,
                        "an entry below a symbolic link of a lower layer: it becomes a directory",
                    )
                else:
                    self._note(
                        "child-of-file",
                        before - self._base,
                        "an entry below a file, which becomes a directory",
                    )
                self._end(before, self._deleted(before))
            self._all.children[parent][name] = ~directory
            self._all.linked[directory] = 1
            self._all.dir_row[directory] = -1
            if row < 0:
                continue
            if (parent, name) in self._wiped:
                self._note_readded(parent, name, row)
            if (parent, name) in self._whiteouts:
                self._check_whiteout(parent, name, row)
            if self._opaques:
                self._check_opaque(parent, row)

    def _chain(self, place: int) -> list[int]:
        """The directory and its parents that are not in the tree, innermost first."""
        chain = []
        while not self._all.linked[place]:
            chain.append(place)
            place = self._all.dir_parent[place]
        return chain

    def _remove(self, directory: int) -> tuple[int, int]:
        """Take a directory out of the tree with all that is below; (file names, bytes) that went."""
        files = size = 0
        pending = [directory]
        while pending:
            directory = pending.pop()
            self._all.linked[directory] = 0
            entry = self._all.dir_row[directory]
            if entry >= 0:
                self._all.shown[entry] = 0
                self._all.fate[entry] = self._deleted(entry)
                self._all.ended_by[entry] = self._layer
            below, self._all.children[directory] = self._all.children[directory], {}
            for target in below.values():
                if target < 0:
                    pending.append(~target)
                    continue
                files += self._all.kind[target] <= _HARDLINK
                size += self._all.size[target]
                self._end(target, self._deleted(target))
        return files, size

    def _end(self, row: int, how: Fate, *, replaced: bool = False) -> None:
        """A name goes. Its bytes go with the last of the names that show them."""
        self._all.shown[row] = 0
        self._all.ended_by[row] = self._layer
        kind = self._all.kind[row]
        if kind <= _HARDLINK and not replaced and row < self._base:
            self._removed += 1
        body = row if kind != _HARDLINK else self._all.body.get(row, row)
        left = self._names_left.get(body)
        if kind == _HARDLINK:
            self._all.fate[row] = how
        if left is not None:
            self._names_left[body] = left - 1
            if left > 1:
                if body == row:
                    self._all.ended_by[row] = -1
                return
        if body < self._base and how == Fate.DUPLICATE_ENTRY:
            how = Fate.REWRITTEN
        self._all.fate[body] = how
        self._all.ended_by[body] = self._layer

    def _replace(self, before: int, row: int) -> None:
        """What a layer hides is judged by its last entry of a path, which `row` is so far.

        `before` has just been replaced. Where it is of the layer itself and had replaced a lower
        one, that one's class is decided anew.
        """
        lower = before if before < self._base else self._over.pop(before, -1)
        if lower < 0:
            return
        self._over[row] = lower
        if before >= self._base:
            how = self._how(lower, row)
            for one in (lower, self._all.body.get(lower, lower)):
                if self._all.fate[one] and self._all.ended_by[one] == self._layer:
                    self._all.fate[one] = how

    def _deleted(self, row: int) -> Fate:
        """The class of a name that goes without a successor of its kind."""
        if row < self._base:
            return Fate.DELETED
        self._note_duplicate(row)
        return Fate.DUPLICATE_ENTRY

    def _how(self, before: int, row: int) -> Fate:
        """The class of a name that a newer entry replaces."""
        if before >= self._base:
            self._note_duplicate(row)
            return Fate.DUPLICATE_ENTRY
        old, new = self._all.kind[before], self._all.kind[row]
        if old <= _HARDLINK and new <= _HARDLINK:
            one, other = self._all.body.get(before, before), self._all.body.get(row, row)
            same = self._all.size[one] == self._all.size[other] and (
                self._all.digests[one * 16 : one * 16 + 16]
                == self._all.digests[other * 16 : other * 16 + 16]
            )
            return Fate.METADATA_ONLY if same else Fate.REWRITTEN
        if old != new:
            return Fate.DELETED
        same = self._all.links.get(before) == self._all.links.get(row)
        return Fate.METADATA_ONLY if same else Fate.REWRITTEN

    def _resolve_link(self, row: int, place: int, name: bytes) -> bool:
        """Find the bytes of a hard link; False when there are none, and the entry is no file."""
        if row in self._all.body or self._all.kind[row] != _HARDLINK:
            return True
        above, _, last = self._all.links[row].rpartition(b"/")
        target = self._hidden.get((above, last))
        if target is None:
            home = self._find(above)
            found = self._all.children[home].get(last) if home is not None else None
            if found is None or found < 0 or (home, last) == (place, name):
                if home is not None and (home, last) in self._whiteouts:
                    id, text = "hardlink-to-whiteout", "a hard link to what its own layer deletes"
                else:
                    id, text = "broken-hardlink", "a hard link to nothing, or to a directory"
                self._note(id, row - self._base, f"{text}: engines fail")
                self._orphan(row, b"")
                return False
            target = found
        if target < self._base:
            self._note(
                "cross-layer-hardlink",
                row - self._base,
                "a hard link to a file of a lower layer: overlay engines cannot unpack it",
            )
        if self._all.kind[target] > _HARDLINK:
            # A link to a symbolic link or a device is one more of those.
            self._all.kind[row] = self._all.kind[target]
            if target in self._all.links:
                self._all.links[row] = self._all.links[target]
            return True
        body = self._all.body.get(target, target)
        self._all.body[row] = body
        # A body outside the tree has no name of its own.
        self._names_left[body] = self._names_left.get(body, int(self._all.shown[body])) + 1
        if self._all.fate[body] == Fate.ORPHAN:
            self._all.fate[body], self._all.ended_by[body] = Fate.LIVE, -1
        return True

    def _find(self, path: bytes) -> int | None:
        """Id of a directory that is in the tree."""
        at = ROOT
        for part in path.split(b"/"):
            if part:
                found = self._all.dir_ids.get((at, part))
                if found is None or not self._all.linked[found]:
                    return None
                at = found
        return at

    def _orphan(self, row: int, path: bytes) -> None:
        """An entry that the tree does not have."""
        self._all.shown[row] = 0
        self._all.fate[row] = Fate.ORPHAN
        self._all.ended_by[row] = self._layer
        if path and self._all.kind[row] == _FILE:
            above, _, last = path.rpartition(b"/")
            self._hidden[above, last] = row

    def _check_whiteout(self, place: int, name: bytes, row: int) -> None:
        if row - self._base < self._whiteouts[place, name]:
            self._note(
                "whiteout-after-add",
                row - self._base,
                "a whiteout after an entry of its own layer: docker cannot unpack it",
            )

    def _check_opaque(self, parent: int, row: int) -> None:
        while parent >= ROOT:
            if self._opaques.get(parent, -1) > row - self._base:
                self._note(
                    "missing-parents-opaque",
                    row - self._base,
                    "files below an opaque directory without entries for their own:"
                    " some engines lose them",
                )
                return
            parent = self._all.dir_parent[parent]

    def _note_duplicate(self, row: int) -> None:
        self._note(
            "duplicate-entry", row - self._base, "a path twice in one layer: the last one counts"
        )

    def _note_readded(self, place: int, name: bytes, row: int) -> None:
        if self._opaques.get(place) is not None:
            return
        files, size = self._wiped[place, name]
        if files:
            self._note(
                "whiteout-dir-readd",
                row - self._base,
                f"a directory deleted and made again in one layer: overlay engines show its"
                f" {files:,} old files ({size:,} bytes) again",
            )

    def _note(self, id: str, row: int, text: str) -> None:
        known = self._known.get(id)
        if known is not None:
            known.count += 1
            return
        index = self._base + row
        path = self._all.path_of(self._all.directory[index], self._all.name[index])
        self._known[id] = LayerNotice(text, path)
