"""Queries about contents: copies, compressed twins, compiled twins, source maps [pure]."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from itertools import compress, repeat
from operator import ge

from slim.files.table import DIGEST_BYTES, Files, Kind, both
from slim.files.view import View
from slim.rules.match import QueryResult

_SMALLEST = 4096
"""Copies of smaller files are not worth a word: licences, empty modules."""
_PACKED = (b".gz", b".br", b".zst")


def duplicates(files: Files) -> QueryResult:
    """All copies but one of each content. Hard links share their bytes and are no copies.

    The copy with the shortest path stays; of equal ones the first.
    """
    asked = both(files.live_bodies(), bytes(map(ge, files.size, repeat(_SMALLEST))))
    # Half a digest tells nearly all contents apart, as a number at C speed.
    halves = array("Q", bytes(files.digests))[:: DIGEST_BYTES // 8]
    groups: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    if len(set(compress(halves, asked))) < asked.count(1):
        counts = Counter(compress(halves, asked))
        several = {half for half, count in counts.items() if count > 1}
        again = both(asked, bytes(map(several.__contains__, halves)))
        for row in compress(range(len(files)), again):
            groups[files.size[row], files.digest(row)].append(row)
    rows: list[int] = []
    keeps: dict[int, int] = {}
    for copies in groups.values():
        if len(copies) > 1:
            kept = min(copies, key=lambda row: (len(files.path(row)), row))
            for row in copies:
                if row != kept:
                    rows.append(row)
                    keeps[row] = kept
    return QueryResult(rows=sorted(rows), keeps=keeps)


def precompressed(view: View) -> QueryResult:
    """`x.gz`, `x.br` and `x.zst` where `x` exists beside them."""
    return _beside(view, _PACKED)


def source_maps(view: View) -> QueryResult:
    """`x.map` where `x` exists beside it, with the map's own compressed twins."""
    maps = _beside(view, (b".map",))
    twins = []
    for row in maps.rows:
        here = view.names[view.files.directory[row]]
        for ending in _PACKED:
            found = here.get(view.files.name[row] + ending, -1)
            if found >= 0:
                twins.append(found)
    return QueryResult(rows=sorted({*maps.rows, *twins}))


def compiled_twice(view: View) -> QueryResult:
    """`__pycache__/x.*.pyc` where `x.py` exists: the interpreter can write them again."""
    files, rows = view.files, []
    for directory in compress(
        range(len(files.dir_name)), map(b"__pycache__".__eq__, files.dir_name)
    ):
        sources = view.names[files.dir_parent[directory]]
        for name, row in view.names[directory].items():
            if row >= 0 and name.endswith(b".pyc") and name.split(b".")[0] + b".py" in sources:
                rows.append(row)
    return QueryResult(rows=sorted(rows))


def python_tests(view: View) -> QueryResult:
    """Files below a directory `test` or `tests` that holds `conftest.py` or `test_*.py`."""
    files = view.files
    inside = bytearray(len(files.dir_parent))
    for directory, (parent, own) in enumerate(zip(files.dir_parent, files.dir_name, strict=True)):
        if parent >= 0 and inside[parent]:
            inside[directory] = 1
        elif own in (b"test", b"tests"):
            inside[directory] = any(
                name == b"conftest.py" or (name.startswith(b"test_") and name.endswith(b".py"))
                for name in view.names[directory]
            )
    rows = [
        row
        for directory in compress(range(len(inside)), inside)
        for row in view.names[directory].values()
        if row >= 0 and files.kind[row] in (Kind.FILE, Kind.HARDLINK)
    ]
    return QueryResult(rows=sorted(rows))


def _beside(view: View, endings: tuple[bytes, ...]) -> QueryResult:
    rows = []
    for directory, names in view.holding(view.every.ending(endings)):
        here = view.names[directory]
        for name in names:
            row = here[name]
            if row < 0:
                continue
            ending = next(one for one in endings if name.endswith(one))
            if here.get(name[: -len(ending)], -1) >= 0:
                rows.append(row)
    return QueryResult(rows=sorted(rows))
