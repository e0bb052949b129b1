"""The final filesystem by directory: what lies below each, and the largest [pure]."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from heapq import nlargest

from slim.files.table import ROOT, Fate, Files, Kind

_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Rollup:
    """Live bytes and names below each directory, itself included; indexed by directory id."""

    disk: array[int]
    pull: array[int]
    files: array[int]


def roll_up(files: Files, pull: array[int]) -> Rollup:
    """Sum the live files of each directory and all below it; children come after their parents."""
    count = len(files.dir_parent)
    disk, pulled, names = (array("q", bytes(8 * count)) for _ in range(3))
    for kind, home, size, fate, shown, share in zip(
        files.kind, files.directory, files.size, files.fate, files.shown, pull, strict=True
    ):
        if kind > Kind.HARDLINK:
            continue
        if shown:
            names[home] += 1
        if kind == Kind.FILE and fate == Fate.LIVE:
            disk[home] += size
            pulled[home] += share
    for directory in range(count - 1, ROOT, -1):
        parent = files.dir_parent[directory]
        disk[parent] += disk[directory]
        pulled[parent] += pulled[directory]
        names[parent] += names[directory]
    return Rollup(disk, pulled, names)


def largest_directories(files: Files, rollup: Rollup, top: int) -> list[int]:
    """The directories that tell most, largest first.

    A directory whose bytes are mostly those of one below it says nothing that the lower one does not
    say better, and is left out; so is the root.
    """
    passed_on = bytearray(len(files.dir_parent))
    for directory in range(1, len(files.dir_parent)):
        parent = files.dir_parent[directory]
        if rollup.disk[directory] >= _MOSTLY * rollup.disk[parent]:
            passed_on[parent] = 1
    telling = (
        directory
        for directory in range(1, len(files.dir_parent))
        if rollup.disk[directory] and not passed_on[directory]
    )
    best = nlargest(top, ((rollup.disk[one], -one) for one in telling))
    return [-negative for _, negative in best]


def largest_files(files: Files, top: int) -> list[int]:
    """Rows of the largest live files, largest first; equal sizes in order of rows."""
    live = (
        (size, -row)
        for row, (kind, size, fate) in enumerate(
            zip(files.kind, files.size, files.fate, strict=True)
        )
        if kind == Kind.FILE and fate == Fate.LIVE and size
    )
    return [-negative for _, negative in nlargest(top, live)]
