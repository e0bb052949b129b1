"""The queries about a rebuild: what it leaves out beyond all other claims (`rebuild.not_kept`), and the
part of that which is only there for a tool that starts the program, such as npm (`rebuild.runner`).

They are asked last, so that their rules count only what moving to stages saves on top of the other fixes.
They select files of packages, of the application's own directories and of the base image that the rebuild
replaces; other files that a RUN wrote may be data, and nothing shows who reads them. Suppressed findings
and secrets are left alone, and so is what the image runs. Protected files go only with a package of which
nothing is kept, and packages that make up a system only if the rebuilt image has no system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import compress

from slim.advice.claim import Claim
from slim.advice.image_facts import ImageFacts
from slim.files.table import Files, picked
from slim.files.view import encoded
from slim.packages.owners import NOBODY, Ownership
from slim.rebuild.base import closure
from slim.rebuild.model import Rebuild
from slim.rebuild.trees import below_any, written_by
from slim.rules.glob_syntax import matching
from slim.rules.match import QueryResult
from slim.rules.matched_rows import matched_rows
from slim.rules.protected import Protected

_DATABASES = (
    *(b"var/lib/dpkg", b"var/lib/apt", b"var/cache/debconf", b"lib/apk", b"usr/lib/apk"),
    *(b"var/lib/rpm", b"usr/lib/sysimage/rpm"),
)
"""Where package managers keep what they know, which goes with the system."""


def left_over(
    image: ImageFacts,
    rebuild: Rebuild,
    claims: Sequence[Claim],
    protected: Sequence[Protected],
    enabled: Collection[int],
) -> list[int]:
    """Live bodies, ascending, that `rebuild` does not keep and that no claim has, with those that the image
    runs.

    Args:
        enabled: bodies of settings that a server reads, which stay.
    """
    files, owned = image.files, image.owned
    base_end = files.starts[min(image.base_layers, len(files.starts) - 1)]
    stay = set(rebuild.rows).union(
        _not_counted(files, claims),
        _kept_copies(rebuild, claims),
        enabled,
        *(claim.claimed for claim in claims),
    )
    left = [row for row in compress(range(len(files)), files.live_bodies()) if row not in stay]
    owners = picked(owned.owner, left)
    kept = frozenset(picked(owned.owner, [*rebuild.rows])) - {NOBODY}
    system = frozenset[int]()
    if rebuild.origin != "scratch":
        system = _protected_packages(owned, protected)
    unneeded = frozenset(owners) - kept - system - {NOBODY}
    rows = list(compress(left, map(unneeded.__contains__, owners)))
    homes = below_any(image.view, rebuild.homes)
    databases = below_any(image.view, _DATABASES if rebuild.origin == "scratch" else ())
    names = (owned.packages[index].name for index in owned.system - kept)
    written = frozenset(written_by(image.view, names))
    unless_protected = bytearray(len(files))
    rest = frozenset(owners) - unneeded - system
    for row, owner in compress(zip(left, owners, strict=True), map(rest.__contains__, owners)):
        home = files.directory[row]
        if owner == NOBODY and databases[home]:
            rows.append(row)
        elif owner != NOBODY or row < base_end or homes[home] or row in written:
            unless_protected[row] = 1
    patterns = [glob for entry in protected if not entry.by_name for glob in entry.match]
    for _, group in matched_rows(files, bytes(unless_protected), patterns):
        for row in group:
            unless_protected[row] = 0
    rows += compress(range(len(files)), unless_protected)
    return sorted(rows)


def not_kept(
    image: ImageFacts, rebuild: Rebuild, claims: Sequence[Claim], left: Sequence[int]
) -> QueryResult:
    """What of `left_over` nothing runs, and what `rebuild` strips from other files."""
    files = image.files
    runs = {files.body.get(row, row) for row in rebuild.runs}
    done = Counter[int]()
    for claim in claims:
        done.update(claim.parts)
    parts = {row: size - done[row] for row, size in rebuild.stripped.items()}
    gone = set(_not_counted(files, claims)).union(*(claim.claimed for claim in claims))
    return QueryResult(
        [row for row in left if row not in runs],
        {row: size for row, size in parts.items() if size > 0 and row not in gone},
    )


def of_runner(image: ImageFacts, rebuild: Rebuild, left: Sequence[int]) -> QueryResult:
    """Of `left_over`, package runners that the image starts its program with, and what is only there for
    them; nothing where the rebuilt image is started as this one is."""
    files, owned = image.files, image.owned
    runners = [command for command in image.facts.runs.commands if command.runner and command.path]
    if not rebuild.command or not runners:
        return QueryResult(())
    owners: set[int] = set()
    places: list[bytes] = []
    rows: set[int] = set()
    for command in runners:
        path = encoded(command.path)
        row = image.view.row(path)
        if row is None:
            continue
        rows.add(files.body.get(row, row))
        owners |= {owned.owner[row]} - {NOBODY}
        above, inside, name = path.partition(b"/node_modules/")
        if inside:
            places.append(above + inside + name.partition(b"/")[0])
    rows.update(owned.rows(closure(image.graph, sorted(owners), first=False)))
    within = below_any(image.view, places)
    return QueryResult([row for row in left if row in rows or within[files.directory[row]]])


def _not_counted(files: Files, claims: Iterable[Claim]) -> Iterable[int]:
    """Bodies that the user wants to keep, or that are only warned about."""
    for claim in claims:
        match = claim.match
        if match.suppressed_by is not None or match.rule.category == "secret":
            for row in (*match.rows, *match.parts):
                yield files.body.get(row, row)


def _kept_copies(rebuild: Rebuild, claims: Sequence[Claim]) -> Iterable[int]:
    """Copies that stay in place of those that findings claim, where the rebuild keeps the latter."""
    for claim in claims:
        keeps = claim.match.keeps
        if keeps:
            yield from (keeps[row] for row in claim.claimed if row in keeps and row in rebuild.rows)


def _protected_packages(owned: Ownership, protected: Sequence[Protected]) -> frozenset[int]:
    names = [package.name.encode() for package in owned.packages]
    found = matching([glob for entry in protected for glob in entry.packages], names)
    return frozenset(index for index, name in enumerate(names) if name in found)
