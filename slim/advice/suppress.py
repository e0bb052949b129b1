"""Selections × suppressions → what is still told, and what is not, before any byte is claimed [pure].

So the bytes of what is suppressed are free for other rules to claim. A suppression with paths takes
those paths alone; the first that fits counts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from slim.advice.ignore import Ignore
from slim.files.table import ROOT, Files
from slim.rules.glob import compile_globs
from slim.rules.match import Selection


class Parted(Struct, frozen=True):
    """A selection, or the part of one that an `Ignore` takes."""

    selection: Selection
    ignore: int | None = None
    """Its index; None for what is told."""
    whole: bool = True
    """Nothing of the rule's selection is elsewhere."""


def suppress(
    files: Files, selections: Sequence[Selection], ignores: Sequence[Ignore], today: date
) -> tuple[Parted, ...]:
    """The parts of the selections, in their order; what an expired suppression names is told."""
    of_rule: dict[str, list[int]] = defaultdict(list)
    for index, ignore in enumerate(ignores):
        if ignore.until is None or ignore.until >= today:
            of_rule[ignore.rule].append(index)
    if not of_rule:
        return tuple(Parted(one) for one in selections)
    paths = _Paths(files, ignores)
    parted: list[Parted] = []
    for one in selections:
        mine = sorted({*of_rule.get(one.rule.id, ()), *of_rule.get(one.rule.slug, ())})
        parted += _part(one, mine, paths) if mine else [Parted(one)]
    return tuple(parted)


def _part(selection: Selection, mine: Sequence[int], paths: _Paths) -> Iterator[Parted]:
    places = paths.first({*selection.rows, *selection.parts}, mine)
    if not places:  # it is about variables or layers, not about files
        yield Parted(selection, next((one for one in mine if one in paths.everywhere), None))
        return
    taken = {index for index in places.values() if index is not None}
    if rest := {row for row, index in places.items() if index is None}:
        told = _only(selection, rest)
        size = sum(paths.files.size[row] for row in told.rows) + sum(told.parts.values())
        if not taken or size >= selection.rule.floor:
            yield Parted(told, whole=not taken)
    for index in sorted(taken):
        rows = {row for row, by in places.items() if by == index}
        yield Parted(_only(selection, rows), index, whole=not rest and len(taken) == 1)


def _only(selection: Selection, rows: set[int]) -> Selection:
    return replace(
        selection,
        rows=array("i", [row for row in selection.rows if row in rows]),
        parts={row: size for row, size in selection.parts.items() if row in rows},
    )


class _Paths:
    """Which suppressions fit a row's path; directories are matched once, when they are asked for."""

    def __init__(self, files: Files, ignores: Sequence[Ignore]) -> None:
        self.files = files
        patterns = [(index, path) for index, one in enumerate(ignores) for path in one.paths]
        self._owners = [index for index, _ in patterns]
        self.everywhere = {index for index, one in enumerate(ignores) if not one.paths}
        self._globs = compile_globs([path for _, path in patterns])
        self._states = {ROOT: self._globs.root()}

    def first(self, rows: Iterable[int], mine: Sequence[int]) -> dict[int, int | None]:
        """Row → the first of `mine` that fits."""
        files, known = self.files, dict[tuple[int, ...], int | None]()
        found: dict[int, int | None] = {}
        for row in rows:
            answer = self._globs.accept(self._state(files.directory[row]), files.name[row])
            if answer not in known:
                fitting = self.everywhere.union(self._owners[one] for one in answer)
                known[answer] = next((one for one in mine if one in fitting), None)
            found[row] = known[answer]
        return found

    def _state(self, directory: int) -> int:
        above = []
        while directory not in self._states:
            above.append(directory)
            directory = self.files.dir_parent[directory]
        state = self._states[directory]
        for one in reversed(above):
            state = self._states[one] = self._globs.enter(state, self.files.dir_name[one])
        return state
