"""Files × globs of rules → rows: which files each rule points at by their paths.

All globs are matched in one walk over the directories. Only candidates are looked at, and the verdict on one
file holds for all files with names of its kind in directories of the same state.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress

from slim.files.distinct_names import Names, distinct
from slim.files.table import ROOT, Files, Kind, both, either, mask
from slim.rules.glob import GlobSet, compile_globs
from slim.rules.names import Matched
from slim.rules.protected import Protected
from slim.rules.rule import Rule
from slim.rules.variables import bind

_PROTECTED, _PROTECTED_BY_NAME = -1, -2


def match_paths(
    files: Files,
    names: Names,
    rules: Sequence[Rule],
    *,
    variables: Mapping[str, Sequence[str]],
    protected: Sequence[Protected],
    owned: bytes,
    among: Collection[int] | None = None,
) -> list[array[int]]:
    """Per rule, the rows of regular files whose path its globs match; `among` these rows, if given.

    The other arguments are those of `match.match`.
    """
    found: list[array[int]] = [array("i") for _ in rules]
    if not rules:
        return found
    patterns, meanings, selecting = _patterns(rules, variables, protected)
    globs = compile_globs(patterns)
    regular = mask(files.kind, Kind.FILE, Kind.HARDLINK)
    rows: Iterable[int]
    if among is None:
        states = states_of(files, globs)
        kinds, candidate_names = globs.kinds_of_files(names, selecting)
        opened = {state for state in set(states) if globs.is_open(state, selecting)}
        is_open = bytes(map(opened.__contains__, states))
        rows = _candidates(files, regular, candidate_names, is_open)
    else:
        rows = sorted(row for row in among if regular[row])
        states = states_of(files, globs, _above(files, {files.directory[row] for row in rows}))
        kinds, _ = globs.kinds_of_files(distinct(files.name[row] for row in rows), 0)
    verdicts: dict[tuple[int, Matched], tuple[int, ...]] = {}
    for row in rows:
        name, state = files.name[row], states[files.directory[row]]
        key = state, kinds.get(name, ())
        verdict = verdicts.get(key)
        if verdict is None:
            verdict = verdicts[key] = _judge(globs.accept(state, name), meanings, rules)
        for index in verdict:
            rule = rules[index]
            if not files.shown[row] and rule.state == "live":
                continue
            if owned[row] and not rule.owned and rule.category != "secret":
                continue
            found[index].append(row)
    return found


def states_of(files: Files, globs: GlobSet, directories: Sequence[int] | None = None) -> array[int]:
    """Directory → its state; of these directories and the root, if given, parents before their children."""
    if directories is None:
        directories = range(ROOT + 1, len(files.dir_parent))
    states = array("i", [globs.root()]) * len(files.dir_parent)
    parents, names = files.dir_parent, files.dir_name
    kinds = globs.kinds_of_directories(distinct(names[own] for own in directories))
    known: dict[tuple[int, Matched], int] = {}
    for own in directories:
        key = states[parents[own]], kinds.get(names[own], ())
        state = known.get(key)
        if state is None:
            state = known[key] = globs.enter(key[0], names[own])
        states[own] = state
    return states


def _above(files: Files, directories: Iterable[int]) -> list[int]:
    """These directories and all above them, without the root, parents first."""
    found: set[int] = set()
    for directory in directories:
        above = directory
        while above != ROOT and above not in found:
            found.add(above)
            above = files.dir_parent[above]
    return sorted(found)


def _candidates(
    files: Files, regular: bytes, names: AbstractSet[bytes], is_open: bytes
) -> Iterable[int]:
    """The regular files that have one of `names`, or that are in a directory whose mask `is_open` is set.

    Most files of an image are not candidates, and these cost the interpreter no step.
    """
    chosen = bytes(map(names.__contains__, files.name)) if names else bytes(len(files))
    if 1 in is_open:
        chosen = either(chosen, bytes(map(is_open.__getitem__, files.directory)))
    return compress(range(len(files)), both(regular, chosen))


def _patterns(
    rules: Sequence[Rule], variables: Mapping[str, Sequence[str]], protected: Sequence[Protected]
) -> tuple[list[str], list[tuple[int, bool, bool]], int]:
    """All patterns, what each means, and how many of the first ones select.

    A meaning is (index of the rule or kind of protection, whether the pattern protects, whole directory).
    """
    patterns: list[str] = []
    meanings: list[tuple[int, bool, bool]] = []
    for index, rule in enumerate(rules):
        for text in rule.match:
            bound = bind(text, variables)
            patterns += bound
            meanings += [(index, False, text.endswith("/**"))] * len(bound)
    selecting = len(patterns)
    for index, rule in enumerate(rules):
        for text in rule.except_paths:
            bound = bind(text, variables)
            patterns += bound
            meanings += [(index, True, False)] * len(bound)
    for entry in protected:
        patterns += entry.match
        kind = _PROTECTED_BY_NAME if entry.by_name else _PROTECTED
        meanings += [(kind, True, False)] * len(entry.match)
    return patterns, meanings, selecting


def _judge(
    answer: tuple[int, ...], meanings: Sequence[tuple[int, bool, bool]], rules: Sequence[Rule]
) -> tuple[int, ...]:
    """The rules that select a file for which these patterns matched."""
    protected = {meanings[pattern][0] for pattern in answer if meanings[pattern][1]}
    selected: list[int] = []
    for pattern in answer:
        index, protects, tree = meanings[pattern]
        if protects or index in protected or index in selected:
            continue
        rule = rules[index]
        # Secrets are warned about wherever they are; dead bytes are hidden already.
        if rule.category not in ("secret", "layer"):
            if _PROTECTED in protected:
                continue
            if _PROTECTED_BY_NAME in protected and not tree:
                continue
        selected.append(index)
    return tuple(sorted(selected))
