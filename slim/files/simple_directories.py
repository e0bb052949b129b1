"""The directories of a layer in which nothing needs a look of its own.

They are found once, when a blob has been read. Where no other layer has such a directory, all that is in it
is put into the image at once: nothing can be in the way of anything.
"""

from __future__ import annotations

from array import array
from itertools import compress

from slim.files.table import ROOT, Kind, LayerTable, both, mask, runs

NOT_SIMPLE = -1


def find_simple(table: LayerTable) -> array[int]:
    """Directory → row of its entry, or `NOT_SIMPLE`.

    Simple is a directory with all below it, if each has an entry, before the entries that are in it; if there
    are only files, symbolic links, devices and directories in them; and if their names are ASCII and differ
    in more than case. None is in a layer with a directory in the place of a file of its own.
    """
    found = _entries(table)
    first = dict(zip(reversed(table.directory), range(len(table) - 1, -1, -1), strict=True))
    special = mask(table.kind, Kind.HARDLINK, Kind.WHITEOUT, Kind.OPAQUE, Kind.OTHER)
    homes = {*compress(table.directory, special), *_alike(table)}
    for own in range(len(table.dirs) - 1, ROOT, -1):
        parent, _, hidden = table.dirs[own]
        if hidden or own in homes or found[own] > first.get(own, found[own]):
            found[own] = NOT_SIMPLE
        if found[own] == NOT_SIMPLE:
            homes.add(parent)
    found[ROOT] = NOT_SIMPLE
    return array("i", [NOT_SIMPLE]) * len(found) if clashes(table, found) else found


def clashes(table: LayerTable, simple: array[int]) -> bool:
    """Whether a layer has a directory in the place of a file of its own, given its simple directories."""
    loose = bytes(map(NOT_SIMPLE.__eq__, simple))
    rows = both(
        bytes(map(loose.__getitem__, table.directory)),
        mask(table.kind, Kind.FILE, Kind.HARDLINK, Kind.SYMLINK, Kind.DEVICE),
    )
    names = {name for parent, name, _ in table.dirs[1:] if loose[parent]}
    names.intersection_update(compress(table.name, rows))
    if not names:
        return False
    keys = {(parent, name) for parent, name, _ in table.dirs if name in names}
    entries = zip(compress(table.directory, rows), compress(table.name, rows), strict=True)
    return not keys.isdisjoint(entries)


def _entries(table: LayerTable) -> array[int]:
    """Directory → row of its first entry; -1 without one."""
    found = array("i", [-1]) * len(table.dirs)
    ids = {(parent, name): own for own, (parent, name, _) in enumerate(table.dirs)}
    rows = list(compress(range(len(table)), mask(table.kind, Kind.DIRECTORY)))
    for row in reversed(rows):
        found[ids.get((table.directory[row], table.name[row]), ROOT)] = row
    return found


def _alike(table: LayerTable) -> set[int]:
    """The directories with names that are equal or differ in case, or that are not ASCII."""
    spans: dict[int, list[bytes]] = {}
    alike: set[int] = set()
    for first, last in runs(table.directory):
        spans.setdefault(table.directory[first], []).extend(table.name[first:last])
    for home, names in spans.items():
        together = b"/".join(names)
        lower = together.lower()
        keys = names if lower == together else lower.split(b"/")
        if not together.isascii() or len(set(keys)) < len(names):
            alike.add(home)
    return alike
