"""Files × rules → selections: which rows each rule points at [pure].

Rules select by path, by package or by a computed query; exceptions, package ownership and the list of
what must never be deleted narrow the result.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slim.files.table import Files
from slim.files.view import View
from slim.rules.glob import NONE_PARSED, compile_globs
from slim.rules.glob_syntax import Choices, TextGlob, matching
from slim.rules.match_paths import match_paths
from slim.rules.protected import Protected
from slim.rules.rule import Rule
from slim.rules.variables import bind


class Picked(Struct, frozen=True):
    """What a computed query selects."""

    rows: Sequence[int] = ()
    """Whole files."""
    parts: Mapping[int, int] = field(default_factory=dict)
    """Row → bytes of the file that a transformation would drop."""
    keeps: Mapping[int, int] = field(default_factory=dict)
    """Row → the row that must stay when this one goes (the copy that is kept)."""
    names: tuple[str, ...] = ()
    """What is no file: variables, by name."""
    layers: tuple[int, ...] = ()
    """Where those were set."""


class Selection(Struct, frozen=True):
    """The rows that one rule points at, in order of rows."""

    rule: Rule
    rows: array[int]
    parts: Mapping[int, int] = field(default_factory=dict)
    keeps: Mapping[int, int] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    """Names of the packages, for rules that select packages."""
    along: tuple[str, ...] = ()
    """Names of packages that go with them, since nothing else wants them; their rows are among `rows`."""
    names: tuple[str, ...] = ()
    """What is no file: variables, by name."""
    layers: tuple[int, ...] = ()
    """Where those were set."""


Query = Callable[[], Picked]
"""A computed selection, called at most once and only if a rule asks for it."""


def match(
    view: View,
    rules: Sequence[Rule],
    *,
    disk: int,
    variables: Mapping[str, Sequence[str]],
    never: Sequence[Protected],
    owned: bytes,
    packages: Mapping[tuple[str, str], Iterable[int]],
    queries: Mapping[str, Query],
    parsed: Mapping[str, Choices] = NONE_PARSED,
) -> tuple[Selection, ...]:
    """The selections of `rules`, in their order; rules that select nothing, or less
    than their floor in an image of `disk` bytes, are left out. Other arguments are those of `select`.
    """
    files = view.files
    selections = select(
        view,
        rules,
        variables=variables,
        never=never,
        owned=owned,
        packages=packages,
        queries=queries,
        parsed=parsed,
    )
    return tuple(
        one
        for one in selections
        if ((one.rows or one.parts) and size_of(files, one) >= least(one.rule, disk)) or one.names
    )


def select(
    view: View,
    rules: Sequence[Rule],
    *,
    variables: Mapping[str, Sequence[str]],
    never: Sequence[Protected],
    owned: bytes,
    packages: Mapping[tuple[str, str], Iterable[int]],
    queries: Mapping[str, Query],
    parsed: Mapping[str, Choices] = NONE_PARSED,
) -> tuple[Selection, ...]:
    """What each rule selects, whatever its size and also where it is nothing.

    Args:
        owned: mask of the rows that a system package owns.
        packages: (manager, name) → rows of the package's files.
        queries: by name; a rule whose query is not among them selects nothing.
        parsed: globs of the rules that need no parsing any more.
    """
    picks: dict[str, Picked] = {}
    for name in [rule.query for rule in rules if rule.query is not None]:
        if name not in picks:
            query = queries.get(name)
            picks[name] = query() if query is not None else Picked()
    files = view.files
    by_path = _by_path(view, rules, picks, variables, never, owned, parsed)
    found: list[Selection] = []
    for index, rule in enumerate(rules):
        if rule.query is not None:
            picked = picks[rule.query]
            if rule.match:
                picked = _inside(picked, frozenset(by_path.get(index, ())))
            else:
                picked = _spared(files, rule, picked, owned, variables)
            if rule.except_packages:
                picked = _without(picked, rule, packages)
            rows = array("i", sorted(picked.rows))
            selection = Selection(
                rule,
                rows,
                picked.parts,
                picked.keeps,
                names=picked.names,
                layers=picked.layers,
            )
        elif rule.packages:
            selection = _from_packages(rule, packages)
        else:
            selection = Selection(rule, by_path[index])
        found.append(selection)
    return tuple(found)


def _by_path(
    view: View,
    rules: Sequence[Rule],
    picks: Mapping[str, Picked],
    variables: Mapping[str, Sequence[str]],
    never: Sequence[Protected],
    owned: bytes,
    parsed: Mapping[str, Choices],
) -> dict[int, array[int]]:
    """Index of each rule with globs → the rows that they match.

    A rule that narrows a query is asked about nothing but what that picks; most pick nothing.
    """
    plain = [index for index, rule in enumerate(rules) if rule.match and rule.query is None]
    narrowing: list[int] = []
    among: set[int] = set()
    for index, rule in enumerate(rules):
        picked = picks[rule.query] if rule.match and rule.query is not None else Picked()
        if picked.rows or picked.parts:
            narrowing.append(index)
            among.update(picked.rows, picked.parts)
    found: dict[int, array[int]] = {}
    for indexes, rows in ((plain, None), (narrowing, among)):
        matched = match_paths(
            view.files,
            view.every,
            [rules[index] for index in indexes],
            variables=variables,
            never=never,
            owned=owned,
            parsed=parsed,
            among=rows,
        )
        found.update(zip(indexes, matched, strict=True))
    return found


def size_of(files: Files, selection: Selection) -> int:
    """Bytes on disk that a selection points at."""
    return sum(files.size[row] for row in selection.rows) + sum(selection.parts.values())


def least(rule: Rule, disk: int) -> int:
    """Bytes below which a rule is silent in an image of `disk` bytes; empty files are no waste."""
    return max(rule.floor, -(-disk * rule.share // 100), 1)


def _inside(picked: Picked, rows: frozenset[int]) -> Picked:
    """What a query selects among the files that the rule's globs match."""
    parts = {row: size for row, size in picked.parts.items() if row in rows}
    return Picked(sorted(rows.intersection(picked.rows)), parts, picked.keeps)


def _spared(
    files: Files,
    rule: Rule,
    picked: Picked,
    owned: bytes,
    variables: Mapping[str, Sequence[str]],
) -> Picked:
    """What a query without globs selects, less what `except` protects.

    A file that a system package owns is not transformed either, unless the rule says `owned`: it
    would no longer be what the package's checksums say. Whole files of packages are what queries
    about packages select.
    """
    parts = {row: size for row, size in picked.parts.items() if rule.owned or not owned[row]}
    if not rule.except_paths:
        return replace(picked, parts=parts)
    spared = compile_globs([one for text in rule.except_paths for one in bind(text, variables)])
    rows = [row for row in picked.rows if not spared.match(files.path(row))]
    left = {row: size for row, size in parts.items() if not spared.match(files.path(row))}
    return Picked(rows, left, picked.keeps)


def _without(
    picked: Picked, rule: Rule, packages: Mapping[tuple[str, str], Iterable[int]]
) -> Picked:
    """What a query selects, less the packages that the rule spares."""
    named = _named(rule.except_packages, rule, packages)
    spared = {row for key in named for row in packages[key]}
    parts = {row: size for row, size in picked.parts.items() if row not in spared}
    return Picked([row for row in picked.rows if row not in spared], parts, picked.keeps)


def _from_packages(rule: Rule, packages: Mapping[tuple[str, str], Iterable[int]]) -> Selection:
    named = _named(rule.packages, rule, packages) - _named(rule.except_packages, rule, packages)
    rows = {row for key in named for row in packages[key]}
    names = sorted(name for _, name in named)
    return Selection(rule, array("i", sorted(rows)), packages=tuple(names))


def _named(
    globs: Sequence[TextGlob], rule: Rule, packages: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """The packages of the rule's manager whose names the globs match."""
    names = {key: key[1].encode() for key in packages if rule.manager in ("any", key[0])}
    found = matching(globs, names.values()) if globs else ()
    return {key for key, name in names.items() if name in found}
