"""The final filesystem by directory: what lies below each, and the largest [pure]."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from heapq import nlargest
from itertools import compress

from slim.files.table import ROOT, Files

_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Rollup:
    """Live bytes and names below each directory, itself included; indexed by directory id."""

    disk: array[int]
    pull: array[int]
    files: array[int]


def roll_up(files: Files, pull: array[int]) -> Rollup:
    """Sum the live files of each directory and all below it; children come after their parents.

    The bytes of a body that hard links share are where its one name is (`names_of_bodies`).
    """
    count = len(files.dir_parent)
    disk, pulled, names = (array("q", bytes(8 * count)) for _ in range(3))
    for row in files.live_files():
        names[files.directory[row]] += 1
    live = files.live_bodies()
    for home, size, share in zip(
        compress(files.directory, live),
        compress(files.size, live),
        compress(pull, live),
        strict=True,
    ):
        disk[home] += size
        pulled[home] += share
    for body, name in names_of_bodies(files).items():
        for home, sign in ((files.directory[body], -1), (files.directory[name], 1)):
            disk[home] += sign * files.size[body]
            pulled[home] += sign * pull[body]
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


def largest_files(files: Files, top: int | None) -> list[int]:
    """Rows of the largest live files, largest first; equal sizes in order of rows. None: all with bytes."""
    live = files.live_bodies()
    if top is None:
        top = live.count(1)
    sizes = nlargest(top, compress(files.size, live))
    if not sizes:
        return []
    floor = max(sizes[-1], 1)
    rows = [
        row
        for row, size in zip(
            compress(range(len(files)), live), compress(files.size, live), strict=True
        )
        if size >= floor
    ]
    rows.sort(key=lambda row: (-files.size[row], row))
    return rows[:top]


def names_of_bodies(files: Files) -> dict[int, int]:
    """Row of a body that hard links share → row of the name to show it by.

    It is the first of the shown names in order of paths, so that the order in a tar does not matter.
    """
    names: dict[int, int] = {}
    for row, body in files.body.items():
        if files.shown[row]:
            for name in (body, row):
                best = names.get(body)
                if files.shown[name] and (best is None or files.path(name) < files.path(best)):
                    names[body] = name
    return names
