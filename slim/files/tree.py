"""The final filesystem by directory: what lies below each, and the largest [pure]."""

from __future__ import annotations

from array import array
from heapq import nlargest
from itertools import compress
from operator import mul

from msgspec import Struct

from slim.files.table import ROOT, Fate, Files, both, mask, runs

_MOSTLY = 0.8


class Rollup(Struct, frozen=True):
    """Live bytes and names below each directory, itself included; indexed by directory id."""

    disk: array[int]
    pull: array[int]
    files: array[int]
    own: tuple[dict[int, int], ...]
    """Of each layer: directory → live bytes on disk that its rows have right in it."""


def roll_up(files: Files, pull: array[int]) -> Rollup:
    """Sum the live files of each directory and all below it; children come after their parents.

    The bytes of a body that hard links share are where its one name is (`names_of_bodies`), but for `own`.
    """
    disk, pulled, names = (array("q", bytes(8 * len(files.dir_parent))) for _ in range(3))
    own: list[dict[int, int]] = []
    shown = files.live_names()
    for layer in range(len(files.starts) - 1):
        rows = files.rows_of(layer)
        here = slice(rows.start, rows.stop)
        alive = mask(files.fate[here], Fate.LIVE)
        sizes, shares = _only(files.size[here], alive), _only(pull[here], alive)
        inside: dict[int, int] = {}
        for first, last in runs(homes := files.directory[here]):
            home, size = homes[first], sum(sizes[first:last])
            inside[home] = inside.get(home, 0) + size
            disk[home] += size
            pulled[home] += sum(shares[first:last])
            names[home] += shown.count(1, rows.start + first, rows.start + last)
        own.append(inside)
    for body, name in names_of_bodies(files).items():
        for home, sign in ((files.directory[body], -1), (files.directory[name], 1)):
            disk[home] += sign * files.size[body]
            pulled[home] += sign * pull[body]
    for directory in range(len(files.dir_parent) - 1, ROOT, -1):
        parent = files.dir_parent[directory]
        disk[parent] += disk[directory]
        pulled[parent] += pulled[directory]
        names[parent] += names[directory]
    return Rollup(disk, pulled, names, tuple(own))


def _only(column: array[int], chosen: bytes) -> array[int]:
    """The column with zeros in the rows that are not chosen. What is no file has no bytes anyway."""
    return array("q", map(mul, column, chosen)) if 0 in chosen else column


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
    large = bytes(map(floor.__le__, files.size))
    rows = list(compress(range(len(files)), both(live, large)))
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
