"""What lower layers still hold at a path: whether a whiteout there has anything to hide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slim.files.table import ROOT, Files

_DESCRIBED, _INSIDE = 1, 2


def directory_ids(files: Files) -> dict[tuple[int, bytes], int]:
    """(directory, name) → the id of the directory of this name, whether it is still there or not."""
    places = zip(files.dir_parent, files.dir_name, strict=True)
    return {place: own for own, place in enumerate(places)}


class Presence:
    """Rows that are kept, layer by layer from the lowest; places are (directory, name).

    It is about entries and not about what the filesystem shows: a file that another layer hides already
    counts. What hides nothing of a lower layer, whatever lies between, hides nothing.
    """

    def __init__(
        self,
        files: Files,
        ids: Mapping[tuple[int, bytes], int],
        places: Iterable[tuple[int, bytes]],
    ) -> None:
        """`ids` are those of directories; `places` those of names that somebody will ask about."""
        self._files = files
        self._ids = ids
        self._names = dict.fromkeys(places, False)
        self._directories = bytearray(len(files.dir_parent))

    def add(self, row: int) -> None:
        """A row is kept; those of whiteouts are not added."""
        home, name = self._files.directory[row], self._files.name[row]
        if (home, name) in self._names:
            self._names[home, name] = True
        self.add_inside(home)

    def add_directory(self, row: int) -> None:
        """The row of a directory is kept."""
        home, name = self._files.directory[row], self._files.name[row]
        if name:
            own = self._ids[home, name]
            self._directories[own] |= _DESCRIBED
            self.add_inside(home)

    def add_inside(self, directory: int) -> None:
        """Something is kept in a directory."""
        marks, parents = self._directories, self._files.dir_parent
        while directory >= ROOT and not marks[directory] & _INSIDE:
            marks[directory] |= _INSIDE
            directory = parents[directory]

    def inside(self, directory: int) -> bool:
        """Whether anything is kept below a directory."""
        return bool(self._directories[directory] & _INSIDE)

    def below(self, place: tuple[int, bytes]) -> bool:
        """Whether anything is kept below a name, if that is a directory."""
        own = self._ids.get(place)
        return own is not None and self.inside(own)

    def at(self, place: tuple[int, bytes]) -> bool:
        """Whether anything is kept at a name or below it."""
        own = self._ids.get(place)
        return self._names.get(place, False) or (own is not None and self._directories[own] > 0)
