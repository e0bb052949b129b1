"""Globs × files → rows: which files of an image some patterns match.

All patterns are matched in one walk over the directories of the files. Only candidates are looked at, and the
answer for one file holds for all files with names of its kind in directories of the same state.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress

from slim.files.distinct_names import distinct
from slim.files.table import ROOT, Files, either, mask
from slim.rules.glob import GlobSet, Paths, compile_globs
from slim.rules.names import Matched

Answer = tuple[int, ...]
"""The patterns that match a file, ascending."""


def matched_rows(
    files: Files, among: bytes, patterns: Sequence[str], selecting: int | None = None
) -> Iterator[tuple[Answer, list[int]]]:
    """The rows of a mask that one of the first `selecting` patterns matches, or one of all, by answers.

    An answer may come several times, and answers of other patterns only may come, too.
    """
    most = len(patterns) if selecting is None else selecting
    if not most or 1 not in among:
        return
    homes, own = list(compress(files.directory, among)), list(compress(files.name, among))
    above = _above(files, set(homes))
    directories = distinct(files.dir_name[home] for home in above)
    globs = compile_globs(patterns, Paths(directories.every, frozenset(own)))
    states = _states(files, globs, above, globs.kinds_of_directories(directories))
    opened = {state for state in set(states) if globs.is_open(state, most)}
    is_open = bytes(map(opened.__contains__, states))
    candidates = bytes(map(is_open.__getitem__, homes))
    others = distinct(compress(own, mask(candidates, 0)))
    if ending := globs.ending(others, most):
        candidates = either(candidates, bytes(map(ending.__contains__, own)))
    chosen = list(compress(own, candidates))
    kinds = globs.kinds_of_files(distinct(chosen))
    groups: dict[tuple[int, Matched], list[int]] = defaultdict(list)
    rows = compress(compress(range(len(files)), among), candidates)
    for row, home, name in zip(rows, compress(homes, candidates), chosen, strict=True):
        groups[states[home], kinds.get(name, ())].append(row)
    for (state, _), group in groups.items():
        answer = globs.accept(state, files.name[group[0]])
        if answer:
            yield answer, group


def _states(
    files: Files, globs: GlobSet, directories: Iterable[int], kinds: Mapping[bytes, Matched]
) -> array[int]:
    """Directory → its state; of these directories and the root, parents before their children."""
    states = array("i", [globs.root()]) * len(files.dir_parent)
    known: dict[tuple[int, Matched], int] = {}
    for own in directories:
        name = files.dir_name[own]
        place = states[files.dir_parent[own]], kinds.get(name, ())
        state = known.get(place)
        if state is None:
            state = known[place] = globs.enter(place[0], name)
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
