"""Why a rule says what it says about an image, or why it says nothing [pure].

Nothing is decided here again. The conditions are asked one by one; what kept files out of the selection is
found by selecting with all restrictions lifted and putting them back one after the other; what became of
the rest is in the claims.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.apply import Applied
from slim.advice.claim import Claim
from slim.advice.ignore import Ignore
from slim.advice.survey import Ground
from slim.advice.vocabulary import NOT_KEPT
from slim.facts.evaluate import Answer, evaluate, prepare
from slim.files.table import Files
from slim.rules.glob import compile_globs
from slim.rules.match import Query, Selection, least, select, size_of
from slim.rules.protected import Protected
from slim.rules.rule import RoleMode, Rule
from slim.rules.variables import variables_of

Why = Literal["hidden", "excepted", "protected", "owned", "suppressed", "base", "claimed", "linked"]
Stop = Literal[
    "audience",
    "role-off",
    "when",
    "no-rebuild",
    "nothing",
    "hidden",
    "excepted",
    "protected",
    "owned",
    "floor",
    "suppressed",
    "role-note",
    "secret",
    "base",
    "claimed",
    "linked",
]
_NAMED = 5
_PATHS = 10


class LeftOut(Struct, frozen=True):
    """Files that the rule is about and does not claim, for one reason."""

    why: Why
    files: int
    disk: int
    """Bytes of them that it would have pointed at."""
    by: tuple[str, ...]
    """What protects, owns, suppresses or claims them, by name: a few."""
    examples: tuple[bytes, ...]
    """Paths, largest first: a few."""


class Explanation(Struct, frozen=True):
    """What became of one rule in one image."""

    rule: Rule
    role: str
    mode: RoleMode
    """What the rule's table of roles says of that role."""
    evidence: tuple[str, ...]
    """Why the image has it."""
    conditions: tuple[Answer, ...]
    """Of each predicate of `when`."""
    unset: tuple[str, ...]
    """Variables of the rule's paths that the image has no value for."""
    files: int
    """What the rule selects; where a condition or the role silences it, what it would select."""
    disk: int
    packages: tuple[str, ...]
    along: tuple[str, ...]
    """Packages that go with them; their files are counted in."""
    variables: tuple[str, ...]
    """Names of settings that it points at, which are no files."""
    least: int
    """Bytes below which it is silent in this image."""
    left_out: tuple[LeftOut, ...]
    claimed: int
    """Bytes on disk that it claims."""
    paths: tuple[tuple[bytes, int], ...]
    """Path and bytes of what it claims, or else points at: the largest."""
    ignored: tuple[Ignore, ...]
    stops: tuple[Stop, ...]
    """Why it claims nothing, in the order in which things are decided; empty if it claims."""
    told: bool
    """There is a finding of it in the report that is not suppressed."""


def explain(
    ground: Ground, applied: Applied, never: Sequence[Protected], rule: Rule
) -> Explanation:
    """Follow `rule`, which was among the rules that were applied."""
    files, facts = ground.files, ground.facts
    prepared = prepare(rule.when, facts, ground.view, ground.catalog.packages)
    conditions = tuple(evaluate((one,), prepared) for one in rule.when)
    mode = rule.roles.of(facts.role.name)
    queries = {**ground.queries, **applied.queries}
    selection, left_out = _selected(ground, queries, never, rule)
    mine = [
        (part, claim)
        for part, claim in zip(applied.parted, applied.claims, strict=True)
        if part.selection.rule.id == rule.id
    ]
    ignored = tuple(applied.ignores[part.ignore] for part, _ in mine if part.ignore is not None)
    told = [claim for part, claim in mine if part.ignore is None]
    for claim in told:
        # What goes along with packages, and what the program needs of them, is known by now.
        if claim.selection.packages:
            selection = claim.selection
    for part, _ in mine:
        if part.ignore is not None:
            rows = _sizes(files, part.selection)
            name = applied.ignores[part.ignore].by
            left_out.append(_left(files, "suppressed", rows, [name]))
    claimed: dict[int, int] = {}
    for claim in told:
        left_out += _unclaimed(ground, applied, claim)
        claimed.update({row: files.size[row] for row in claim.claimed})
        claimed.update(claim.parts)
    shown = claimed or _sizes(files, selection)
    return Explanation(
        rule=rule,
        role=facts.role.name,
        mode=mode,
        evidence=facts.role.evidence,
        conditions=conditions,
        unset=_unset(rule, facts.variables),
        files=len(_sizes(files, selection)),
        disk=size_of(files, selection),
        packages=selection.packages,
        along=selection.along,
        variables=selection.names,
        least=least(rule, ground.disk),
        left_out=tuple(left_out),
        claimed=sum(claimed.values()),
        paths=tuple((files.path(row), shown[row]) for row in _largest(shown, _PATHS)),
        ignored=ignored,
        stops=()
        if claimed
        else tuple(_stops(ground, applied, rule, conditions, selection, left_out, bool(told))),
        told=bool(told),
    )


def _stops(
    ground: Ground,
    applied: Applied,
    rule: Rule,
    conditions: Sequence[Answer],
    selection: Selection,
    left_out: Sequence[LeftOut],
    told: bool,
) -> Iterator[Stop]:
    mode = rule.roles.of(ground.facts.role.name)
    whys = {one.why for one in left_out}
    if rule.audience != "default":
        yield "audience"
    if mode == "off":
        yield "role-off"
    if not all(one.holds for one in conditions):
        yield "when"
    if not selection.names:
        size = size_of(ground.files, selection)
        if not selection.rows and not selection.parts:
            yield from (why for why in _RESTRICTIONS if why in whys)
            if rule.query == NOT_KEPT and applied.rebuild is None:
                yield "no-rebuild"
            elif not whys:
                yield "nothing"
        elif size < least(rule, ground.disk):
            yield "floor"
    yield from (why for why in _CLAIMING[:1] if why in whys)
    if told and rule.category == "secret":
        yield "secret"
    elif told and mode == "info":
        yield "role-note"
    yield from (why for why in _CLAIMING[1:] if why in whys)


_RESTRICTIONS: tuple[Literal["hidden", "excepted", "protected", "owned"], ...] = (
    "hidden",
    "excepted",
    "protected",
    "owned",
)
"""What keeps files out of a selection, in the order in which it is put back."""
_CLAIMING: tuple[Literal["suppressed", "base", "claimed", "linked"], ...] = (
    "suppressed",
    "base",
    "claimed",
    "linked",
)
"""What keeps selected files from being claimed."""


def _selected(
    ground: Ground, known: Mapping[str, Query], never: Sequence[Protected], rule: Rule
) -> tuple[Selection, list[LeftOut]]:
    """What the rule selects in this image whatever its size, and what each restriction left out."""
    files = ground.files
    queries = {name: cache(query) for name, query in known.items() if name == rule.query}
    open_ = replace(rule, state="any", except_paths=(), except_packages=(), owned=True)
    live = replace(open_, state=rule.state)
    spared = replace(live, except_paths=rule.except_paths, except_packages=rule.except_packages)
    steps = ((open_, ()), (live, ()), (spared, ()), (spared, never), (rule, never))
    left_out: list[LeftOut] = []
    before: dict[int, int] = {}
    selection = Selection(rule, array("i"))
    for number, (form, protected) in enumerate(steps):
        (selection,) = select(
            ground.view,
            [form],
            variables=ground.facts.variables,
            never=protected,
            owned=ground.system_owned,
            packages=ground.packages,
            queries=queries,
        )
        rows = _sizes(files, selection)
        gone = {row: size for row, size in before.items() if row not in rows}
        if number and gone:
            why = _RESTRICTIONS[number - 1]
            left_out.append(_left(files, why, gone, _named(ground, never, why, gone)))
        before = rows
    return selection, left_out


def _named(
    ground: Ground, never: Sequence[Protected], why: str, rows: Mapping[int, int]
) -> list[str]:
    """What protects or owns the largest of some files."""
    largest = _largest(rows, _NAMED)
    if why == "owned":
        owned = ground.owned
        return [
            f"{owned.packages[owned.owner[row]].manager} package"
            f" {owned.packages[owned.owner[row]].name}"
            for row in largest
        ]
    if why != "protected":
        return []
    owners = [entry.what for entry in never for _ in entry.match]
    globs = compile_globs([pattern for entry in never for pattern in entry.match])
    return [owners[one] for row in largest for one in globs.match(ground.files.path(row))]


def _unclaimed(ground: Ground, applied: Applied, claim: Claim) -> Iterator[LeftOut]:
    """What a claim points at and does not get."""
    files, rule, parts = ground.files, claim.selection.rule, claim.selection.parts
    base_end = files.starts[min(ground.base_layers, len(files.starts) - 1)]
    base = {row: size for row, size in parts.items() if row < base_end}
    base.update({row: files.size[row] for row in claim.base_rows})
    if base:
        yield _left(files, "base", base, [])
    if not claim.counts:
        return
    wanted = {
        row: size for row, size in parts.items() if row >= base_end and row not in claim.parts
    }
    wanted.update({row: files.size[row] for row in claim.rows})
    for row in claim.claimed:
        del wanted[row]
    takers: dict[str, dict[int, int]] = defaultdict(dict)
    for other in applied.claims:
        taken = wanted.keys() & set(other.claimed)
        if rule.query is not None and rule.query == other.selection.rule.query:
            taken |= wanted.keys() & other.parts.keys()
        for row in taken:
            takers[other.selection.rule.id][row] = wanted[row]
    for name, rows in sorted(takers.items(), key=lambda one: (-sum(one[1].values()), one[0])):
        yield _left(files, "claimed", rows, [name])
    rest = wanted.keys() - {row for rows in takers.values() for row in rows}
    if rest:
        yield _left(files, "linked", {row: wanted[row] for row in rest}, [])


def _left(files: Files, why: Why, rows: Mapping[int, int], by: Iterable[str]) -> LeftOut:
    return LeftOut(
        why,
        len(rows),
        sum(rows.values()),
        tuple(dict.fromkeys(by))[:_NAMED],
        tuple(files.path(row) for row in _largest(rows, _NAMED)),
    )


def _sizes(files: Files, selection: Selection) -> dict[int, int]:
    """Row → bytes that a selection points at."""
    return {**selection.parts, **{row: files.size[row] for row in selection.rows}}


def _largest(rows: Mapping[int, int], count: int) -> list[int]:
    return sorted(rows, key=lambda row: (-rows[row], row))[:count]


def _unset(rule: Rule, values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for text in rule.match for name in variables_of(text))
    return tuple(name for name in names if not values.get(name))
