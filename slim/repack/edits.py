"""Rows that go → what is done to each layer, entry by entry.

Leaving an entry out must not bring anything back. Whatever it hid of a lower layer has to stay hidden: by a
later entry of its name, by a whiteout that stays, or by one that is put in its place. And a directory that
exists only because something lay in it gets an entry of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct, field

from slim.errors import InputError
from slim.files.table import ROOT, Fate, Files, Kind, LayerTable
from slim.repack import raw_header
from slim.repack.link_groups import LinkEdits, link_edits, links_of
from slim.repack.presence import Presence, directory_ids

_MARKS = (Kind.WHITEOUT, Kind.OPAQUE)
Place = tuple[int, bytes]


class Edits(Struct):
    """What is done to the layers; rows are those of the image."""

    keep: bytearray
    """1 for each row whose entry stays."""
    inserted: dict[int, list[bytes]] = field(default_factory=dict)
    """Row → entries that are written in front of it, or in its place."""
    links: LinkEdits = field(default_factory=LinkEdits)

    def put(self, row: int, entry: bytes) -> None:
        """Write an entry in front of a row, once."""
        known = self.inserted.setdefault(row, [])
        if entry not in known:
            known.append(entry)


class Scope(Struct, frozen=True):
    """Which layers are written again."""

    first: int
    """All from this one on; those below stay as they are."""
    merged: bool = False
    """They become one layer."""
    keep_marks: bool = False
    """All whiteouts stay: engines read a layer below in different ways."""


def plan_edits(
    files: Files,
    tables: Sequence[LayerTable],
    scope: Scope,
    removed: Collection[int],
    uneven: Collection[int],
) -> Edits:
    """What is done to the layers of the scope so that nothing dead is left, nor any name of `removed`.

    `removed` are rows of bodies; `uneven` is as for `link_edits`.

    Raises:
        InputError: layers cannot become one since a hard link leads to a name that another file has.
    """
    return _Planner(files, tables, scope, removed).run(uneven)


class _Planner:
    def __init__(
        self, files: Files, tables: Sequence[LayerTable], scope: Scope, removed: Collection[int]
    ) -> None:
        self._files, self._scope, self._removed = files, scope, removed
        self._start = files.starts[scope.first]
        self._tables = {layer: tables[layer] for layer in range(scope.first, len(tables))}
        self._edits = Edits(bytearray(b"\1") * len(files))
        self._keep = self._edits.keep
        places = (
            (files.directory[row], files.name[row])
            for row in range(self._start, len(files))
            if files.kind[row] != Kind.DIRECTORY
        )
        self._ids = directory_ids(files)
        self._present = Presence(files, self._ids, places)
        self._seen = bytearray(len(files.dir_parent))
        """1 for directories that something other than a whiteout has made, in the layers so far."""
        self._last_root = -1
        """The entry that describes the root."""
        self._described: set[int] = set()
        """Directories that an entry describes."""
        for row in range(len(files)):
            if files.kind[row] != Kind.DIRECTORY:
                continue
            if not files.name[row]:
                self._last_root = row
            elif files.shown[row]:
                self._described.add(self._ids[self._place(row)])
        self._roots: frozenset[int] = frozenset()
        """Links that become files where the bodies of others were."""
        self._alive = bytearray(len(files.dir_parent))
        """1 for directories that something is in which the final filesystem goes on showing."""

    def run(self, uneven: Collection[int]) -> Edits:
        files = self._files
        for row in range(self._start, len(files)):
            self._keep[row] = self._stays(row)
        links = self._edits.links = link_edits(
            files, self._tables, links_of(files), self._keep, uneven
        )
        if self._scope.merged and links.needed:
            row = min(links.needed)
            raise InputError(
                "cannot-merge",
                f"a hard link needs {files.path(row)[:200]!r}, whose name another layer changes",
                "repack it with --layers keep",
            )
        for row in links.needed:
            self._keep[row] = 1
        self._roots = frozenset(links.roots.values())
        for root in self._roots:
            self._keep[root] = 0  # its entry is written where the body was
        for layer in range(self._scope.first):
            self._note(layer)
        if self._scope.merged:
            for layer in self._tables:
                self._merge(layer)
        else:
            for layer in self._tables:
                self._thin(layer)
                self._note(layer)
        self._describe()
        return self._edits

    def _stays(self, row: int) -> bool:
        """Whether the entry of a file, link or device stays for its own sake; other entries stay for now."""
        files = self._files
        kind = files.kind[row]
        if kind in (Kind.FILE, Kind.HARDLINK):
            body = files.body.get(row, row)
            return bool(files.shown[row]) and body not in self._removed
        if kind in (Kind.SYMLINK, Kind.DEVICE):
            return bool(files.shown[row]) and row not in self._removed
        return True

    def _place(self, row: int) -> Place:
        return self._files.directory[row], self._files.name[row]

    def _written(self, row: int) -> list[int]:
        """The rows whose names are written at a row: its own, or that of the link in its place."""
        if self._keep[row]:
            return [row]
        root = self._edits.links.roots.get(row)
        return [] if root is None else [root]

    # Layers that stay

    def _thin(self, layer: int) -> None:
        """Decide on the whiteouts and directories of a layer; lower ones are noted already."""
        files, present = self._files, self._present
        rows = files.rows_of(layer)
        # Whiteouts of things that this layer or a lower one has.
        for row in rows:
            if files.kind[row] not in _MARKS:
                self._see(row)
        hidden: set[Place] = set()
        for row in rows:
            kind = files.kind[row]
            if kind == Kind.WHITEOUT:
                place = self._place(row)
                self._keep[row] = self._scope.keep_marks or (
                    present.at(place) or not self._seen[place[0]]
                )
                hidden.add(place)
            elif kind == Kind.OPAQUE:
                home = files.directory[row]
                self._keep[row] = self._scope.keep_marks or (
                    present.inside(home) or not self._seen[home]
                )
        for row in rows:
            place = self._place(row)
            if place not in hidden and self._leaves_a_hole(row, layer):
                hidden.add(place)
                self._edits.put(row, raw_header.whiteout(files.path(row)))
        self._thin_directories(layer)

    def _leaves_a_hole(self, row: int, layer: int) -> bool:
        """Whether something of a lower layer would come back in place of an entry that goes."""
        files = self._files
        if self._keep[row] or files.kind[row] not in (
            Kind.FILE,
            Kind.HARDLINK,
            Kind.SYMLINK,
            Kind.DEVICE,
        ):
            return False
        place = self._place(row)
        if files.shown[row]:
            # The root of a group of links is written elsewhere in the layer.
            return row not in self._roots and self._present.at(place)
        if files.ended_by[row] == layer and files.fate[row] in (
            Fate.DUPLICATE_ENTRY,
            Fate.ORPHAN,
        ):
            return False
        return self._is_directory(place) and self._present.below(place)

    def _is_directory(self, place: Place) -> bool:
        """Whether the final filesystem has a directory of this name."""
        own = self._ids.get(place)
        return own is not None and bool(self._files.dir_shown[own])

    def _thin_directories(self, layer: int) -> None:
        """Of directories that another entry describes, or that are gone, those entries stay which have
        something below them in this layer: else engines would make them with other attributes."""
        files = self._files
        holding: set[int] = set()
        last_root = -1
        for row in files.rows_of(layer):
            if files.kind[row] == Kind.DIRECTORY:
                if not files.name[row]:
                    last_root = row
                elif files.shown[row]:
                    self._hold(holding, files.directory[row])
                continue
            for written in self._written(row):
                self._hold(holding, files.directory[written])
            if row in self._edits.inserted:
                self._hold(holding, files.directory[row])
        for row in files.rows_of(layer):
            if files.kind[row] != Kind.DIRECTORY:
                continue
            if not files.name[row]:
                self._keep[row] = row == self._last_root or (row == last_root and ROOT in holding)
            elif not files.shown[row]:
                own = self._ids.get(self._place(row))
                self._keep[row] = own in holding

    def _hold(self, holding: set[int], directory: int) -> None:
        while directory >= ROOT and directory not in holding:
            holding.add(directory)
            directory = self._files.dir_parent[directory]

    # Layers that become one

    def _merge(self, layer: int) -> None:
        """Decide on the whiteouts and directories of a layer that becomes a part of one."""
        files, present = self._files, self._present
        for row in files.rows_of(layer):
            kind, place = files.kind[row], self._place(row)
            home, name = place
            if kind == Kind.DIRECTORY:
                self._keep[row] = row == self._last_root if not name else bool(files.shown[row])
            elif kind == Kind.OPAQUE:
                self._keep[row] = files.dir_shown[home] and present.inside(home)
            elif kind == Kind.WHITEOUT:
                gone = files.dir_shown[home] and name not in files.children[home]
                self._keep[row] = gone and present.at(place)
                if not gone and self._is_directory(place) and present.at(place):
                    self._renew(row, place)
            elif self._leaves_a_hole(row, layer):
                if files.shown[row]:
                    self._edits.put(row, raw_header.whiteout(files.path(row)))
                else:
                    self._renew(row, place)

    def _renew(self, row: int, place: Place) -> None:
        """A directory takes nothing over from the one of its name in a lower layer."""
        own, path = self._ids.get(place), self._files.path(row)
        if own not in self._described:
            self._edits.put(row, raw_header.directory(path))
        if self._present.below(place):
            self._edits.put(row, raw_header.opaque(path))

    # Afterwards

    def _see(self, row: int) -> None:
        seen, parents = self._seen, self._files.dir_parent
        at = self._files.directory[row]
        while at >= ROOT and not seen[at]:
            seen[at] = 1
            at = parents[at]

    def _note(self, layer: int) -> None:
        """What a layer holds now is there for the layers above."""
        files = self._files
        for row in files.rows_of(layer):
            kind = files.kind[row]
            if kind in _MARKS:
                continue
            if kind == Kind.DIRECTORY:
                self._see(row)
                if self._keep[row]:
                    self._present.add_directory(row)
                continue
            self._see(row)
            for written in self._written(row):
                self._present.add(written)

    def _describe(self) -> None:
        """Directories without an entry that would go with the last thing in them get one."""
        files = self._files
        bare = [
            own
            for own in range(1, len(files.dir_parent))
            if files.dir_shown[own] and own not in self._described
        ]
        if not bare:
            return
        for row in range(len(files)):
            if files.kind[row] in _MARKS or not files.shown[row] or row in self._gone(row):
                continue
            at = files.directory[row]
            while at > ROOT and not self._alive[at]:
                self._alive[at] = 1
                at = files.dir_parent[at]
        empty = {own for own in bare if not self._alive[own]}
        if not empty:
            return
        last: dict[int, tuple[int, int]] = {}
        for layer in self._tables:
            for row in files.rows_of(layer):
                if files.kind[row] in _MARKS or self._keep[row]:
                    continue
                at = files.directory[row]
                while at > ROOT:
                    if at in empty and last.get(at, (-1, 0))[0] != layer:
                        last[at] = layer, row
                    at = files.dir_parent[at]
        for own in sorted(last):
            self._edits.put(last[own][1], raw_header.directory(files.directory_path(own)))

    def _gone(self, row: int) -> Collection[int]:
        body = self._files.body.get(row, row)
        return (row,) if body in self._removed else ()
