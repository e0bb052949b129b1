"""Queries about archives whose content is in the image a second time [pure].

Names and sizes are compared, of some members that stand for all: contents are not. That the same names lie
in the same order of directories, each with the same size, does not happen by chance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from slim.advice.facts.gather import Facts
from slim.advice.facts.paths import View, encoded
from slim.advice.match import Picked
from slim.files.extract.archive import NESTED, Archive, Member
from slim.files.table import ROOT, Fate, Files

_MAX_CANDIDATES = 64
"""Most files of one name and size that a member is compared with."""
_FEW = 3
"""Fewer members prove nothing by their number …"""
_LARGE = 64 << 10
"""… but by this size."""

_Found = dict[Member, list[int]]
"""(name without directory, size) → rows of live files, itself a few at most."""


def extracted(view: View, facts: Facts, owned: bytes) -> Picked:
    """Archives that lie beside what was unpacked from them, all of it below one directory.

    `tar --strip-components` is allowed for. Archives that a command names are the program itself, and
    those of system packages (`owned`: mask of rows) are meant to be there.
    """
    files = view.files
    archives = {
        row: one
        for row, one in _live(files, owned, facts).items()
        if one.members and files.size[row]
    }
    found = _find(files, [member for one in archives.values() for member in one.members])
    rows = [row for row, one in archives.items() if _is_unpacked(files, one.members, found)]
    return Picked(rows=sorted(rows))


def nested_jars(view: View, facts: Facts, owned: bytes) -> Picked:
    """Jars that are both in a jar of the image and beside it: one of the two is not needed.

    The loose ones go where a command runs the outer jar, or none says what it runs; the outer one goes
    where a command's class path leads to all that it holds. Where both are named both may be needed.
    """
    files = view.files
    outer = {row: one for row, one in _live(files, owned).items() if one.nested}
    found = _find(files, [member for one in outer.values() for member in one.nested])
    run = _run(facts)
    rows: set[int] = set()
    keeps: dict[int, int] = {}
    for row, one in sorted(outer.items()):
        copies = {
            copy: member
            for member in one.nested
            for copy in found.get(_key(member), ())
            if copy != row and not owned[copy]
        }
        if not copies:
            continue
        named = _names_any(facts, {files.path(copy) for copy in copies})
        runs = files.path(row) in run
        if named and not runs:
            if len(set(copies.values())) == len(one.nested):
                rows.add(row)
                keeps[row] = min(copies)
        elif not named:
            rows.update(copies)
            keeps.update(dict.fromkeys(copies, row))
    # What stays for another one does not go itself.
    stay = set(keeps.values())
    return Picked(
        rows=sorted(rows - stay),
        keeps={row: kept for row, kept in keeps.items() if row not in stay},
    )


def _live(files: Files, owned: bytes, facts: Facts | None = None) -> dict[int, Archive]:
    """The archives that the image shows and no system package owns, without those that are run."""
    run = _run(facts) if facts is not None else frozenset[bytes]()
    return {
        row: one
        for row, one in files.archives.items()
        if files.fate[row] == Fate.LIVE and not owned[row] and files.path(row) not in run
    }


def _run(facts: Facts) -> frozenset[bytes]:
    return frozenset(map(encoded, facts.runs.resolved))


def _key(member: Member) -> Member:
    return member[0].rpartition(b"/")[2], member[1]


def _find(files: Files, members: Iterable[Member]) -> _Found:
    """Where files of the members' names and sizes are."""
    wanted = set(map(_key, members))
    names = {name for name, _ in wanted}
    found: _Found = defaultdict(list)
    if not names:
        return found
    for row in files.live_files():
        if files.name[row] in names:
            key = files.name[row], files.size[files.body.get(row, row)]
            if key in wanted and len(found[key]) < _MAX_CANDIDATES:
                found[key].append(row)
    return found


def _is_unpacked(files: Files, members: Collection[Member], found: _Found) -> bool:
    """Whether nearly all members are below one directory, under their own paths."""
    places: Counter[tuple[int, int]] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    for member in members:
        parts = member[0].split(b"/")
        here = {_place(files, row, parts) for row in found.get(_key(member), ())}
        places.update(here)
        for place in here:
            sizes[place] += member[1]
    if not places:
        return False
    place, count = max(places.items(), key=lambda one: (one[1], sizes[one[0]]))
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


def _names_any(facts: Facts, jars: Collection[bytes]) -> bool:
    """Whether a command's words name one of these jars, or a directory that has some."""
    folders = {jar.rpartition(b"/")[0] for jar in jars}
    for one in facts.runs.all:
        for word in one.words:
            for part in encoded(word).replace(b"=", b":").replace(b",", b":").split(b":"):
                path = part.strip(b"/").removesuffix(b"/*")
                if path and (path in folders or (path in jars and path.endswith(NESTED))):
                    return True
    return False
