"""Matches → claims: each byte is claimed once, and only if the fix would really free it.

Order of effects: deletions, then copies, then transformations. Order of precedence: layer rules own dead
bytes; then the more certain rule; a package rule before a path rule; the glob with the longer fixed
beginning; the more local fix; the id. A hard-linked body goes only when all its names are selected. The
base image's bytes are never claimed: no instruction of this Dockerfile can free them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slim.files.table import Fate, Files
from slim.rules.match import Match, bodies_of
from slim.rules.rule import Rule

_CONFIDENCE = {"certain": 0, "likely": 1, "possible": 2}
_WHERE = {"same-layer": 0, "dockerignore": 1, "other-stage": 2, "base": 3}


class Claim(Struct, frozen=True):
    """The bytes that one match claims of an image."""

    match: Match
    counts: bool
    """False for a note, which claims nothing."""
    rows: array[int]
    """Bodies that the match covers, without those of the base image."""
    claimed: array[int]
    """Those of them that no earlier match has claimed: whole files."""
    parts: dict[int, int]
    """Row → bytes of a file that stays, dropped by a transformation."""
    noted: dict[int, int]
    """The same for a note, which points at them and claims nothing."""
    base_rows: array[int]
    """Bodies in the base image's layers: only another base leaves them out."""


def claim(
    files: Files,
    matches: Sequence[Match],
    *,
    role: str,
    base_layers: int,
    runs: Collection[int] = (),
) -> tuple[Claim, ...]:
    """One claim per match, in the given order.

    Args:
        role: of the image.
        runs: bodies of what the image runs, which stay.
    """
    base_end = _end_of_base(files, base_layers)
    counts = [can_claim(match, role) for match in matches]
    parted = [_parted(bodies_of(files, match), base_end) for match in matches]
    linked = _linked_elsewhere(files, matches, counts)
    taken: set[int] = set()
    claimed: dict[int, array[int]] = {}
    staying = {*runs, *linked}
    """With copies that stay in place of those that go."""
    order = sorted(
        (index for index in range(len(matches)) if counts[index]),
        key=lambda index: precedence(matches[index]),
    )
    for index in order:
        rows = array("i", sorted({*parted[index][1]} - taken - staying))
        if keeps := matches[index].keeps:
            rows = array("i", _unless_kept(rows, keeps, taken, staying))
        taken.update(rows)
        claimed[index] = rows
    parts: dict[int, dict[int, int]] = {}
    dropped: dict[int, int] = defaultdict(int)
    transformed: set[tuple[int, str | None]] = set()
    """(row, query): the result of a query for a file is the same bytes, whichever rule uses it."""
    for index in order:
        match = matches[index]
        parts[index] = {}
        for row, size in sorted(match.parts.items()):
            dropping = min(size, files.size[row] - dropped[row])
            key = (row, match.rule.query)
            if key not in transformed and row >= base_end and row not in taken and dropping > 0:
                transformed.add(key)
                dropped[row] += dropping
                parts[index][row] = dropping
    return tuple(
        Claim(
            match=match,
            counts=counts[index],
            rows=parted[index][1],
            claimed=claimed.get(index, array("i")),
            parts=parts.get(index, {}),
            noted={}
            if counts[index]
            else {row: size for row, size in match.parts.items() if row >= base_end},
            base_rows=parted[index][0],
        )
        for index, match in enumerate(matches)
    )


def claim_last(
    files: Files, claims: Sequence[Claim], matches: Sequence[Match], *, role: str, base_layers: int
) -> tuple[Claim, ...]:
    """`claims`, then those of matches that get only what these leave over.

    All names of the bodies that `matches` select go, so earlier claims to transform those files lapse.
    """
    if not matches:
        return tuple(claims)
    base_end = _end_of_base(files, base_layers)
    taken = set[int]().union(*(earlier.claimed for earlier in claims))
    last: list[Claim] = []
    for match in matches:
        counts = can_claim(match, role)
        base_rows, rows = _parted(bodies_of(files, match), base_end)
        claimed = array("i", sorted({*rows} - taken) if counts else ())
        taken.update(claimed)
        parts = {
            row: size
            for row, size in match.parts.items()
            if counts and row >= base_end and row not in taken
        }
        last.append(Claim(match, counts, rows, claimed, parts, {}, base_rows))
    deleted = set[int]().union(*(each.claimed for each in last))
    return (*(_without_parts_of(each, deleted) for each in claims), *last)


def can_claim(match: Match, role: str) -> bool:
    """Whether a match claims its bytes in an image of this role; else it is a note."""
    rule = match.rule
    return match.suppressed_by is None and rule.roles.of(role) == "on" and rule.category != "secret"


def precedence(match: Match) -> tuple[int, int, int, int, int, str]:
    """Sort key among matches that could claim the same bytes: the first gets them."""
    rule = match.rule
    is_dead = rule.query is not None and rule.query.startswith("layer.")
    effect = 0 if is_dead else 2 if match.keeps else 1
    return (
        effect,
        _CONFIDENCE[rule.confidence],
        0 if rule.packages or rule.query else 1,
        -_fixed_components(rule),
        _WHERE[rule.where],
        rule.id,
    )


def _fixed_components(rule: Rule) -> int:
    """Path components before the first wildcard, of the glob that has most; a variable counts for one."""
    most = 0
    for glob in rule.match:
        count = 0
        for component in glob.split("/"):
            if any(mark in component for mark in "*?["):
                break
            count += 1
        most = max(most, count)
    return most


def _end_of_base(files: Files, base_layers: int) -> int:
    """The first row that is not the base image's."""
    return files.starts[min(base_layers, len(files.starts) - 1)]


def _parted(bodies: array[int], base_end: int) -> tuple[array[int], array[int]]:
    """The rows of the base image, and the others."""
    cut = bisect_left(bodies, base_end)
    return bodies[:cut], bodies[cut:]


def _unless_kept(
    rows: Iterable[int], keeps: Mapping[int, int], taken: Collection[int], staying: set[int]
) -> Iterator[int]:
    """Those of some rows that go; `staying` gets the copies that stay in place of them."""
    gone: set[int] = set()
    for row in rows:
        copy = keeps.get(row, -1)
        # Where the copy that was to stay is claimed already, this one stays.
        if row in staying or copy in taken or copy in gone:
            continue
        if copy >= 0:
            staying.add(copy)
        gone.add(row)
        yield row


def _without_parts_of(claim: Claim, deleted: set[int]) -> Claim:
    if deleted.isdisjoint(claim.parts):
        return claim
    parts = {row: size for row, size in claim.parts.items() if row not in deleted}
    return replace(claim, parts=parts)


def _linked_elsewhere(files: Files, matches: Sequence[Match], counts: Sequence[bool]) -> set[int]:
    """Hard-linked bodies that stay because only some of their names are selected."""
    names: dict[int, list[int]] = defaultdict(list)
    for row, body in files.body.items():
        if files.shown[row]:
            names[body].append(row)
    if not names:
        return set()
    selected: set[int] = set()
    for match, claims in zip(matches, counts, strict=True):
        if claims:
            selected.update(match.rows)
    linked: set[int] = set()
    for body, rows in names.items():
        if files.shown[body]:
            rows.append(body)
        if files.fate[body] == Fate.LIVE and not selected.issuperset(rows):
            linked.add(body)
    return linked
