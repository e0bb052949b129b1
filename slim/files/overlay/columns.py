"""The columns while layers are put on top of each other: they grow with each one, and freeze into `Files`."""

from __future__ import annotations

from array import array
from itertools import count, islice
from operator import and_

from slim.files.extract.found import Archive, Beam, Elf
from slim.files.overlay.children import Children
from slim.files.simple_directories import NOT_SIMPLE
from slim.files.table import ROOT, Files, LayerTable, LayerWarning

HIDDEN = -1
"""Place of directories that are no part of the tree."""


class Columns:
    """Rows and directories of all layers so far; the fields are those of `Files`."""

    def __init__(self) -> None:
        self.starts = [0]
        self.kind, self.directory = array("B"), array("i")
        self.name: list[bytes] = []
        self.size, self.stored = array("q"), array("q")
        self.digests = bytearray()
        self.links: dict[int, bytes] = {}
        self.texts: dict[int, bytes] = {}
        self.elfs: dict[int, Elf] = {}
        self.beams: dict[int, Beam] = {}
        self.archives: dict[int, Archive] = {}
        self.flags: dict[int, str] = {}
        self.fate, self.ended_by = array("B"), array("i")
        self.shown = bytearray()
        self.body: dict[int, int] = {}
        self.dir_ids: dict[tuple[int, bytes], int] = {}
        self.dir_parent, self.dir_name = array("i", [-1]), [b""]
        self.dir_row = array("i", [-1])
        """The entry that describes a directory, -1 for implicit ones."""
        self.linked = bytearray(b"\1")
        """1 for directories that are in the tree."""
        self.children = Children(self.kind, self.name, self.dir_ids)
        self.hid: dict[int, int] = {}
        self.changes: list[tuple[int, int, int]] = []
        self.warnings: list[tuple[int, str, LayerWarning]] = []

    def place(self, table: LayerTable, simple: array[int]) -> tuple[list[int], bytes]:
        """Ids of the layer's directories in the image, `HIDDEN` for those outside the tree; and a mask.

        It has a 1 for those of the `simple` directories that are new: they are in the tree from now on, and
        all names that the layer has in them are new.
        """
        known, base = len(self.dir_name), len(self.name)
        places = [ROOT]
        parents: list[int] = []
        names: list[bytes] = []
        entries: list[int] = []
        for (parent, name, hidden), entry in islice(zip(table.dirs, simple, strict=True), 1, None):
            if hidden:
                places.append(HIDDEN)
                continue
            above = places[parent]
            place = self.dir_ids.get((above, name)) if above < known else None
            if place is None:
                place = known + len(parents)
                parents.append(above)
                names.append(name)
                entries.append(entry)
            places.append(place)
        self.dir_ids.update(zip(zip(parents, names, strict=True), count(known)))
        self.dir_parent.extend(parents)
        self.dir_name += names
        whole = [entry != NOT_SIMPLE for entry in entries]
        self.dir_row.extend(
            [
                base + entry if is_whole else -1
                for entry, is_whole in zip(entries, whole, strict=True)
            ]
        )
        self.linked += bytes(whole)
        self.children.extend(whole)
        new = map(known.__le__, places)
        return places, bytes(map(and_, new, map(NOT_SIMPLE.__ne__, simple)))

    def append(self, table: LayerTable, places: list[int]) -> None:
        """Add the rows of a layer; `places` are the ids of its directories."""
        base = len(self.name)
        self.kind += table.kind
        # Rows outside the tree are in the root, for want of a better place.
        homes = [place if place != HIDDEN else ROOT for place in places]
        if homes == list(range(len(homes))):  # in a first layer
            self.directory += table.directory
        else:
            self.directory.fromlist([homes[directory] for directory in table.directory])
        self.name += table.name
        self.size += table.size
        self.stored += table.stored
        self.digests += table.digests
        self.links.update((base + row, link) for row, link in table.links.items())
        self.texts.update((base + row, text) for row, text in table.texts.items())
        self.elfs.update((base + row, elf) for row, elf in table.elfs.items())
        self.beams.update((base + row, beam) for row, beam in table.beams.items())
        self.archives.update((base + row, archive) for row, archive in table.archives.items())
        self.flags.update((base + row, flag) for row, flag in table.flags.items())
        self.fate.frombytes(bytes(len(table)))
        self.ended_by += array("i", [-1]) * len(table)
        self.shown += b"\1" * len(table)

    def freeze(self) -> Files:
        """The columns as they are now, not to be changed any more."""
        return Files(
            starts=tuple(self.starts),
            kind=self.kind,
            directory=self.directory,
            name=self.name,
            size=self.size,
            stored=self.stored,
            digests=self.digests,
            links=self.links,
            dir_parent=self.dir_parent,
            dir_name=self.dir_name,
            fate=self.fate,
            ended_by=self.ended_by,
            shown=self.shown,
            body=self.body,
            children=self.children,
            dir_shown=self.linked,
            hid=self.hid,
            changes=tuple(self.changes),
            warnings=tuple(self.warnings),
            texts=self.texts,
            elfs=self.elfs,
            beams=self.beams,
            archives=self.archives,
            flags=self.flags,
        )

    def path_of(self, directory: int, name: bytes) -> bytes:
        """Path of a name in a directory, or of the directory where the name is empty."""
        parts = [name] if name else []
        while directory > ROOT:
            parts.append(self.dir_name[directory])
            directory = self.dir_parent[directory]
        return b"/".join(reversed(parts))
