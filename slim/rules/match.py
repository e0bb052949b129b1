"""Files × rules → matches: which rows each rule points at.

Rules select by path, by package or by a computed query; exceptions, package ownership and the protected
paths narrow the result.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from msgspec import Struct, field
from msgspec.structs import replace

from slim.files.table import Files, Kind, picked
from slim.files.view import View
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import TextGlob, matching
from slim.rules.match_paths import match_paths
from slim.rules.protected import Protected
from slim.rules.rule import Rule
from slim.rules.variables import bind


class QueryResult(Struct, frozen=True):
    """What a computed query selects."""

    rows: Sequence[int] = ()
    """Whole files."""
    parts: Mapping[int, int] = field(default_factory=dict)
    """Row → bytes of the file that a transformation would drop."""
    keeps: Mapping[int, int] = field(default_factory=dict)
    """Row → the copy that must stay when this one goes, as a row."""
    names: tuple[str, ...] = ()
    """Names of environment variables and build arguments, where the query is not about files."""
    layers: tuple[int, ...] = ()
    """The layers that set those."""


class Match(Struct, frozen=True):
    """What one rule points at in an image; rows ascend."""

    rule: Rule
    rows: array[int]
    parts: Mapping[int, int] = field(default_factory=dict)
    """This and the next: as in `QueryResult`."""
    keeps: Mapping[int, int] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    """Names of the selected packages, for rules that select packages."""
    along: tuple[str, ...] = ()
    """Names of packages that uninstalling those removes as well; `rows` has their files."""
    names: tuple[str, ...] = ()
    """This and the next: as in `QueryResult`."""
    layers: tuple[int, ...] = ()
    suppressed_by: int | None = None
    """Index of the suppression that silences it."""
    is_whole: bool = True
    """False if suppressions split what the rule selects into several matches."""


_Key = tuple[str, str]
"""Manager and name of a package."""
_Names = dict[str, list[tuple[bytes, _Key]]]
"""Manager, or `any` → (name, key) of its packages."""
Query = Callable[[], QueryResult]
"""A computed selection; called at most once, and only if a rule uses it."""


def match(
    view: View,
    rules: Sequence[Rule],
    *,
    variables: Mapping[str, Sequence[str]],
    protected: Sequence[Protected],
    owned: bytes,
    packages: Mapping[tuple[str, str], Iterable[int]],
    queries: Mapping[str, Query],
) -> tuple[Match, ...]:
    """What each rule selects, in the order of `rules`, whatever its size; some select nothing.

    Args:
        variables: the values that variables of path globs have in this image.
        protected: paths that no rule selects.
        owned: mask of the rows that a system package owns.
        packages: (manager, name) → rows of the package's files.
        queries: by name; a rule whose query is missing here selects nothing.
    """
    results: dict[str, QueryResult] = {}
    for name in [rule.query for rule in rules if rule.query is not None]:
        if name not in results:
            query = queries.get(name)
            results[name] = query() if query is not None else QueryResult()
    by_path = _by_path(view, rules, results, variables, protected, owned)
    names = _named(packages)
    found: list[Match] = []
    for index, rule in enumerate(rules):
        if rule.query is not None:
            result = results[rule.query]
            if rule.match:
                result = _among(result, frozenset(by_path.get(index, ())))
            else:
                result = _without_excepted_paths(view.files, rule, result, owned, variables)
            if rule.except_packages:
                result = _without_excepted_packages(result, rule, packages, names)
            found.append(
                Match(
                    rule,
                    array("i", sorted(result.rows)),
                    result.parts,
                    result.keeps,
                    names=result.names,
                    layers=result.layers,
                )
            )
        elif rule.packages:
            found.append(_by_package(rule, packages, names))
        else:
            found.append(Match(rule, by_path[index]))
    return tuple(found)


def above_floor(files: Files, matches: Iterable[Match], disk: int) -> tuple[Match, ...]:
    """The matches that are large enough to report in an image of `disk` bytes."""
    return tuple(
        match
        for match in matches
        if match.names
        or ((match.rows or match.parts) and size_of(files, match) >= floor_of(match.rule, disk))
    )


def size_of(files: Files, match: Match) -> int:
    """Bytes on disk that a match points at, by whichever of its names."""
    return sum(picked(files.size, bodies_of(files, match))) + sum(match.parts.values())


def bodies_of(files: Files, match: Match) -> array[int]:
    """The rows that hold the bytes of the matched names, ascending."""
    rows = match.rows
    if Kind.HARDLINK not in bytes(picked(files.kind, rows)):
        return rows
    found = {files.body.get(row, -1) if files.kind[row] == Kind.HARDLINK else row for row in rows}
    return array("i", sorted(found - {-1}))


def floor_of(rule: Rule, disk: int) -> int:
    """Bytes below which a rule reports nothing in an image of `disk` bytes; at least 1."""
    return max(rule.floor, -(-disk * rule.share // 100), 1)


def _by_path(
    view: View,
    rules: Sequence[Rule],
    results: Mapping[str, QueryResult],
    variables: Mapping[str, Sequence[str]],
    protected: Sequence[Protected],
    owned: bytes,
) -> dict[int, array[int]]:
    """Index of each rule with globs → the rows that they match.

    The globs of a rule that narrows a query are tried only on the query's result, which is mostly empty.
    """
    by_glob = [index for index, rule in enumerate(rules) if rule.match and rule.query is None]
    narrowing: list[int] = []
    among = bytearray(len(view.files))
    for index, rule in enumerate(rules):
        result = results[rule.query] if rule.match and rule.query is not None else QueryResult()
        if result.rows or result.parts:
            narrowing.append(index)
            for row in (*result.rows, *result.parts):
                among[row] = 1
    found: dict[int, array[int]] = {}
    for indexes, rows in ((by_glob, None), (narrowing, bytes(among))):
        matched = match_paths(
            view.files,
            [rules[index] for index in indexes],
            variables=variables,
            protected=protected,
            owned=owned,
            among=rows,
        )
        found.update(zip(indexes, matched, strict=True))
    return found


def _among(result: QueryResult, rows: frozenset[int]) -> QueryResult:
    """The part of a query's result that the rule's globs match."""
    parts = {row: size for row, size in result.parts.items() if row in rows}
    return QueryResult(sorted(rows.intersection(result.rows)), parts, result.keeps)


def _without_excepted_paths(
    files: Files,
    rule: Rule,
    result: QueryResult,
    owned: bytes,
    variables: Mapping[str, Sequence[str]],
) -> QueryResult:
    """The result of a query without globs, less what `except` protects.

    A file that a system package owns is not transformed either, unless the rule says `owned`: it
    would no longer match the package's checksums. Whole files of packages stay, since queries about
    packages select those.
    """
    parts = {row: size for row, size in result.parts.items() if rule.owned or not owned[row]}
    if not rule.except_paths:
        return replace(result, parts=parts)
    excepted = compile_globs(
        [pattern for text in rule.except_paths for pattern in bind(text, variables)]
    )
    rows = [row for row in result.rows if not excepted.match(files.path(row))]
    parts = {row: size for row, size in parts.items() if not excepted.match(files.path(row))}
    return QueryResult(rows, parts, result.keeps)


def _without_excepted_packages(
    result: QueryResult, rule: Rule, packages: Mapping[_Key, Iterable[int]], names: _Names
) -> QueryResult:
    excepted = {
        row for key in _matching(rule.except_packages, rule, names) for row in packages[key]
    }
    parts = {row: size for row, size in result.parts.items() if row not in excepted}
    rows = [row for row in result.rows if row not in excepted]
    return QueryResult(rows, parts, result.keeps)


def _by_package(rule: Rule, packages: Mapping[_Key, Iterable[int]], names: _Names) -> Match:
    selected = _matching(rule.packages, rule, names) - _matching(rule.except_packages, rule, names)
    # A file belongs to one package.
    rows = array("i", sorted(chain.from_iterable(packages[key] for key in selected)))
    return Match(rule, rows, packages=tuple(sorted(name for _, name in selected)))


def _named(packages: Iterable[_Key]) -> _Names:
    names: _Names = defaultdict(list)
    for key in packages:
        manager, name = key
        for word in (manager, "any"):
            names[word].append((name.encode(), key))
    return names


def _matching(globs: Sequence[TextGlob], rule: Rule, names: _Names) -> set[_Key]:
    """The packages of the rule's manager whose names the globs match."""
    if not globs:
        return set()
    candidates = names.get(rule.manager, [])
    found = matching(globs, (name for name, _ in candidates))
    return {key for name, key in candidates if name in found}
