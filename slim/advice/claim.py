"""Selections → claims: each byte is claimed once, and only if it would really go [pure].

Order of effects (deletions, then copies, then transformations) and of precedence: layer rules own dead
bytes; then the more certain rule; a package rule before a tree rule; the glob with the longer fixed
beginning; the more local fix; the id. A hard-linked body goes only when all its names are selected. A
base image's bytes are never claimed: no instruction of this Dockerfile can take them away.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from slim.files.table import Fate, Files, Kind
from slim.rules.match import Selection

_CONFIDENCE = {"certain": 0, "likely": 1, "possible": 2}
_WHERE = {"same-layer": 0, "dockerignore": 1, "other-stage": 2, "base": 3}


class Claim(Struct, frozen=True):
    """What one selection claims of the image's bytes."""

    selection: Selection
    counts: bool
    """False for a note, which claims nothing."""
    rows: array[int]
    """Bodies that the selection covers and that are not the base image's."""
    claimed: array[int]
    """Those of them that no earlier selection has: whole files."""
    parts: dict[int, int]
    """Row → bytes of a file that stays, dropped by a transformation."""
    noted: dict[int, int]
    """The same where nothing is claimed: what the rule points at."""
    base_rows: array[int]
    """Bodies in the base image's layers: another base would be needed."""


def claim(
    files: Files, selections: Sequence[Selection], *, claiming: Sequence[bool], base_layers: int
) -> tuple[Claim, ...]:
    """One claim per selection, in the given order. `claiming` is false for notes, which claim nothing."""
    base_end = files.starts[min(base_layers, len(files.starts) - 1)]
    bodies = [_bodies(files, selection) for selection in selections]
    kept = _kept(files, selections, claiming)
    taken: set[int] = set()
    claimed: dict[int, array[int]] = {}
    staying: set[int] = set()
    """Copies that stay in the place of those that go."""
    order = sorted(range(len(selections)), key=lambda index: precedence(selections[index]))
    for index in order:
        if not claiming[index]:
            continue
        selection = selections[index]
        rows = array("i")
        for row in bodies[index]:
            if row < base_end or row in taken or row in kept or row in staying:
                continue
            copy = selection.keeps.get(row, -1)
            if copy in taken:
                continue  # the copy that was to stay goes already: this one stays instead
            if copy >= 0:
                staying.add(copy)
            taken.add(row)
            rows.append(row)
        claimed[index] = rows
    parts: dict[int, dict[int, int]] = {}
    dropped: dict[int, int] = defaultdict(int)
    transformed: set[tuple[int, str | None]] = set()
    """(row, query): what one query says of a file are the same bytes, whichever rule asks."""
    for index in order:
        if not claiming[index] or not selections[index].parts:
            continue
        parts[index] = {}
        for row, size in sorted(selections[index].parts.items()):
            left = files.size[row] - dropped[row]
            what = (row, selections[index].rule.query)
            if what in transformed:
                continue
            if row >= base_end and row not in taken and min(size, left) > 0:
                transformed.add(what)
                dropped[row] += min(size, left)
                parts[index][row] = min(size, left)
    return tuple(
        Claim(
            selection=selection,
            counts=claiming[index],
            rows=array("i", [row for row in bodies[index] if row >= base_end]),
            claimed=claimed.get(index, array("i")),
            parts=parts.get(index, {}),
            noted={}
            if claiming[index]
            else {row: size for row, size in selection.parts.items() if row >= base_end},
            base_rows=array("i", [row for row in bodies[index] if row < base_end]),
        )
        for index, selection in enumerate(selections)
    )


def claim_last(
    files: Files,
    claims: Sequence[Claim],
    selections: Sequence[Selection],
    *,
    claiming: Sequence[bool],
    base_layers: int,
) -> tuple[Claim, ...]:
    """The claims, and those of deletions after all others: they get what those have left.

    All names of the bodies that they select go. Transformations of these files have no effect any more.
    """
    if not selections:
        return tuple(claims)
    base_end = files.starts[min(base_layers, len(files.starts) - 1)]
    taken = {row for one in claims for row in one.claimed}
    last: list[Claim] = []
    for selection, counts in zip(selections, claiming, strict=True):
        bodies = _bodies(files, selection)
        rows = array("i", [row for row in bodies if row >= base_end])
        base_rows = array("i", [row for row in bodies if row < base_end])
        claimed = array("i", [row for row in rows if row not in taken] if counts else ())
        taken.update(claimed)
        last.append(Claim(selection, counts, rows, claimed, {}, {}, base_rows))
    gone = {row for one in last for row in one.claimed}
    return (*(_without(one, gone) for one in claims), *last)


def _without(claim: Claim, gone: set[int]) -> Claim:
    """A claim that transforms none of the files that go."""
    if gone.isdisjoint(claim.parts):
        return claim
    return replace(claim, parts={row: size for row, size in claim.parts.items() if row not in gone})


def _bodies(files: Files, selection: Selection) -> list[int]:
    """The rows that hold the bytes of the selected names, each once, ascending."""
    found = {
        files.body.get(row, -1) if files.kind[row] == Kind.HARDLINK else row
        for row in selection.rows
    }
    found.discard(-1)
    return sorted(found)


def _kept(files: Files, selections: Sequence[Selection], claiming: Sequence[bool]) -> set[int]:
    """Hard-linked bodies that stay although some of their names are selected."""
    names: dict[int, list[int]] = defaultdict(list)
    for row, body in files.body.items():
        if files.shown[row]:
            names[body].append(row)
    if not names:
        return set()
    selected: set[int] = set()
    for selection, claims in zip(selections, claiming, strict=True):
        if claims:
            selected.update(selection.rows)
    kept: set[int] = set()
    for body, rows in names.items():
        if files.shown[body]:
            rows.append(body)
        if files.fate[body] == Fate.LIVE and not selected.issuperset(rows):
            kept.add(body)
    return kept


def precedence(selection: Selection) -> tuple[int, int, int, int, int, str]:
    """The place of a selection among those that claim the same bytes: the first gets them."""
    rule = selection.rule
    dead = rule.query is not None and rule.query.startswith("layer.")
    effect = 0 if dead else 2 if selection.keeps else 1
    fixed = max((_fixed_parts(glob) for glob in rule.match), default=0)
    return (
        effect,
        _CONFIDENCE[rule.confidence],
        0 if rule.packages or rule.query else 1,
        -fixed,
        _WHERE[rule.where],
        rule.id,
    )


def _fixed_parts(glob: str) -> int:
    """Leading components without wildcards; a variable counts for one."""
    count = 0
    for part in glob.split("/"):
        if any(mark in part for mark in "*?["):
            break
        count += 1
    return count
