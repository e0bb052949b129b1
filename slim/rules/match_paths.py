"""Files × globs of rules → rows: which files each rule points at by their paths."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from slim.files.table import Files, Kind, both, mask
from slim.rules.matched_rows import matched_rows
from slim.rules.protected import Protected
from slim.rules.rule import Rule
from slim.rules.variables import bind

_PROTECTED, _PROTECTED_BY_NAME = -1, -2


def match_paths(
    files: Files,
    rules: Sequence[Rule],
    *,
    variables: Mapping[str, Sequence[str]],
    protected: Sequence[Protected],
    owned: bytes,
    among: bytes | None = None,
) -> list[array[int]]:
    """Per rule, the rows of regular files whose path its globs match; `among` these, if given, as a mask.

    Most rules leave alone what a system package owns: those files are matched with the few others only.
    The other arguments are those of `match.match`.
    """
    found: list[list[int]] = [[] for _ in rules]
    candidates = mask(files.kind, Kind.FILE, Kind.HARDLINK)
    if among is not None:
        candidates = both(candidates, among)
    every = range(len(rules))
    of_owned = [index for index in every if rules[index].owned or rules[index].category == "secret"]
    for is_owned, indexes in ((0, every), (1, of_owned)):
        theirs = both(candidates, mask(owned, is_owned))
        asked = [rules[index] for index in indexes]
        patterns, meanings, selecting = _patterns(asked, variables, protected)
        for answer, group in matched_rows(files, theirs, patterns, selecting):
            shown = [row for row in group if files.shown[row]]
            for index in _judge(answer, meanings, asked):
                found[indexes[index]] += shown if asked[index].state == "live" else group
    return [array("i", sorted(rows)) for rows in found]


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
