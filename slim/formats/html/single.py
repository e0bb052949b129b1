"""Report → what its page is filled with [pure]."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import partial
from heapq import nlargest
from typing import Any

from markupsafe import Markup

from slim.formats import words
from slim.formats.html import draw, maps
from slim.formats.html.maps import Metric, Tree
from slim.formats.html.tones import Tones, tones
from slim.formats.html.treemap import Item
from slim.formats.terminal import cut, shorten
from slim.report.model import LayerInfo, Report, TreeNode
from slim.report.untrusted import Text, joined
from slim.units import format_bytes, format_percent

_STEPS = 8
"""Steps that are shown at once; the others are in a fold."""
_MOST = 60
_MOST_LAYERS = 300
_MOST_ROWS = 300
_BRANCHES = 900
_DEEPEST = 40
_WITH_SUMS = ("size", "pull-size", "reclaimable", "layers")
"""Budgets that stand with the number they are for."""


def context(report: Report, key: str = "") -> dict[str, Any]:
    """The variables of `report.j2`. Lists are bounded: with the page's texts cut, so is its size."""
    steps = [
        one
        for one in report.findings
        if (one.claimed_bytes or one.claimed_pull_bytes) and not one.suppressed
    ]
    colours = tones(report.layers)
    tree = maps.tree_of(report)
    branches = list(_branches(tree))
    links = {"files", *(f"n{index}" for what, index, _, _ in branches if what != "close")}
    links |= {"dead"} if report.waste else set()
    links |= {"packages", *(f"p{index}" for index, _ in enumerate(report.packages[:_MOST_ROWS]))}
    widest = max((one.disk_bytes for one in report.layers), default=0)
    heaviest = max((one.pull_bytes for one in report.layers), default=0)
    return {
        "report": report,
        "tool": report.tool,
        "name": key or words.short_name(report),
        "sentence": sentence(report),
        "verdict": words.verdict(report),
        "budgets": {one.name: one for one in report.budgets},
        "other_budgets": [one for one in report.budgets if one.name not in _WITH_SUMS],
        "rebuilt": words.rebuilt(report),
        "steps": steps,
        "notes": [
            one
            for one in report.findings
            if not one.claimed_bytes and not one.claimed_pull_bytes and not one.suppressed
        ],
        "suppressed": [one for one in report.findings if one.suppressed],
        "failing": set(report.verdict.findings),
        "shown": _STEPS,
        "most": _MOST,
        "most_layers": _MOST_LAYERS,
        "most_rows": _MOST_ROWS,
        "tones": colours,
        "legend": legend(report, colours),
        "whole_bar": _whole_bar(report),
        "whole_legend": [(tone, says) for tone, _, says in _whole(report)],
        "bars": [
            {
                "disk": Markup(draw.bar(_layer_bar(one, colours, "disk"), widest)),  # noqa: S704
                "pull": Markup(draw.bar(_layer_bar(one, colours, "pull"), heaviest)),  # noqa: S704
            }
            for one in report.layers[:_MOST_LAYERS]
        ],
        "maps": list(_maps(report, tree, colours, links)),
        "base_words": base_words(report),
        "branches": branches,
        "heaviest": report.largest_files[:_MOST_ROWS],
        "facts": list(_facts(report)),
    }


def sentence(report: Report) -> str:
    """What to say of the image in one line, after its name."""
    totals = report.totals
    text = f"{format_bytes(totals.disk_bytes)} on disk"
    if totals.reclaimable_bytes:
        share = format_percent(totals.reclaimable_bytes, totals.disk_bytes)
        return f"{text}, {format_bytes(totals.reclaimable_bytes)} ({share}) of it reclaimable"
    if totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        return f"{text}, {format_bytes(totals.dead_bytes)} ({share}) of it never visible"
    return f"{text}, nothing to reclaim" if report.tool.rules else f"{text}; no rules applied"


def base_words(report: Report) -> str:
    """What is known of the base image; empty when nothing is."""
    base = report.image.base
    if not base.layers:
        return ""
    guess = ", which is a guess from the history" if base.guessed else ""
    name = f" {cut(base.name, 80)}" if base.name else ""
    return (
        f"The base image{name} is {words.first(base.layers, 'layer')},"
        f" {maps.sizes(report.totals.base_bytes, report.totals.base_pull_bytes)}{guess}."
    )


def legend(report: Report, colours: Tones) -> list[tuple[str, str]]:
    """Tone and meaning of everything in the maps."""
    rows = list(colours.legend)
    if any(node.reclaimable_bytes or node.reclaimable_pull_bytes for node in report.tree[:1]):
        rows.append(("gone", "reclaimable"))
    if report.totals.dead_bytes or report.totals.dead_pull_bytes:
        rows.append(("dead", "dead: shipped and never visible"))
    if report.packages and not any(tone == "other" for tone, _ in rows):
        rows.append(("other", "of several layers"))
    return rows


def _whole(report: Report) -> list[tuple[str, int, str]]:
    """(tone, bytes, words) of the image's parts on disk, which are all of it."""
    totals = report.totals
    base = sum(
        one.live_bytes - one.reclaimable_live_bytes for one in report.layers if one.from_base
    )
    gone = sum(one.reclaimable_live_bytes for one in report.layers)
    own = totals.live_bytes - base - gone
    parts = (
        ("base", base, "base image"),
        ("other", own, "own layers, stays"),
        ("gone", gone, "reclaimable"),
        ("dead", totals.dead_bytes, "dead: shipped and never visible"),
    )
    return [
        (tone, value, f"{says}, {format_bytes(value)}") for tone, value, says in parts if value > 0
    ]


def _whole_bar(report: Report) -> Markup:
    parts = [(tone, value) for tone, value, _ in _whole(report)]
    drawn = draw.bar(parts, report.totals.disk_bytes, 1120, 22)
    return Markup(drawn.replace('class="bar"', 'class="whole"', 1))  # noqa: S704


def _layer_bar(layer: LayerInfo, colours: Tones, metric: Metric) -> list[tuple[str, int]]:
    tone = colours.of_layer[layer.index]
    if metric == "disk":
        live, gone, dead = layer.live_bytes, layer.reclaimable_live_bytes, layer.dead_bytes
        return [(tone, live - gone), ("gone", gone), ("dead", dead)]
    gone, dead = layer.reclaimable_live_pull_bytes, layer.dead_pull_bytes
    rest = layer.pull_bytes - layer.live_pull_bytes - dead
    return [
        (tone, layer.live_pull_bytes - gone),
        ("gone", gone),
        ("dead", dead),
        ("overhead", rest),
    ]


def _maps(
    report: Report, tree: Tree, colours: Tones, links: Container[str]
) -> Iterator[tuple[str, Metric, str, Markup]]:
    """(directory or package, metric, caption, drawing) of each map that there is something to draw in."""
    name = words.short_name(report)
    kinds = (
        ("dir", "directory", partial(maps.by_directory, report, tree, colours)),
        ("package", "package", partial(maps.by_package, report, colours)),
    )
    metrics: tuple[tuple[Metric, str], ...] = (("disk", "on disk"), ("pull", "to pull"))
    for kind, by, items_of in kinds:
        for metric, sizes in metrics:
            items: list[Item] = items_of(metric)
            total = format_bytes(sum(one.value for one in items))
            if not items or not any(one.value for one in items):
                continue
            caption = f"{total} {sizes}, by {by}"
            label = f"Treemap of {cut(name, 60)}: {caption}"
            drawing = draw.treemap(items, label, links=links)
            yield kind, metric, caption, Markup(drawing)  # noqa: S704


def _branches(tree: Tree) -> Iterator[tuple[str, int, TreeNode | None, str]]:
    """The tree in order, as ("open", …) and ("close", …) of directories and ("leaf", …) of others.

    (what, index, node, name). A directory with nothing but a directory is one line with it. Of a large
    tree the smallest nodes are one with the rest of their directory.
    """
    sizes = [(node.disk_bytes, -index) for index, node in enumerate(tree.nodes)]
    shown = {-index for _, index in nlargest(_BRANCHES, sizes)}
    waiting: list[tuple[int, int, str]] = [(0, 0, "")] if tree.nodes else []
    while waiting:
        index, depth, above = waiting.pop()
        if index < 0:
            # The end of a directory; before it what of its children is not shown one by one.
            children = [tree.nodes[child] for child in tree.children[-index - 1]]
            small = [
                one
                for child, one in zip(tree.children[-index - 1], children, strict=True)
                if one.kind == "rest" or child not in shown
            ]
            if small:
                yield "leaf", -1, _together(small), "all the rest"
            yield "close", index, None, ""
            continue
        node, inside = tree.nodes[index], tree.children[index]
        label = f"{above}{tree.names[index]}"
        if index and len(inside) == 1 and tree.nodes[inside[0]].kind == "directory":
            waiting.append((inside[0], depth, f"{label}/"))
            continue
        label = shorten(label, 140)
        if not inside or depth >= _DEEPEST:
            yield "leaf", index, node, label
            continue
        yield "open", index, node, label
        waiting.append((-index - 1, 0, ""))
        waiting += [
            (child, depth + 1, "")
            for child in reversed(inside)
            if child in shown and tree.nodes[child].kind != "rest"
        ]


def _together(nodes: Sequence[TreeNode]) -> TreeNode:
    return TreeNode(
        kind="rest",
        disk_bytes=sum(one.disk_bytes for one in nodes),
        pull_bytes=sum(one.pull_bytes for one in nodes),
        files=sum(one.files for one in nodes),
        reclaimable_bytes=sum(one.reclaimable_bytes for one in nodes),
    )


def _facts(report: Report) -> Iterator[tuple[str, Text]]:
    image, source = report.image, report.source
    yield "Name", image.name or "none"
    yield "Read from", joined(source.input, f" ({source.format})")
    for what, value in (
        ("Manifest", image.digest),
        ("Config", image.config_digest),
        ("Platform", image.platform),
        ("Created", image.created),
        ("Base image", image.base.name),
        ("Entrypoint", joined(*image.entrypoint, by=" ")),
        ("Command", joined(*image.cmd, by=" ")),
        ("User", image.user),
        ("Working directory", image.working_dir),
        ("Ports", joined(*image.exposed_ports, by=", ")),
        ("Stacks", ", ".join(image.stacks)),
    ):
        if value:
            yield what, value
    if image.role.name != "unknown":
        said = joined(*image.role.evidence, by=", ")
        yield "Role", joined(image.role.name, said, by=": ") if said else image.role.name
    yield "Rules", report.tool.rules or "none applied"
    score = report.dive
    yield (
        "dive would say",
        f"efficiency {score.efficiency:.4f}, {format_bytes(score.wasted_bytes)} wasted,"
        f" {100 * score.user_wasted_percent:.1f}% of what is not the first layer",
    )
