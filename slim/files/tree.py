"""The final filesystem by directory: what lies below each, and the largest."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest
from itertools import compress, pairwise

from msgspec import Struct

from slim.files.table import ROOT, Files, runs

_MOSTLY = 0.8


class Rollup(Struct, frozen=True):
    """Live bytes and names below each directory, itself included; indexed by directory id."""

    disk: Sequence[int]
    pull: Sequence[int]
    files: Sequence[int]
    own: tuple[dict[int, int], ...]
    """Of each layer: directory → live bytes on disk that its rows have right in it."""
    names: Mapping[int, int]
    """Row of a body that hard links share → row of the name to show it by: its bytes are there, but
    for `own`."""


def roll_up(files: Files, pull: array[int]) -> Rollup:
    """Sum the live files of each directory and all below it; children come after their parents."""
    disk, pulled, count = ([0] * len(files.dir_parent) for _ in range(3))
    own: list[dict[int, int]] = []
    live = files.live_bodies()
    for first, end in pairwise(files.starts):
        here, chosen = slice(first, end), live[first:end]
        homes = array("i", compress(files.directory[here], chosen))
        sizes, shares = (list(compress(column[here], chosen)) for column in (files.size, pull))
        inside: dict[int, int] = {}
        for start, stop in runs(homes):
            home, size = homes[start], sum(sizes[start:stop])
            inside[home] = inside.get(home, 0) + size
            disk[home] += size
            pulled[home] += sum(shares[start:stop])
        own.append(inside)
    for home, names in Counter(compress(files.directory, files.live_names())).items():
        count[home] = names
    shown_by = _names_of_bodies(files)
    for body, name in shown_by.items():
        for home, sign in ((files.directory[body], -1), (files.directory[name], 1)):
            disk[home] += sign * files.size[body]
            pulled[home] += sign * pull[body]
    for directory in range(len(files.dir_parent) - 1, ROOT, -1):
        parent = files.dir_parent[directory]
        disk[parent] += disk[directory]
        pulled[parent] += pulled[directory]
        count[parent] += count[directory]
    return Rollup(disk, pulled, count, tuple(own), shown_by)


def largest_directories(files: Files, rollup: Rollup, top: int) -> list[int]:
    """The directories that tell most, largest first.

    A directory whose bytes are mostly those of one below it says nothing that the lower one does not
    say better, and is left out; so is the root.
    """
    passed_on = bytearray(len(files.dir_parent))
    for size, parent in zip(rollup.disk[ROOT + 1 :], files.dir_parent[ROOT + 1 :], strict=True):
        if size >= _MOSTLY * rollup.disk[parent]:
            passed_on[parent] = 1
    candidates = [
        directory
        for directory in range(ROOT + 1, len(files.dir_parent))
        if rollup.disk[directory] and not passed_on[directory]
    ]
    return nlargest(top, candidates, key=rollup.disk.__getitem__)


def largest_files(files: Files, most: int) -> list[int]:
    """Rows of the largest live files that have bytes, largest first; equal sizes in order of rows."""
    live = list(compress(range(len(files)), files.live_bodies()))
    best = nlargest(most, live, key=files.size.__getitem__)
    return [row for row in best if files.size[row]]


def count_files(files: Files) -> int:
    """How many live files have bytes."""
    sizes = list(compress(files.size, files.live_bodies()))
    return len(sizes) - sizes.count(0)


def _names_of_bodies(files: Files) -> dict[int, int]:
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
