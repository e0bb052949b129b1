"""Queries about contents: copies, and compressed twins."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from itertools import compress, repeat
from operator import ge

from slim.ecosystems.model import Subject
from slim.ecosystems.shared import beside
from slim.facts.gather import run_rows
from slim.files.table import DIGEST_BYTES, both
from slim.rules.match import QueryResult

_SMALLEST = 4096
"""Copies of smaller files are not worth a word: licences, empty modules."""
_PACKED = (b".gz", b".br", b".zst")


def duplicates(subject: Subject) -> QueryResult:
    """All copies but one of each content. Hard links share their bytes and are not copies.

    A copy that the image runs stays, else that with the shortest path; of equal ones the first.
    """
    files = subject.files
    runs = {files.body.get(row, row) for row in run_rows(subject.view, subject.facts)}
    large = both(files.live_bodies(), bytes(map(ge, files.size, repeat(_SMALLEST))))
    # Half a digest tells nearly all contents apart, as a number at C speed.
    halves = array("Q", bytes(files.digests))[:: DIGEST_BYTES // 8]
    groups: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    of_large = list(compress(halves, large))
    several = {half for half, count in Counter(of_large).items() if count > 1}
    candidates = compress(range(len(files)), large)
    for row in compress(candidates, map(several.__contains__, of_large)):
        groups[files.size[row], files.digest(row)].append(row)
    rows: list[int] = []
    keeps: dict[int, int] = {}
    for copies in groups.values():
        if len(copies) > 1:
            kept = min(copies, key=lambda row: (row not in runs, len(files.path(row)), row))
            for row in copies:
                if row != kept:
                    rows.append(row)
                    keeps[row] = kept
    return QueryResult(rows=sorted(rows), keeps=keeps)


def precompressed(subject: Subject) -> QueryResult:
    """`x.gz`, `x.br` and `x.zst` where `x` exists beside them."""
    return QueryResult(rows=beside(subject.view, _PACKED))
