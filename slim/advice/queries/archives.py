"""Queries about archives whose content is in the image a second time.

Names and sizes are compared, of some members that stand for all: contents are not. That the same names lie
in the same order of directories, each with the same size, does not happen by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from slim.ecosystems.archives import Found, find_members, live_archives, member_key
from slim.ecosystems.model import Subject
from slim.files.extract.found import Member
from slim.files.table import ROOT, Files
from slim.rules.match import QueryResult

_MAX_DEPTH = 64
"""Deepest path of a member that is compared."""
_FEW = 3
"""Fewer members prove nothing by their number …"""
_LARGE = 64 << 10
"""… but by this size."""


def extracted(subject: Subject) -> QueryResult:
    """Archives that lie beside what was unpacked from them, all of it below one directory.

    `tar --strip-components` is allowed for. Archives that a command names are the program itself, and
    those of system packages are meant to be there.
    """
    files = subject.files
    archives = {
        row: archive
        for row, archive in live_archives(files, subject.system_owned, subject.facts).items()
        if archive.members and files.size[row]
    }
    found = find_members(
        files, [member for archive in archives.values() for member in archive.members]
    )
    rows = [row for row, archive in archives.items() if _is_unpacked(files, archive.members, found)]
    return QueryResult(rows=sorted(rows))


def _is_unpacked(files: Files, members: Collection[Member], found: Found) -> bool:
    """Whether nearly all members are below one directory, under their own paths."""
    places: Counter[tuple[int, int]] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    for member in members:
        parts = member[0].split(b"/")
        if len(parts) > _MAX_DEPTH:
            continue
        here = {_place(files, row, parts) for row in found.get(member_key(member), ())}
        places.update(here)
        for place in here:
            sizes[place] += member[1]
    if not places:
        return False
    place, count = max(places.items(), key=lambda counted: (counted[1], sizes[counted[0]]))
    enough = len(members) if len(members) <= _FEW else -(-len(members) * 9 // 10)
    return count >= enough and (count >= _FEW or sizes[place] >= _LARGE)


def _place(files: Files, row: int, parts: list[bytes]) -> tuple[int, int]:
    """The directory that an archive was unpacked in, if this file is of it, and how many leading
    directories were left out."""
    directory, matched = files.directory[row], 1
    while (
        matched < len(parts)
        and directory != ROOT
        and files.dir_name[directory] == parts[-1 - matched]
    ):
        directory = files.dir_parent[directory]
        matched += 1
    return directory, len(parts) - matched
