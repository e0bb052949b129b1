"""Queries about archives whose content is in the image a second time [pure].

Names and sizes are compared, of some members that stand for all: contents are not. That the same names lie
in the same order of directories, each with the same size, does not happen by chance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from slim.facts.gather import Facts
from slim.facts.roots import is_system
from slim.files.extract.found import Archive, Member
from slim.files.table import ROOT, Fate, Files
from slim.files.view import View, below, encoded
from slim.rules.match import QueryResult

_MAX_CANDIDATES = 16
"""Most files of one name and size that a member is compared with."""
_MAX_DEPTH = 64
"""Deepest path of a member that is compared."""
_FEW = 3
"""Fewer members prove nothing by their number …"""
_LARGE = 64 << 10
"""… but by this size."""

_LAUNCHERS = (".JarLauncher", ".WarLauncher", ".PropertiesLauncher")

_Found = dict[Member, list[int]]
"""(name without directory, size) → rows of live files, itself a few at most."""


def extracted(view: View, facts: Facts, owned: bytes) -> QueryResult:
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
    return QueryResult(rows=sorted(rows))


def nested_jars(view: View, facts: Facts, owned: bytes) -> QueryResult:
    """Jars that are both in a jar of the image and beside it: one of the two is not needed.

    The loose ones lie in its directory. They go where a command runs the outer jar, or none says what it
    runs; the outer one goes where a command's class path leads to all that it holds. Where both are
    named both may be needed.
    """
    files = view.files
    outer = {row: one for row, one in _live(files, owned).items() if one.nested}
    found = _find(files, [member for one in outer.values() for member in one.nested])
    paths = {row: files.path(row) for rows in found.values() for row in rows}
    run, mentioned, launched = _run(facts), _mentioned(facts), _is_launched(facts)
    rows: set[int] = set()
    keeps: dict[int, int] = {}
    for row, one in sorted(outer.items()):
        runs = files.path(row) in run
        place = _around(files.path(row), runs)
        copies = {
            copy: member
            for member in one.nested
            for copy in found.get(_key(member), ())
            if copy != row and not owned[copy] and place and paths[copy].startswith(place)
        }
        if not copies:
            continue
        named = not mentioned.isdisjoint(
            one for copy in copies for one in (paths[copy], paths[copy].rpartition(b"/")[0])
        ) or (launched and any(_is_inside(paths[copy]) for copy in copies))
        if named and not runs:
            if len(set(copies.values())) == len(one.nested):
                rows.add(row)
                keeps[row] = min(copies)
        elif not named:
            rows.update(copies)
            keeps.update(dict.fromkeys(copies, row))
    # What stays for another one does not go itself.
    stay = set(keeps.values())
    return QueryResult(
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


def _around(outer: bytes, runs: bool) -> bytes:
    """Where copies of what a jar holds lie beside it: in its directory and below; if it is run by
    itself, in the directory above that, too. A server's own libraries are not those of a war."""
    home = outer.rpartition(b"/")[0]
    above = home.rpartition(b"/")[0]
    if runs and above and not is_system(above):
        home = above
    return home + b"/" if home else b""


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
        if len(parts) > _MAX_DEPTH:
            continue
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


def _mentioned(facts: Facts) -> frozenset[bytes]:
    """Paths that the words of commands may mean, those in class paths and options included; `dir/*` is
    the directory, and what is relative is below the application's directories."""
    homes = [encoded(one) for one in facts.variables.get("app", ())]
    found: set[bytes] = set()
    for one in facts.runs.all:
        for word in one.words:
            for part in encoded(word).replace(b"=", b":").replace(b",", b":").split(b":"):
                path = part.removeprefix(b"./").removesuffix(b"/*").strip(b"/")
                if path:
                    found.add(path)
                    if not part.startswith(b"/"):
                        found.update(below(home, path) for home in homes)
    return frozenset(found)


def _is_launched(facts: Facts) -> bool:
    """Whether a launcher of Spring's is run: it looks into the unpacked archive that it is part of."""
    return any(word.endswith(_LAUNCHERS) for one in facts.runs.all for word in one.words)


def _is_inside(jar: bytes) -> bool:
    return b"/BOOT-INF/" in jar or b"/WEB-INF/" in jar
