"""The final filesystem as a tree of few nodes that lose no byte.

The files and directories with most bytes on disk get a node each; all that has none is, per
directory, one node more. What is chosen is closed: a directory comes before everything below it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from operator import itemgetter

from msgspec import Struct, field

from slim.files.gone import Gone
from slim.files.table import ROOT, Files
from slim.files.tree import Rollup

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
    why_gone: dict[str, int] = field(default_factory=dict)
    """What says that bytes would go → how many on disk."""


def outline(
    files: Files,
    rollup: Rollup,
    pull: array[int],
    gone: Iterable[Gone],
    largest: Sequence[int],
    limit: int,
) -> list[Node]:
    """At most `limit` files and directories beside the root, each directory's rest, and the root.

    Parents come before children, children largest first, the rest of a directory last.

    Args:
        gone: what would go; rows that are not live are left aside.
        largest: the `limit` largest files, as `largest_files` has them.
    """
    names = rollup.names
    folders, bodies = _choose(files, rollup, largest, limit)
    nodes, of_folder, of_body = _arrange(files, rollup, pull, folders, bodies)
    rests = [-1] * len(nodes)
    for index, node in enumerate(nodes):
        if node.sort == Sort.REST:
            rests[node.parent] = index
    # Where the bytes of a directory are counted that are not in a file with a node of its own.
    slots = [0] * len(files.dir_parent)
    nearest = [0] * len(files.dir_parent)
    for directory, parent in enumerate(files.dir_parent):
        nearest[directory] = of_folder.get(directory, nearest[parent])
        slots[directory] = rests[nearest[directory]]
    # Bodies that are not counted where their row is.
    apart = {body: slots[files.directory[name]] for body, name in names.items()} | of_body
    live = files.live_bodies()
    for each in gone:
        shown = each.only(live)
        places = list(map(slots.__getitem__, map(files.directory.__getitem__, shown.rows)))
        for row in apart.keys() & set(shown.rows):
            places[bisect_left(shown.rows, row)] = apart[row]
        for place, disk, share in shown.sums(places):
            node = nodes[place]
            node.gone_disk += disk
            node.gone_pull += share
            if each.why:
                node.why_gone[each.why] = node.why_gone.get(each.why, 0) + disk
    _mark_layers(files, rollup, nodes, slots, {row: apart[row] for row in apart if live[row]})
    for node in reversed(nodes):
        if node.parent >= 0:
            nodes[node.parent].gone_disk += node.gone_disk
            nodes[node.parent].gone_pull += node.gone_pull
            above = nodes[node.parent].why_gone
            for why, disk in node.why_gone.items():
                above[why] = above.get(why, 0) + disk
    return nodes


def _choose(
    files: Files, rollup: Rollup, largest: Sequence[int], limit: int
) -> tuple[list[int], list[int]]:
    """Directories and bodies with most bytes on disk; with a directory all those above it.

    What they take in the pull does not count: one image has one tree, however it is compressed.
    """
    depths = [0] * len(files.dir_parent)
    for directory in range(ROOT + 1, len(files.dir_parent)):
        depths[directory] = depths[files.dir_parent[directory]] + 1
    folders = [
        directory
        for directory in range(ROOT + 1, len(files.dir_parent))
        if rollup.disk[directory] and depths[directory] <= DEPTH
    ]
    bodies = [
        row
        for row in largest[:limit]
        if depths[files.directory[rollup.names.get(row, row)]] <= DEPTH
    ]
    # Equal sizes: first directories, of them the outer ones.
    chosen = [(rollup.disk[folder], True, folder) for folder in folders]
    chosen += [(files.size[body], False, body) for body in bodies]
    chosen.sort(key=itemgetter(0), reverse=True)
    del chosen[limit:]
    return [index for _, folder, index in chosen if folder], [
        index for _, folder, index in chosen if not folder
    ]


def _arrange(
    files: Files,
    rollup: Rollup,
    pull: array[int],
    folders: list[int],
    bodies: list[int],
) -> tuple[list[Node], dict[int, int], dict[int, int]]:
    """Nodes in order, and the index of each directory and body among them."""
    inside: dict[int, list[tuple[int, bytes, int, int]]] = defaultdict(list)
    """Directory → (-disk, name, 1 for a file, id) of what is in it."""
    for index in folders:
        inside[files.dir_parent[index]].append(
            (-rollup.disk[index], files.dir_name[index], 0, index)
        )
    for index in bodies:
        row = rollup.names.get(index, index)
        inside[files.directory[row]].append((-files.size[index], files.name[row], 1, index))
    nodes: list[Node] = []
    of_folder: dict[int, int] = {}
    of_body: dict[int, int] = {}
    waiting: list[Node | tuple[int, int, int]] = [(-1, 0, ROOT)]
    while waiting:
        taken = waiting.pop()
        if isinstance(taken, Node):
            nodes.append(taken)
            continue
        parent, is_file, index = taken
        own = len(nodes)
        if is_file:
            of_body[index] = own
            name = files.name[rollup.names.get(index, index)]
            nodes.append(Node(parent, Sort.FILE, name, files.size[index], pull[index], 1))
            continue
        of_folder[index] = own
        name = files.dir_name[index] if index != ROOT else b""
        node = Node(
            parent,
            Sort.DIRECTORY,
            name,
            rollup.disk[index],
            rollup.pull[index],
            rollup.files[index],
        )
        nodes.append(node)
        children = sorted(inside[index])
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
    slots: Sequence[int],
    apart: Mapping[int, int],
) -> None:
    """Set the layer of each node. `apart`: live bodies → their slots, where it is not that of their row."""
    moved: dict[int, list[int]] = defaultdict(list)
    for row in apart:
        moved[files.layer_of(row)].append(row)
    most = [0] * len(nodes)
    for layer, inside in enumerate(rollup.own):
        sums = [0] * len(nodes)
        for home, size in inside.items():
            sums[slots[home]] += size
        for row in moved[layer]:
            sums[slots[files.directory[row]]] -= files.size[row]
            sums[apart[row]] += files.size[row]
        for index in range(len(nodes) - 1, -1, -1):
            if size := sums[index]:
                node = nodes[index]
                if node.parent >= 0:
                    sums[node.parent] += size
                if size > most[index]:
                    most[index], node.layer = size, layer
