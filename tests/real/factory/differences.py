"""Compares a careless image with its careful twin, file by file, and with what slim claims of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from slim.files.table import Files, Kind, mask
from tests.real.twin_table import Advised, advise

_SHOWN = 12
"""Directories listed of each kind of difference."""
_DEPTH = 4


@dataclass(frozen=True)
class Claimed:
    """The files that one finding would delete, as paths in the image that is shown."""

    rule: str
    safety: str
    paths: frozenset[bytes]


@dataclass(frozen=True)
class Differences:
    """Bytes on disk by directory, largest first; each list has a limited length."""

    only_careless_bytes: int
    claimed_bytes: int
    """Of those, what findings claim, or find in the base image."""
    unclaimed: list[tuple[str, int]]
    """What nobody claims of what only the careless image has."""
    overclaimed_bytes: int
    overclaimed: list[tuple[str, int]]
    """What findings claim although the careful image has it, too."""
    kept_only: list[tuple[str, int]]
    """What the rebuild keeps and the careful image has not."""
    not_kept: list[tuple[str, int]]
    """What the careful image has and the rebuild leaves out."""


def claims_of(advised: Advised) -> list[Claimed]:
    """What each finding claims of the files that are shown, hard links included."""
    files = advised.files
    found = []
    for claim in advised.claims:
        if not claim.claimed:
            continue
        rows = set(claim.claimed)
        names = rows | {row for row, body in files.body.items() if body in rows}
        paths = frozenset(files.path(row) for row in names if files.fate[row] == 0)
        rule = claim.match.rule
        found.append(Claimed(rule.id, rule.safety, paths))
    return found


def compare(careless: Advised, careful: Path, base: Path) -> Differences:
    """Compare by content; a file of the same path counts as the same, for builds stamp their time."""
    files = careless.files
    twin = advise(careful, base).files
    there = Counter((twin.size[row], twin.digest(row)) for row in _bodies(twin))
    paths = {twin.path(row) for row in _bodies(twin) if twin.fate[row] == 0}
    only: set[int] = set()
    # A file of the image that is shown is the one that the twin has; copies hidden below differ.
    order = sorted(_bodies(files), key=lambda row: (files.fate[row] != 0, row not in careless.kept))
    for row in order:
        content = files.size[row], files.digest(row)
        if there[content] > 0:
            there[content] -= 1
        elif files.fate[row] != 0 or files.path(row) not in paths:
            only.add(row)
    found = {row for row in only if row in careless.of_base or row in careless.gone}
    shared = set(order) - only
    over = [row for row in shared if row in careless.gone]
    ours = {files.path(row) for row in order if files.fate[row] == 0}
    absent = [row for row in _bodies(twin) if twin.fate[row] == 0 and twin.path(row) not in ours]
    kept = careless.kept
    shown = [row for row in shared if files.fate[row] == 0 and row not in kept]
    size = files.size.__getitem__
    return Differences(
        sum(map(size, only)),
        sum(map(size, found)),
        _largest(files, only - found),
        sum(map(size, over)),
        _largest(files, over),
        _largest(files, only & kept),
        _merged(_largest(files, shown), _largest(twin, absent)) if kept else [],
    )


def _bodies(files: Files) -> list[int]:
    return list(compress(range(len(files)), mask(files.kind, Kind.FILE)))


def _largest(files: Files, rows: Iterable[int]) -> list[tuple[str, int]]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[_directory(files.path(row))] += files.size[row]
    return [(name, size) for name, size in sums.most_common(_SHOWN) if size >= 10_000]


def _directory(path: bytes) -> str:
    parts = path.decode(errors="replace").split("/")
    return "/" + "/".join(parts[:_DEPTH])


def _merged(*lists: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted((one for some in lists for one in some), key=lambda one: -one[1])[:_SHOWN]


def without_breaking(
    claims: Collection[Claimed], try_without: Callable[[Collection[bytes]], str | None]
) -> dict[str, str]:
    """Rule → what is wrong once the files that it claims are gone, each rule for itself."""
    wrong = {}
    for claim in claims:
        problem = try_without(claim.paths)
        if problem is not None:
            wrong[claim.rule] = problem
    return wrong
