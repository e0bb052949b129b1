"""Report → what its page is filled with."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import partial
from heapq import nlargest
from typing import Any

from markupsafe import Markup, escape
from msgspec.structs import replace

from slim.formats import verdicts, words
from slim.formats.html import draw, maps, zoom
from slim.formats.html.maps import Metric, Tree
from slim.formats.html.tones import Tones, tones
from slim.formats.html.treemap import Item
from slim.formats.model import RenderOptions
from slim.formats.plan import recommend, steps
from slim.formats.terminal import cut, shorten
from slim.report.model import LayerInfo, Report, Role, TreeNode
from slim.report.noteworthy import is_worthwhile
from slim.report.reasons import reasons
from slim.report.stages import is_multi_stage
from slim.report.untrusted import Text, joined
from slim.units import Units, format_percent

_TOGETHER = 4
"""Findings that are shown at once of a step that has several."""
_FIRST, _STEPS = 3, 8
"""Steps that are shown at once, at least and at most; the others are in a fold."""
_MOST = 60
_MOST_LAYERS = 300
_MOST_ROWS = 300
_BRANCHES = 900
_DEEPEST = 40
_WITH_TOTALS = ("size", "pull-size", "reclaimable", "layers")
"""Budgets that stand with the number they are for."""


def context(report: Report, options: RenderOptions) -> dict[str, Any]:
    """The variables of `report.j2`. Lists are bounded: with the page's texts cut, so is its size."""
    units = options.units
    counted = [finding for finding in report.findings if not finding.suppressed]
    found = [finding for finding in counted if finding.claimed_bytes or finding.claimed_pull_bytes]
    advised = recommend(report, units)
    colours = tones(report.layers)
    rebuild = report.predicted.rebuild
    tree = maps.tree_of(report)
    branches = list(_branches(tree))
    links = {"files", *(f"n{index}" for what, index, _, _ in branches if what != "close")}
    waste = words.causes_of_waste(report)
    links |= {"dead"} if waste else set()
    links |= {"packages", *(f"p{index}" for index, _ in enumerate(report.packages[:_MOST_ROWS]))}
    widest = max((layer.disk_bytes for layer in report.layers), default=0)
    heaviest = max((layer.pull_bytes for layer in report.layers), default=0)
    return {
        "report": report,
        "tool": report.tool,
        "name": options.key or words.short_name(report),
        "sentence": sentence(report, units),
        "verdict": verdicts.brief(report),
        "reasons": [verdicts.sentence(reason, units) for reason in reasons(report)],
        "budgets": {budget.name: budget for budget in report.budgets},
        "other_budgets": [budget for budget in report.budgets if budget.name not in _WITH_TOTALS],
        "rebuilt": words.rebuilt(report, units),
        "advised": advised,
        "worthwhile": is_worthwhile(report),
        "rebuilt_bounds": words.rebuilt_bounds(rebuild, units) if rebuild else "",
        "multi_stage": is_multi_stage(report),
        "unused": words.unused(rebuild, units) if rebuild else "",
        "steps": steps(report),
        "found": found,
        "trifles": len(found) - sum(len(step.findings) for step in steps(report)),
        "several": _TOGETHER,
        "notes": [
            finding
            for finding in counted
            if not finding.claimed_bytes and not finding.claimed_pull_bytes
        ],
        "suppressed": [finding for finding in report.findings if finding.suppressed],
        "failing": set(report.verdict.findings),
        "shown": _prominent(report),
        "most": _MOST,
        "most_layers": _MOST_LAYERS,
        "most_rows": _MOST_ROWS,
        "tones": colours,
        "legend": legend(report, colours),
        "whole_bar": _whole_bar(report, units),
        "whole_legend": [(tone, says) for tone, _, says in _whole(report, units)],
        "bars": [
            {
                "disk": Markup(draw.bar(_layer_bar(layer, colours, "disk"), widest)),  # noqa: S704
                "pull": Markup(draw.bar(_layer_bar(layer, colours, "pull"), heaviest)),  # noqa: S704
            }
            for layer in report.layers[:_MOST_LAYERS]
        ],
        "maps": list(_maps(report, tree, colours, links, units)),
        "base_image": base_image(report, units),
        "package_sizes": words.package_sizes(report),
        "branches": branches,
        "waste": waste,
        "heaviest": report.largest_files[:_MOST_ROWS],
        "facts": list(_facts(report, units)),
    }


def sentence(report: Report, units: Units) -> str:
    """The image in one line, after its name."""
    totals = report.totals
    text = f"{units.size(totals.disk_bytes)} on disk"
    if totals.reclaimable_bytes:
        share = format_percent(totals.reclaimable_bytes, totals.disk_bytes)
        return f"{text}, {units.size(totals.reclaimable_bytes)} ({share}) of it reclaimable"
    if totals.dead_bytes:
        share = format_percent(totals.dead_bytes, totals.disk_bytes)
        return f"{text}, {units.size(totals.dead_bytes)} ({share}) of it never visible"
    return f"{text}, nothing to reclaim" if report.tool.rules else f"{text}; no rules applied"


def _prominent(report: Report) -> int:
    """How many steps are shown at once: those that matter, and three where none does."""
    saved = [step.saves for step in steps(report)]
    return max(
        _FIRST, sum(1 for saves in saved[:_STEPS] if saves * 100 >= report.totals.disk_bytes)
    )


def base_image(report: Report, units: Units) -> str:
    """What is known of the base image; empty when nothing is."""
    base = report.image.base
    if not base.layers:
        return ""
    guess = words.base_guess(base)
    name = f" {cut(base.name, 80)}" if base.name else ""
    layers = "layer 0" if base.layers == 1 else f"layers 0–{base.layers - 1:,}"
    sizes = maps.sizes(report.totals.base_bytes, report.totals.base_pull_bytes, units)
    return f"The base image{name} is {layers}, {sizes}{guess}."


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


def _whole(report: Report, units: Units) -> list[tuple[str, int, str]]:
    """(tone, bytes, words) of the image's parts on disk, which are all of it."""
    totals = report.totals
    base = sum(
        layer.live_bytes - layer.reclaimable_live_bytes
        for layer in report.layers
        if layer.from_base
    )
    gone = sum(layer.reclaimable_live_bytes for layer in report.layers)
    own = totals.live_bytes - base - gone
    parts = (
        ("base", base, "base image"),
        ("other", own, "own layers, stays"),
        ("gone", gone, "reclaimable"),
        ("dead", totals.dead_bytes, "dead: shipped and never visible"),
    )
    return [
        (tone, value, f"{says}, {units.size(value)}") for tone, value, says in parts if value > 0
    ]


def _whole_bar(report: Report, units: Units) -> Markup:
    parts = [(tone, value) for tone, value, _ in _whole(report, units)]
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
    report: Report, tree: Tree, colours: Tones, links: Container[str], units: Units
) -> Iterator[tuple[str, Metric, str, Markup, Markup]]:
    """(directory or package, metric, caption, drawing, what the script knows) of each map that has boxes."""
    name = words.short_name(report)
    kinds = (
        ("dir", "directory", partial(maps.by_directory, report, tree, colours)),
        ("package", "package", partial(maps.by_package, report, colours)),
    )
    metrics: tuple[tuple[Metric, str], ...] = (("disk", "on disk"), ("pull", "to pull"))
    for kind, by, items_of in kinds:
        for metric, sizes in metrics:
            items: list[Item] = items_of(metric, units)
            if metric == "pull" and units.estimated:
                items = [_estimated(item, units) for item in items]
            whole = sum(item.value for item in items)
            if not whole:
                continue
            shown = units.pull(whole) if metric == "pull" else units.size(whole)
            caption = f"{shown} {sizes}, by {by}"
            label = f"Treemap of {cut(name, 60)}: {caption}"
            drawing = draw.treemap(items, label, units, links=links, numbered=True)
            yield kind, metric, caption, Markup(drawing), Markup(escape(zoom.lines(items)))  # noqa: S704


def _estimated(item: Item, units: Units) -> Item:
    """The item with its size, and those of all in it, marked as estimates."""
    inside = tuple(_estimated(child, units) for child in item.children)
    return replace(item, shown=item.shown or units.pull(item.value), children=inside)


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
                node
                for child, node in zip(tree.children[-index - 1], children, strict=True)
                if node.kind == "rest" or child not in shown
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
        disk_bytes=sum(node.disk_bytes for node in nodes),
        pull_bytes=sum(node.pull_bytes for node in nodes),
        files=sum(node.files for node in nodes),
        reclaimable_bytes=sum(node.reclaimable_bytes for node in nodes),
    )


def _facts(report: Report, units: Units) -> Iterator[tuple[str, Text]]:
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
        yield "Taken for", _role(image.role)
    if report.gpu_code:
        yield "GPUs", words.gpu_code(report, units)
    yield "Rules", report.tool.rules or "none applied"
    yield "dive reports", words.dive(report, units)


def _role(role: Role) -> Text:
    """`a release, because it exposes a port; …`: what speaks for the role, the strongest first as found."""
    named = {"dev": "a development image", "ci": "a CI image", "base": "a base image"}
    name = named.get(role.name, f"a {role.name}")
    reasons = [
        shown.partition(": ")[2]
        for sign in role.evidence
        if (shown := cut(sign, 200)).startswith(f"{role.name} +")
    ]
    return f"{name}: {'; '.join(reasons)}" if reasons else name
