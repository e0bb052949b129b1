"""Why a rule reports what it does about an image, or why it reports nothing.

Nothing is decided here a second time. Conditions are evaluated one by one; what kept files out of a match
is found by matching with all restrictions lifted and putting them back one after the other; what became
of the rest is in the claims.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.advise import Advice
from slim.advice.claim import Claim
from slim.advice.image_facts import ImageFacts
from slim.advice.suppression import Suppression
from slim.advice.vocabulary import ABOUT_REBUILD
from slim.facts.evaluate import Answer, evaluate, prepare
from slim.files.table import Files
from slim.rules.glob import compile_globs
from slim.rules.match import Match, floor_of, match, size_of
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
    """Files that the rule is about but does not claim, for one reason."""

    why: Why
    files: int
    disk: int
    """Bytes of them that the rule would have pointed at."""
    by: tuple[str, ...]
    """Names of a few of the things that protect, own, suppress or claim them."""
    examples: tuple[bytes, ...]
    """A few paths, largest files first."""


class Explanation(Struct, frozen=True):
    """What became of one rule in one image."""

    rule: Rule
    role: str
    mode: RoleMode
    """What the rule does in images of that role."""
    evidence: tuple[str, ...]
    """Why the image has it."""
    conditions: tuple[Answer, ...]
    """For each predicate of `when`."""
    unset: tuple[str, ...]
    """Variables of the rule's paths that have no value in this image."""
    files: int
    """What the rule selects, or would select if a condition or the role did not silence it."""
    disk: int
    packages: tuple[str, ...]
    along: tuple[str, ...]
    """Packages that uninstalling those removes as well; their files are counted in."""
    variables: tuple[str, ...]
    """Names of environment variables and build arguments that it points at."""
    least: int
    """Bytes below which it reports nothing in this image."""
    left_out: tuple[LeftOut, ...]
    claimed: int
    """Bytes on disk that it claims."""
    paths: tuple[tuple[bytes, int], ...]
    """Path and bytes of the largest files that it claims or, if none, points at; of all on request …"""
    has_every_path: bool
    """… which this says."""
    suppressions: tuple[Suppression, ...]
    """Those that silence the rule or parts of what it found."""
    stops: tuple[Stop, ...]
    """Why it claims nothing, in the order in which things are decided; empty if it claims."""
    reported: bool
    """The report has a finding for it that is not suppressed."""


def explain(
    advice: Advice, protected: Sequence[Protected], rule: Rule, *, every_path: bool = False
) -> Explanation:
    """Follow `rule`, which was among the rules that `advice` comes from.

    Args:
        every_path: name all files that it claims, not the largest ones.
    """
    image = advice.image
    files, facts = image.files, image.facts
    prepared = prepare(rule.when, facts, image.view, image.catalog.packages)
    conditions = tuple(evaluate((condition,), prepared) for condition in rule.when)
    found, left_out = _selected(advice, protected, rule)
    claims = [claim for claim in advice.claims if claim.match.rule.id == rule.id]
    reported = [claim for claim in claims if claim.match.suppressed_by is None]
    for claim in reported:
        # By now it is known which packages go along, and which the program needs.
        if claim.match.packages:
            found = claim.match
    used: list[Suppression] = []
    for claim in claims:
        if claim.match.suppressed_by is not None:
            suppression = advice.suppressions[claim.match.suppressed_by]
            used.append(suppression)
            rows = _sizes(files, claim.match)
            left_out.append(_left_out(files, "suppressed", rows, [suppression.by]))
    claimed: dict[int, int] = {}
    for claim in reported:
        left_out += _unclaimed(advice, claim)
        claimed.update({row: files.size[row] for row in claim.claimed})
        claimed.update(claim.parts)
    shown = claimed or _sizes(files, found)
    stops = (
        ()
        if claimed
        else tuple(_stops(advice, rule, conditions, found, left_out, is_reported=bool(reported)))
    )
    return Explanation(
        rule=rule,
        role=facts.role.name,
        mode=rule.roles.of(facts.role.name),
        evidence=facts.role.evidence,
        conditions=conditions,
        unset=_unset(rule, facts.variables),
        files=len(_sizes(files, found)),
        disk=size_of(files, found),
        packages=found.packages,
        along=found.along,
        variables=found.names,
        least=floor_of(rule, image.disk),
        left_out=tuple(left_out),
        claimed=sum(claimed.values()),
        paths=tuple(
            (files.path(row), shown[row]) for row in _largest(shown, None if every_path else _PATHS)
        ),
        has_every_path=every_path,
        suppressions=tuple(used),
        stops=stops,
        reported=bool(reported),
    )


def _stops(
    advice: Advice,
    rule: Rule,
    conditions: Sequence[Answer],
    found: Match,
    left_out: Sequence[LeftOut],
    *,
    is_reported: bool,
) -> Iterator[Stop]:
    image = advice.image
    mode = rule.roles.of(image.facts.role.name)
    whys = {left.why for left in left_out}
    if rule.audience != "default":
        yield "audience"
    if mode == "off":
        yield "role-off"
    if not all(condition.holds for condition in conditions):
        yield "when"
    if not found.names:
        if not found.rows and not found.parts:
            yield from (why for why in _RESTRICTIONS if why in whys)
            if rule.query in ABOUT_REBUILD and advice.rebuild is None:
                yield "no-rebuild"
            elif not whys:
                yield "nothing"
        elif size_of(image.files, found) < floor_of(rule, image.disk):
            yield "floor"
    yield from (why for why in _CLAIMING[:1] if why in whys)
    if is_reported and rule.category == "secret":
        yield "secret"
    elif is_reported and mode == "info":
        yield "role-note"
    yield from (why for why in _CLAIMING[1:] if why in whys)


_RESTRICTIONS: tuple[Literal["hidden", "excepted", "protected", "owned"], ...] = (
    "hidden",
    "excepted",
    "protected",
    "owned",
)
"""What keeps files out of a match, in the order in which it is put back."""
_CLAIMING: tuple[Literal["suppressed", "base", "claimed", "linked"], ...] = (
    "suppressed",
    "base",
    "claimed",
    "linked",
)
"""What keeps selected files from being claimed."""


def _selected(
    advice: Advice, protected: Sequence[Protected], rule: Rule
) -> tuple[Match, list[LeftOut]]:
    """What the rule selects in this image whatever its size, and what each restriction left out."""
    image, files = advice.image, advice.image.files
    queries = {name: cache(query) for name, query in advice.queries.items() if name == rule.query}
    anywhere = replace(rule, state="any", except_paths=(), except_packages=(), owned=True)
    live = replace(anywhere, state=rule.state)
    excepting = replace(live, except_paths=rule.except_paths, except_packages=rule.except_packages)
    steps = (
        (anywhere, ()),
        (live, ()),
        (excepting, ()),
        (excepting, protected),
        (rule, protected),
    )
    left_out: list[LeftOut] = []
    before: dict[int, int] = {}
    found = Match(rule, array("i"))
    for number, (form, never_selected) in enumerate(steps):
        (found,) = match(
            image.view,
            [form],
            variables=image.facts.variables,
            protected=never_selected,
            owned=image.system_owned,
            packages=image.packages,
            queries=queries,
        )
        rows = _sizes(files, found)
        lost = {row: size for row, size in before.items() if row not in rows}
        if number and lost:
            why = _RESTRICTIONS[number - 1]
            left_out.append(_left_out(files, why, lost, _named(image, protected, why, lost)))
        before = rows
    return found, left_out


def _named(
    image: ImageFacts, protected: Sequence[Protected], why: Why, rows: Mapping[int, int]
) -> list[str]:
    """What protects or owns the largest of some files."""
    largest = _largest(rows, _NAMED)
    if why == "owned":
        owned = image.owned
        packages = [owned.packages[owned.owner[row]] for row in largest]
        return [f"{package.manager} package {package.name}" for package in packages]
    if why != "protected":
        return []
    names = [entry.what for entry in protected for _ in entry.match]
    globs = compile_globs([pattern for entry in protected for pattern in entry.match])
    return [names[index] for row in largest for index in globs.match(image.files.path(row))]


def _unclaimed(advice: Advice, claim: Claim) -> Iterator[LeftOut]:
    """What a claim points at but does not get."""
    image, files = advice.image, advice.image.files
    rule, parts = claim.match.rule, claim.match.parts
    base_end = files.starts[min(image.base_layers, len(files.starts) - 1)]
    base = {row: size for row, size in parts.items() if row < base_end}
    base.update({row: files.size[row] for row in claim.base_rows})
    if base:
        yield _left_out(files, "base", base, [])
    if not claim.counts:
        return
    missing = {
        row: size for row, size in parts.items() if row >= base_end and row not in claim.parts
    }
    missing.update({row: files.size[row] for row in claim.rows})
    for row in claim.claimed:
        del missing[row]
    takers: dict[str, dict[int, int]] = defaultdict(dict)
    for other in advice.claims:
        taken = missing.keys() & set(other.claimed)
        if rule.query is not None and rule.query == other.match.rule.query:
            taken |= missing.keys() & other.parts.keys()
        for row in taken:
            takers[other.match.rule.id][row] = missing[row]
    for name, rows in sorted(takers.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        yield _left_out(files, "claimed", rows, [name])
    rest = missing.keys() - {row for rows in takers.values() for row in rows}
    if rest:
        yield _left_out(files, "linked", {row: missing[row] for row in rest}, [])


def _left_out(files: Files, why: Why, rows: Mapping[int, int], by: Iterable[str]) -> LeftOut:
    return LeftOut(
        why,
        len(rows),
        sum(rows.values()),
        tuple(dict.fromkeys(by))[:_NAMED],
        tuple(files.path(row) for row in _largest(rows, _NAMED)),
    )


def _sizes(files: Files, found: Match) -> dict[int, int]:
    """Row → bytes that a match points at."""
    return {**found.parts, **{row: files.size[row] for row in found.rows}}


def _largest(rows: Mapping[int, int], count: int | None) -> list[int]:
    return sorted(rows, key=lambda row: (-rows[row], row))[:count]


def _unset(rule: Rule, values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for text in rule.match for name in variables_of(text))
    return tuple(name for name in names if not values.get(name))
