"""Queries about layers: dead bytes by what became of them, small layers, copies of
whole images, how layers are stored [pure]."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress

from slim.files.table import Fate, Files, Kind, both, mask
from slim.image.model import History
from slim.rules.match import QueryResult

_WHOLE = re.compile(r"^(?:COPY|ADD)(?: --[a-z]+=\S{1,500})* / /(?: # buildkit)?$")
_SMALL = 64 << 10
"""A layer with less in it is hardly worth a request of its own …"""
_MANY = 10
"""… which is a habit once an image has this many of them."""


def dead(files: Files, fate: Fate) -> QueryResult:
    """The files whose bytes met this fate."""
    rows = both(mask(files.kind, Kind.FILE), mask(files.fate, fate))
    return QueryResult(rows=list(compress(range(len(files)), rows)) if 1 in rows else ())


def many_small(files: Files) -> QueryResult:
    """The files of layers that hold less than 64 KiB each, if ten or more layers do."""
    layers = [
        _regular(files, layer)
        for layer in range(len(files.starts) - 1)
        if sum(files.size[files.starts[layer] : files.starts[layer + 1]]) < _SMALL
    ]
    return QueryResult(
        rows=[row for rows in layers for row in rows] if len(layers) >= _MANY else ()
    )


def uncompressed(files: Files, compressions: Sequence[str]) -> QueryResult:
    """The files of layers that are stored as they are. `compressions` has one word per layer."""
    return QueryResult(
        rows=[
            row
            for layer, compression in enumerate(compressions)
            if compression == "none"
            for row in _regular(files, layer)
        ]
    )


def whole_copies(files: Files, history: Sequence[History]) -> QueryResult:
    """The files of layers that `COPY / /` made: all of another image, copied into one layer."""
    rows: list[int] = []
    layer = 0
    for entry in history:
        if entry.empty_layer:
            continue
        if layer < len(files.starts) - 1 and _WHOLE.search(entry.created_by):
            rows += _regular(files, layer)
        layer += 1
    return QueryResult(rows=rows)


def _regular(files: Files, layer: int) -> list[int]:
    return [row for row in files.rows_of(layer) if files.kind[row] == Kind.FILE]
