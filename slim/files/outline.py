"""The final filesystem as a tree of few nodes that lose no byte [pure].

The files and directories with most bytes on disk get a node each; all that has none is, per
directory, one node more. What is chosen is closed: a directory comes before everything below it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import IntEnum
from heapq import nlargest
from itertools import compress

from msgspec import Struct

from slim.files.table import ROOT, Bytes, Files, both
from slim.files.tree import Rollup, names_of_bodies

DEPTH = 32
"""Directories below this many others are part of a rest, however large: nobody draws them."""


class Sort(IntEnum):
    """What a node stands for."""

    DIRECTORY = 0
    FILE = 1
    REST = 2


class Node(Struct):
    """A directory, a file or the rest of a directory, with all below it. Bytes are (disk, pull)."""

    parent: int
    """Index of an earlier node; -1 for the root."""
    sort: Sort
    name: bytes
    disk: int = 0
    pull: int = 0
    files: int = 0
    gone_disk: int = 0
    gone_pull: int = 0
    layer: int = -1
    """The layer that has most of its bytes on disk; -1 when it has none."""


def outline(
    files: Files, rollup: Rollup, pull: array[int], gone: Mapping[int, Bytes], limit: int
) -> list[Node]:
    """At most `limit` files and directories beside the root, each directory's rest, and the root.

    Parents come before children, children largest first, the rest of a directory last.

    Args:
        gone: row → (disk, pull) bytes that would go; rows that are not live are left aside.
    """
    names = names_of_bodies(files)
    folders, bodies = _choose(files, rollup, names, limit)
    nodes, of_folder, of_body = _arrange(files, rollup, pull, names, folders, bodies)
    rests = [-1] * len(nodes)
    for index, node in enumerate(nodes):
        if node.sort == Sort.REST:
            rests[node.parent] = index
    # Where the bytes of a directory are counted that are not in a file with a node of its own.
    slots = array("i", [0]) * len(files.dir_parent)
    nearest = array("i", [0]) * len(files.dir_parent)
    for directory, parent in enumerate(files.dir_parent):
        own = of_folder.get(directory)
        nearest[directory] = nearest[parent] if own is None else own
        slots[directory] = rests[nearest[directory]]

    def slot(body: int) -> int:
        own = of_body.get(body)
        return slots[files.directory[names.get(body, body)]] if own is None else own

    live = files.live_bodies()
    for row, (disk, share) in gone.items():
        if live[row]:
            at = slot(row)
            nodes[at].gone_disk += disk
            nodes[at].gone_pull += share
    apart = [(row, slot(row)) for row in {*names, *of_body} if live[row]]
    _mark_layers(files, rollup, nodes, slots, apart)
    for node in reversed(nodes):
        if node.parent >= 0:
            nodes[node.parent].gone_disk += node.gone_disk
            nodes[node.parent].gone_pull += node.gone_pull
    return nodes


def _choose(
    files: Files, rollup: Rollup, names: Mapping[int, int], limit: int
) -> tuple[list[int], list[int]]:
    """Directories and bodies with most bytes on disk; with a directory all those above it.

    What they take in the pull does not count: one image has one tree, however it is compressed.
    """
    depths = array("i", [0]) * len(files.dir_parent)
    for directory in range(ROOT + 1, len(files.dir_parent)):
        depths[directory] = depths[files.dir_parent[directory]] + 1

    def candidates() -> Iterator[tuple[int, int, int]]:
        # Equal sizes: first directories, of them the outer ones.
        for directory in range(ROOT + 1, len(files.dir_parent)):
            if rollup.disk[directory] and depths[directory] <= DEPTH:
                yield rollup.disk[directory], 1, -directory
        live = files.live_bodies()
        floor = max(min(nlargest(limit, compress(files.size, live)), default=0), 1)
        large = bytes(map(floor.__le__, files.size))
        for row in compress(range(len(files)), both(live, large)):
            if depths[files.directory[names.get(row, row)]] <= DEPTH:
                yield files.size[row], 0, -row

    best = nlargest(limit, candidates())
    return [-one for _, folder, one in best if folder], [
        -one for _, folder, one in best if not folder
    ]


def _arrange(
    files: Files,
    rollup: Rollup,
    pull: array[int],
    names: Mapping[int, int],
    folders: list[int],
    bodies: list[int],
) -> tuple[list[Node], dict[int, int], dict[int, int]]:
    """Nodes in order, and the index of each directory and body among them."""
    inside: dict[int, list[tuple[int, bytes, int, int]]] = defaultdict(list)
    """Directory → (-disk, name, 1 for a file, id) of what is in it."""
    for one in folders:
        inside[files.dir_parent[one]].append((-rollup.disk[one], files.dir_name[one], 0, one))
    for one in bodies:
        row = names.get(one, one)
        inside[files.directory[row]].append((-files.size[one], files.name[row], 1, one))
    nodes: list[Node] = []
    of_folder: dict[int, int] = {}
    of_body: dict[int, int] = {}
    waiting: list[Node | tuple[int, int, int]] = [(-1, 0, ROOT)]
    while waiting:
        taken = waiting.pop()
        if isinstance(taken, Node):
            nodes.append(taken)
            continue
        parent, is_file, one = taken
        own = len(nodes)
        if is_file:
            of_body[one] = own
            name = files.name[names.get(one, one)]
            nodes.append(Node(parent, Sort.FILE, name, files.size[one], pull[one], 1))
            continue
        of_folder[one] = own
        name = files.dir_name[one] if one != ROOT else b""
        node = Node(
            parent, Sort.DIRECTORY, name, rollup.disk[one], rollup.pull[one], rollup.files[one]
        )
        nodes.append(node)
        children = sorted(inside[one])
        rest = Node(own, Sort.REST, b"", node.disk, node.pull, node.files)
        for disk, _, is_file, child in children:
            rest.disk += disk
            rest.pull -= pull[child] if is_file else rollup.pull[child]
            rest.files -= 1 if is_file else rollup.files[child]
        if rest.disk or rest.pull or rest.files:
            waiting.append(rest)
        waiting += [(own, is_file, child) for _, _, is_file, child in reversed(children)]
    return nodes, of_folder, of_body


def _mark_layers(
    files: Files,
    rollup: Rollup,
    nodes: list[Node],
    slots: array[int],
    apart: list[tuple[int, int]],
) -> None:
    """Set the layer of each node. `apart`: live bodies that do not count where their row is."""
    by_layer: list[dict[int, int]] = [defaultdict(int) for _ in nodes]
    for layer, inside in enumerate(rollup.own):
        for home, size in inside.items():
            by_layer[slots[home]][layer] += size
    for row, slot in apart:
        layer = files.layer_of(row)
        by_layer[slots[files.directory[row]]][layer] -= files.size[row]
        by_layer[slot][layer] += files.size[row]
    for index in range(len(nodes) - 1, -1, -1):
        sums, parent = by_layer[index], nodes[index].parent
        best = max(sums, key=lambda layer: (sums[layer], -layer), default=-1)
        nodes[index].layer = best if best >= 0 and sums[best] > 0 else -1
        if parent >= 0:
            for layer, size in sums.items():
                by_layer[parent][layer] += size
