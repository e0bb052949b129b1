"""Where members of archives are in the image a second time, by name and size: contents are not compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from slim.facts.gather import Facts
from slim.files.extract.found import Archive, Member
from slim.files.table import Fate, Files
from slim.files.view import encoded

_MAX_CANDIDATES = 16
"""Most files of one name and size that a member is compared with."""

Found = dict[Member, list[int]]
"""(name without directory, size) → rows of live files, itself a few at most."""


def live_archives(files: Files, owned: bytes, facts: Facts | None = None) -> dict[int, Archive]:
    """The archives that the image shows and no system package owns, without those that are run."""
    run = run_paths(facts) if facts is not None else frozenset[bytes]()
    return {
        row: archive
        for row, archive in files.archives.items()
        if files.fate[row] == Fate.LIVE and not owned[row] and files.path(row) not in run
    }


def run_paths(facts: Facts) -> frozenset[bytes]:
    """The files that commands run or name."""
    return frozenset(map(encoded, facts.runs.resolved))


def member_key(member: Member) -> Member:
    """(name without directory, size) of a member."""
    return member[0].rpartition(b"/")[2], member[1]


def find_members(files: Files, members: Iterable[Member]) -> Found:
    """Where files of the members' names and sizes are."""
    keys = set(map(member_key, members))
    names = {name for name, _ in keys}
    found: Found = defaultdict(list)
    if not names:
        return found
    for row in files.live_files():
        if files.name[row] in names:
            key = files.name[row], files.size[files.body.get(row, row)]
            if key in keys and len(found[key]) < _MAX_CANDIDATES:
                found[key].append(row)
    return found
