"""Hard links: which row holds the bytes of a name, and what is a hard link to nothing."""

from __future__ import annotations

from slim.files.overlay.names import NameTree
from slim.files.table import ROOT, Fate, Kind

# As numbers: looking up a member of an enum takes longer than what is done with it.
_FILE, _HARDLINK = map(int, (Kind.FILE, Kind.HARDLINK))
_LIVE, _ORPHAN = map(int, (Fate.LIVE, Fate.ORPHAN))


class HardLinks:
    """Of the layer that is being applied to the names. Rows are those of the image."""

    def __init__(self, names: NameTree) -> None:
        self._names = names
        self._outside: dict[tuple[bytes, bytes], int] = {}
        """(directory's path, name) of the layer's files that the tree does not have → row."""

    def resolve(self, row: int, place: int, name: bytes) -> bool:
        """Find the bytes of a hard link; False when there are none, and the entry is not a file."""
        names, columns = self._names, self._names.columns
        if row in columns.body or columns.kind[row] != _HARDLINK:
            return True
        above, _, last = columns.links[row].rpartition(b"/")
        target = self._outside.get((above, last))
        if target is None:
            home = self._find(above)
            found = columns.children[home].get(last) if home is not None else None
            if found is None or found < 0 or (home, last) == (place, name):
                if home is not None and (home, last) in names.notes.whiteouts:
                    id, text = "hardlink-to-whiteout", "a hard link to what its own layer deletes"
                else:
                    id, text = "broken-hardlink", "a hard link to nothing, or to a directory"
                names.notes.note(id, row, f"{text}: engines fail")
                self.orphan(row, b"")
                return False
            target = found
        if target < names.base:
            names.notes.note(
                "cross-layer-hardlink",
                row,
                "a hard link to a file of a lower layer: overlay engines cannot unpack it",
            )
        if columns.kind[target] > _HARDLINK:
            # A link to a symbolic link or a device is one more of those.
            columns.kind[row] = columns.kind[target]
            if target in columns.links:
                columns.links[row] = columns.links[target]
            return True
        body = columns.body.get(target, target)
        columns.body[row] = body
        # A body outside the tree has no name of its own.
        names.left[body] = names.left.get(body, int(columns.shown[body])) + 1
        if columns.fate[body] == _ORPHAN:
            columns.fate[body], columns.ended_by[body] = _LIVE, -1
        return True

    def orphan(self, row: int, path: bytes) -> None:
        """An entry that the tree does not have; its path if a hard link may still lead to it."""
        columns = self._names.columns
        columns.shown[row] = 0
        columns.fate[row] = _ORPHAN
        columns.ended_by[row] = self._names.layer
        if path and columns.kind[row] == _FILE:
            above, _, last = path.rpartition(b"/")
            self._outside[above, last] = row

    def _find(self, path: bytes) -> int | None:
        """Id of a directory that is in the tree."""
        columns, at = self._names.columns, ROOT
        for part in path.split(b"/"):
            if part:
                found = columns.dir_ids.get((at, part))
                if found is None or not columns.linked[found]:
                    return None
                at = found
        return at
