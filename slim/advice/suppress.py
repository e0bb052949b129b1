"""Marks the matches that the user suppressed, before any byte is claimed.

So the bytes of what is suppressed are free for other rules to claim. A suppression with paths takes only
those paths; where several fit a path, the first counts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from slim.advice.suppression import Suppression
from slim.files.table import ROOT, Files
from slim.rules.glob import compile_globs
from slim.rules.match import Match


def suppress(
    files: Files, matches: Sequence[Match], suppressions: Sequence[Suppression], today: date
) -> tuple[Match, ...]:
    """The matches in their order, split into suppressed and other parts where suppressions have paths.

    Suppressions that expired before `today` have no effect.
    """
    by_rule: dict[str, list[int]] = defaultdict(list)
    for index, suppression in enumerate(suppressions):
        if suppression.until is None or suppression.until >= today:
            by_rule[suppression.rule].append(index)
    if not by_rule:
        return tuple(matches)
    paths = _Paths(files, suppressions)
    found: list[Match] = []
    for match in matches:
        indexes = sorted({*by_rule.get(match.rule.id, ()), *by_rule.get(match.rule.slug, ())})
        found += _split(match, indexes, paths) if indexes else [match]
    return tuple(found)


def _split(match: Match, indexes: Sequence[int], paths: _Paths) -> Iterator[Match]:
    """The parts of a match, of whose rule these suppressions are."""
    by_row = paths.first({*match.rows, *match.parts}, indexes)
    if not by_row:  # it is about variables or layers, not about files
        first = next((index for index in indexes if index in paths.everywhere), None)
        yield replace(match, suppressed_by=first)
        return
    used = {index for index in by_row.values() if index is not None}
    if rest := {row for row, index in by_row.items() if index is None}:
        reported = _only(match, rest)
        size = sum(paths.files.size[row] for row in reported.rows) + sum(reported.parts.values())
        if not used or size >= match.rule.floor:
            yield replace(reported, is_whole=not used)
    for index in sorted(used):
        rows = {row for row, by in by_row.items() if by == index}
        is_whole = not rest and len(used) == 1
        yield replace(_only(match, rows), suppressed_by=index, is_whole=is_whole)


def _only(match: Match, rows: set[int]) -> Match:
    return replace(
        match,
        rows=array("i", [row for row in match.rows if row in rows]),
        parts={row: size for row, size in match.parts.items() if row in rows},
    )


class _Paths:
    """Which suppressions fit a row's path; a directory is matched once, when it is first needed."""

    def __init__(self, files: Files, suppressions: Sequence[Suppression]) -> None:
        self.files = files
        patterns = [
            (index, path)
            for index, suppression in enumerate(suppressions)
            for path in suppression.paths
        ]
        self._owners = [index for index, _ in patterns]
        self.everywhere = {index for index, each in enumerate(suppressions) if not each.paths}
        self._globs = compile_globs([path for _, path in patterns])
        self._states = {ROOT: self._globs.root()}

    def first(self, rows: Iterable[int], indexes: Sequence[int]) -> dict[int, int | None]:
        """Row → the first of `indexes` whose suppression fits."""
        files, known = self.files, dict[tuple[int, ...], int | None]()
        found: dict[int, int | None] = {}
        for row in rows:
            accepted = self._globs.accept(self._state(files.directory[row]), files.name[row])
            if accepted not in known:
                fitting = self.everywhere.union(self._owners[pattern] for pattern in accepted)
                known[accepted] = next((index for index in indexes if index in fitting), None)
            found[row] = known[accepted]
        return found

    def _state(self, directory: int) -> int:
        above = []
        while directory not in self._states:
            above.append(directory)
            directory = self.files.dir_parent[directory]
        state = self._states[directory]
        for child in reversed(above):
            state = self._states[child] = self._globs.enter(state, self.files.dir_name[child])
        return state
