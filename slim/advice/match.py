"""Files × rules → selections: which rows each rule points at [pure].

All globs of all rules are matched in one walk over the table; what a file's answer means is decided
once per distinct answer. Rules select by path, by package or by a computed query; exceptions, package
ownership and the list of what must never be deleted narrow the result.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress

from msgspec import Struct, field
from msgspec.structs import replace

from slim.advice.glob import NONE_PARSED, compile_globs
from slim.advice.glob_syntax import Choices
from slim.advice.never import Protected
from slim.advice.rule import Rule
from slim.advice.variables import bind
from slim.files.table import ROOT, Files, Kind, mask


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
    files: Files,
    rules: Sequence[Rule],
    *,
    variables: Mapping[str, Sequence[str]],
    never: Sequence[Protected],
    owned: bytes,
    packages: Mapping[tuple[str, str], Iterable[int]],
    queries: Mapping[str, Query],
    parsed: Mapping[str, Choices] = NONE_PARSED,
) -> tuple[Selection, ...]:
    """The selections of `rules`, in their order; rules that select nothing, or less
    than their floor, are left out. Arguments are those of `select`.
    """
    disk = disk_of(files)
    selections = select(
        files,
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
    files: Files,
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
    by_path = _match_paths(files, rules, variables, never, owned, parsed)
    results: dict[str, Picked] = {}
    found: list[Selection] = []
    for index, rule in enumerate(rules):
        if rule.query is not None:
            query = queries.get(rule.query)
            if rule.query not in results:
                results[rule.query] = query() if query is not None else Picked()
            picked = results[rule.query]
            if rule.match:
                picked = _inside(picked, frozenset(by_path[index]))
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
            selection = _from_packages(files, rule, packages)
        else:
            selection = Selection(rule, by_path[index])
        found.append(selection)
    return tuple(found)


def disk_of(files: Files) -> int:
    """Bytes of all files of all layers: what a rule's `share` is a share of."""
    return sum(compress(files.size, mask(files.kind, Kind.FILE)))


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
    spared = compile_globs([one for text in rule.except_paths for one in bind(text, variables)])
    parts = {row: size for row, size in picked.parts.items() if rule.owned or not owned[row]}
    if not rule.except_paths:
        return replace(picked, parts=parts)
    rows = [row for row in picked.rows if not spared.match(files.path(row))]
    left = {row: size for row, size in parts.items() if not spared.match(files.path(row))}
    return Picked(rows, left, picked.keeps)


def _without(
    picked: Picked, rule: Rule, packages: Mapping[tuple[str, str], Iterable[int]]
) -> Picked:
    """What a query selects, less the packages that the rule spares."""
    spared = {
        row
        for (manager, name), rows in packages.items()
        if rule.manager in ("any", manager)
        and any(glob.matches(name.encode()) for glob in rule.except_packages)
        for row in rows
    }
    parts = {row: size for row, size in picked.parts.items() if row not in spared}
    return Picked([row for row in picked.rows if row not in spared], parts, picked.keeps)


def _from_packages(
    files: Files, rule: Rule, packages: Mapping[tuple[str, str], Iterable[int]]
) -> Selection:
    rows: set[int] = set()
    names: list[str] = []
    for (manager, name), owned in packages.items():
        if rule.manager not in ("any", manager):
            continue
        if any(glob.matches(name.encode()) for glob in rule.except_packages):
            continue
        if any(glob.matches(name.encode()) for glob in rule.packages):
            names.append(name)
            rows.update(owned)
    return Selection(rule, array("i", sorted(rows)), packages=tuple(sorted(names)))


def _match_paths(
    files: Files,
    rules: Sequence[Rule],
    variables: Mapping[str, Sequence[str]],
    never: Sequence[Protected],
    owned: bytes,
    parsed: Mapping[str, Choices],
) -> list[array[int]]:
    """Per rule, the rows of regular files whose path its globs match."""
    found: list[array[int]] = [array("i") for _ in rules]
    if not any(rule.match for rule in rules):
        return found
    patterns, meanings = _patterns(rules, variables, never)
    globs = compile_globs(patterns, parsed)
    states = array("i", [globs.root()])
    for directory in range(ROOT + 1, len(files.dir_parent)):
        states.append(globs.enter(states[files.dir_parent[directory]], files.dir_name[directory]))
    verdicts: dict[tuple[int, ...], tuple[int, ...]] = {(): ()}
    regular = mask(files.kind, Kind.FILE, Kind.HARDLINK)
    accept = globs.accept
    for row, home, name in zip(
        compress(range(len(files)), regular),
        compress(files.directory, regular),
        compress(files.name, regular),
        strict=True,
    ):
        answer = accept(states[home], name)
        verdict = verdicts.get(answer)
        if verdict is None:
            verdict = verdicts[answer] = _judge(answer, meanings, rules)
        for index in verdict:
            rule = rules[index]
            if not files.shown[row] and rule.state == "live":
                continue
            if owned[row] and not rule.owned and rule.category != "secret":
                continue
            found[index].append(row)
    return found


_NEVER, _NEVER_BY_NAME = -1, -2


def _patterns(
    rules: Sequence[Rule], variables: Mapping[str, Sequence[str]], never: Sequence[Protected]
) -> tuple[list[str], list[tuple[int, bool, bool]]]:
    """All patterns, and of each (rule or kind of protection, whether it protects, whole tree)."""
    patterns: list[str] = []
    meanings: list[tuple[int, bool, bool]] = []
    for index, rule in enumerate(rules):
        for texts, protects in ((rule.match, False), (rule.except_paths, True)):
            for text in texts:
                bound = bind(text, variables)
                patterns += bound
                meanings += [(index, protects, text.endswith("/**"))] * len(bound)
    for entry in never:
        patterns += entry.match
        kind = _NEVER_BY_NAME if entry.by_name else _NEVER
        meanings += [(kind, True, False)] * len(entry.match)
    return patterns, meanings


def _judge(
    answer: tuple[int, ...], meanings: Sequence[tuple[int, bool, bool]], rules: Sequence[Rule]
) -> tuple[int, ...]:
    """The rules that select a file for which these patterns matched."""
    protected = {meanings[one][0] for one in answer if meanings[one][1]}
    selected: list[int] = []
    for one in answer:
        index, protects, tree = meanings[one]
        if protects or index in protected or index in selected:
            continue
        rule = rules[index]
        # Secrets are warned about wherever they are; dead bytes are hidden already.
        if rule.category not in ("secret", "layer"):
            if _NEVER in protected:
                continue
            if _NEVER_BY_NAME in protected and not tree:
                continue
        selected.append(index)
    return tuple(sorted(selected))
