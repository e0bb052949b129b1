"""Report → the items of its treemaps: by directory and by package, on disk and to pull.

Each map is the whole image: what the final filesystem shows, what is shipped and never visible, and in
the pull the headers and padding of the layers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from slim.formats import words
from slim.formats.html.tones import Tones
from slim.formats.html.treemap import Item
from slim.formats.instructions import shortened
from slim.formats.terminal import cut, shorten
from slim.report.model import Report, TreeNode
from slim.report.untrusted import joined
from slim.units import Units

Metric = Literal["disk", "pull"]
_NAME = 80
_PATH = 140
_PACKAGES = 500
"""More have no room in a map."""


class Tree(Struct, frozen=True):
    """The report's tree, bounded: whoever forged it."""

    nodes: list[TreeNode]
    children: list[list[int]]
    names: list[str]
    """Last part of the path, shown as it is; of a rest what it stands for."""
    paths: list[str]


def tree_of(report: Report, limit: int = 2_500) -> Tree:
    """At most `limit` nodes with names and paths cut to what is worth showing."""
    nodes = report.tree[:limit]
    children: list[list[int]] = [[] for _ in nodes]
    names: list[str] = []
    paths: list[str] = []
    for index, node in enumerate(nodes):
        above = ""
        if node.parent is not None and node.parent < index:
            children[node.parent].append(index)
            above = paths[node.parent].rstrip("/")
        name = cut(node.name, _NAME)
        if node.kind == "rest":
            names.append("all the rest")
            paths.append(shorten(f"{above}/", _PATH))
        else:
            names.append(name or "/")
            paths.append(shorten(f"{above}/{name}", _PATH))
    return Tree(nodes, children, names, paths)


def by_directory(
    report: Report, tree: Tree, tones: Tones, metric: Metric, units: Units
) -> list[Item]:
    """The map of the final filesystem, with what is not in it."""
    if not tree.nodes:
        return []
    items: list[Item | None] = [None] * len(tree.nodes)
    for index in range(len(tree.nodes) - 1, -1, -1):
        node = tree.nodes[index]
        inside = [item for child in tree.children[index] if (item := items[child]) and item.value]
        name = tree.names[index]
        # A rest has no line of its own: its directory has.
        target = f"n{node.parent if node.kind == 'rest' else index}"
        if len(inside) == 1 and index:
            (only,) = (child for child in tree.children[index] if _value(tree.nodes[child], metric))
            if tree.nodes[only].kind != "rest":
                # A directory with nothing but one thing: one box for both.
                items[index] = _renamed(inside[0], f"{name}/{inside[0].name}")
                continue
            inside = []
        items[index] = Item(
            name=name,
            value=max(_value(node, metric), sum(item.value for item in inside)),
            gone=_gone(node, metric),
            tone=_tone(node.layer, tones),
            says=_says_node(tree, tones, index, units),
            target=target,
            children=tuple(inside),
            rule=cut(node.rule, 20),
        )
    root = items[0]
    return [*(root.children if root else ()), *_outside(report, metric, units)]


def by_package(report: Report, tones: Tones, metric: Metric, units: Units) -> list[Item]:
    """The map of the packages, by manager, with the files that none of them owns."""
    if not report.packages:
        return []
    managers: dict[str, list[Item]] = defaultdict(list)
    for index, package in enumerate(report.packages[:_PACKAGES]):
        value = package.disk_bytes if metric == "disk" else package.pull_bytes
        if not value:
            continue
        gone = package.reclaimable_bytes if metric == "disk" else package.reclaimable_pull_bytes
        name = cut(package.name, _NAME)
        about = [
            cut(joined(package.manager, package.name, package.version, by=" "), _PATH),
            sizes(package.disk_bytes, package.pull_bytes, units),
            words.count(package.files, "file"),
            cut(package.why, 60),
            *_claimed(package.reclaimable_bytes, package.rule, units),
            *_layer(tones, package.layer),
        ]
        tone = _tone(package.layer, tones)
        says = " · ".join(about)
        item = Item(name, value, gone, tone, says, f"p{index}", rule=cut(package.rule, 20))
        managers[cut(package.manager, 30)].append(item)
    items = [
        _frame(manager, inside, f"{words.count(len(inside), 'package')} of {manager}", units)
        for manager, inside in managers.items()
    ]
    small = [
        package.disk_bytes if metric == "disk" else package.pull_bytes
        for package in report.packages[_PACKAGES:]
    ]
    if any(small):
        name = f"{len(small):,} smaller packages"
        items.append(Item(name, sum(small), 0, "other", name, "packages"))
    totals = report.totals
    live = totals.live_bytes if metric == "disk" else totals.live_pull_bytes
    rest = live - sum(item.value for item in items)
    if rest > 0:
        all_gone = sum(_gone(node, metric) for node in report.tree[:1])
        gone = max(0, all_gone - sum(item.gone for item in items))
        says = f"files that no package owns: {units.size(rest)}"
        items.append(Item("no package", rest, min(gone, rest), "other", says, "files"))
    return [*items, *_outside(report, metric, units)]


def sizes(disk: int, pull: int, units: Units) -> str:
    """`4.10 MB on disk, 1.20 MB to pull`."""
    return f"{units.size(disk)} on disk, {units.pull(pull)} to pull"


def _outside(report: Report, metric: Metric, units: Units) -> list[Item]:
    """What the final filesystem does not show."""
    totals = report.totals
    dead = totals.dead_bytes if metric == "disk" else totals.dead_pull_bytes
    inside = []
    for waste in report.waste:
        value = waste.disk_bytes if metric == "disk" else waste.pull_bytes
        text = cut(shortened(waste.created_by, 60), 60)
        files = words.count(waste.files, "file")
        says = (
            f"{files} from layer {waste.origin_layer}, {words.cause(waste.kind)}"
            f" · layer {waste.ended_by}: {text}"
            f" · {sizes(waste.disk_bytes, waste.pull_bytes, units)}"
        )
        name = f"layer {waste.origin_layer}: {files} {waste.kind}"
        inside.append(Item(name, value, 0, "dead", says, "dead"))
    left = dead - sum(item.value for item in inside)
    if left > 0:
        inside.append(Item("smaller causes", left, 0, "dead", "smaller causes", "dead"))
    items = []
    if dead > 0:
        items.append(_frame("dead weight", inside, "shipped and never visible", units, "dead"))
    if metric == "pull" and totals.overhead_pull_bytes:
        overhead = units.pull(totals.overhead_pull_bytes)
        says = f"headers and padding of the layers · {overhead} to pull"
        items.append(Item("tar headers", totals.overhead_pull_bytes, 0, "overhead", says))
    return items


def _frame(name: str, inside: list[Item], says: str, units: Units, target: str = "") -> Item:
    inside = [item for item in inside if item.value]
    value, gone = sum(item.value for item in inside), sum(item.gone for item in inside)
    tone = inside[0].tone if inside else "other"
    says = f"{says} · {units.size(value)}"
    return Item(name, value, gone, tone, says, target, tuple(inside))


def _renamed(item: Item, name: str) -> Item:
    return replace(item, name=shorten(name, _PATH))


def _says_node(tree: Tree, tones: Tones, index: int, units: Units) -> str:
    node = tree.nodes[index]
    rest = "everything else in " if node.kind == "rest" else ""
    parts = [
        f"{rest}{tree.paths[index]}",
        sizes(node.disk_bytes, node.pull_bytes, units),
        *([words.count(node.files, "file")] if node.kind != "file" else []),
        *_claimed(node.reclaimable_bytes, node.rule, units),
        *_layer(tones, node.layer, mostly=node.kind != "file"),
    ]
    return " · ".join(parts)


def _claimed(count: int, rule: str, units: Units) -> list[str]:
    by = f" ({cut(rule, 20)})" if rule else ""
    return [f"{units.size(count)} reclaimable{by}"] if count else []


def _layer(tones: Tones, layer: int | None, *, mostly: bool = True) -> list[str]:
    if layer is None or layer >= len(tones.instructions):
        return []
    return [f"{'most of it in ' if mostly else ''}layer {layer}: {tones.instructions[layer]}"]


def _tone(layer: int | None, tones: Tones) -> str:
    return tones.of_layer.get(-1 if layer is None else layer, "other")


def _value(node: TreeNode, metric: Metric) -> int:
    return node.disk_bytes if metric == "disk" else node.pull_bytes


def _gone(node: TreeNode, metric: Metric) -> int:
    return node.reclaimable_bytes if metric == "disk" else node.reclaimable_pull_bytes
