"""What a multi-stage rebuild leaves out beyond all that rules claim [pure].

It comes last: a rule that names it says what the move to stages saves on top of the other steps. It is files
of packages, of the application's own directories and of the base image that it would replace; what else a
RUN wrote may be data, of which nothing shows who reads it. What was suppressed and where secrets are is
no part of it. What must not be deleted goes only with a package of which nothing is kept, and what a system
is made of only where the rebuilt image has no system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress

from slim.advice.claim import Claim
from slim.advice.suppress import Parted
from slim.files.table import Files
from slim.files.view import View
from slim.packages.owners import NOBODY, Ownership
from slim.rebuild.model import Rebuild
from slim.rebuild.trees import below_any
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import matching
from slim.rules.match import Picked
from slim.rules.match_paths import states_of
from slim.rules.protected import Protected


def not_kept(
    view: View,
    owned: Ownership,
    made: Rebuild,
    parted: Sequence[Parted],
    claims: Sequence[Claim],
    never: Sequence[Protected],
    *,
    base_layers: int,
) -> Picked:
    """Bodies that the final filesystem shows, that `made` does not keep and that no claim has."""
    files = view.files
    base_end = files.starts[min(base_layers, len(files.starts) - 1)]
    taken = {row for one in claims for row in one.claimed}
    stay = {*made.rows, *_spoken(files, parted), *_staying(made, claims)}
    kept = {owned.owner[row] for row in made.rows} - {NOBODY}
    system = frozenset[int]() if made.origin == "scratch" else _of_system(owned, never)
    homes = below_any(view, made.homes)
    protected = _protected(files, never)
    rows = []
    for row in compress(range(len(files)), files.live_bodies()):
        owner, home = owned.owner[row], files.directory[row]
        if row in taken or row in stay or owner in system:
            continue
        if owner == NOBODY and row >= base_end and not homes[home]:
            continue
        whole = owner != NOBODY and owner not in kept
        if whole or not protected(home, files.name[row]):
            rows.append(row)
    return Picked(rows)


def _protected(files: Files, never: Sequence[Protected]) -> Callable[[int, bytes], bool]:
    """Whether what has a name in a directory must not be deleted."""
    globs = compile_globs([glob for one in never if not one.by_name for glob in one.match])
    states = states_of(files, globs)
    return lambda home, name: bool(globs.accept(states[home], name))


def _spoken(files: Files, parted: Iterable[Parted]) -> Iterable[int]:
    """Bodies that somebody wants to keep, or that are warned about and not counted."""
    for one in parted:
        if one.ignore is not None or one.selection.rule.category == "secret":
            for row in (*one.selection.rows, *one.selection.parts):
                yield files.body.get(row, row)


def _staying(made: Rebuild, claims: Sequence[Claim]) -> Iterable[int]:
    """Copies that stay in the place of those that findings take, where the rebuild keeps the latter."""
    for one in claims:
        keeps = one.selection.keeps
        if keeps:
            yield from (keeps[row] for row in one.claimed if row in keeps and row in made.rows)


def _of_system(owned: Ownership, never: Sequence[Protected]) -> frozenset[int]:
    """Packages that must stay installed."""
    names = [package.name.encode() for package in owned.packages]
    found = matching([glob for entry in never for glob in entry.packages], names)
    return frozenset(index for index, name in enumerate(names) if name in found)
