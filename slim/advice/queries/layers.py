"""Queries about dead bytes: rows by what became of them [pure]."""

from __future__ import annotations

from itertools import compress

from slim.advice.match import Picked
from slim.files.table import Fate, Files, Kind, both, mask


def dead(files: Files, fate: Fate) -> Picked:
    """The files whose bytes met this fate."""
    rows = both(mask(files.kind, Kind.FILE), mask(files.fate, fate))
    return Picked(rows=list(compress(range(len(files)), rows)))
