"""The colours of the page and its drawings: cool for what stays, by layer; warm for what could go.

Every fill carries dark text with a contrast of at least 7 in light mode and light text in dark mode
(WCAG 2.2 §1.4.3 asks for 4.5); waste is hatched as well, so that colour is not needed to see it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.formats.instructions import shortened
from slim.formats.terminal import cut, shorten
from slim.report.model import LayerInfo

TEXT = ("#14181d", "#f3f5f8")
"""On any fill, in light and dark mode."""
FILLS = {
    "base": ("#d7d9dc", "#454b54"),
    "l1": ("#a8c9f7", "#234f8f"),
    "l2": ("#9edcc9", "#1c6353"),
    "l3": ("#cdbcf3", "#5a4394"),
    "l4": ("#9bd8ee", "#1a5f7c"),
    "l5": ("#bfe0a5", "#41651f"),
    "l6": ("#e6bfe4", "#7c3d7a"),
    "other": ("#bccbd9", "#3d5266"),
    "gone": ("#f8c063", "#8f5200"),
    "dead": ("#f2a093", "#97312a"),
    "overhead": ("#e6e2d8", "#57534a"),
    "new": ("#f5b5c4", "#8a2f4c"),
    "more": ("#f7cfa0", "#7d4a10"),
    "less": ("#a9dcc2", "#1f6349"),
    "grew": ("#e5786a", "#d0574b"),
    "shrank": ("#57b08c", "#3f9a77"),
}
"""Tone → fill in light and in dark mode. The last two are for bars alone, without text on them."""
STRIPES = {"gone": ("#eda93f", "#7a4600"), "dead": ("#e58779", "#7f2620")}
_OWN = 6


class Tones(Struct, frozen=True):
    """Which layer has which tone, and what to say of each in a legend."""

    of_layer: dict[int, str]
    instructions: list[str]
    """By layer, shown as they are."""
    legend: list[tuple[str, str]]


def tones(layers: Sequence[LayerInfo]) -> Tones:
    """A tone for each of the layers of which most stays, one for the base image, one for all others."""
    stays = {layer.index: layer.live_bytes - layer.reclaimable_live_bytes for layer in layers}
    own = [layer for layer in layers if not layer.from_base and stays[layer.index] > 0]
    own.sort(key=lambda layer: (-stays[layer.index], layer.index))
    chosen = sorted(layer.index for layer in own[:_OWN])
    of_layer = {layer.index: "base" if layer.from_base else "other" for layer in layers}
    of_layer |= {index: f"l{number}" for number, index in enumerate(chosen, 1)}
    instructions = [cut(shortened(layer.created_by, 60), 60) or "no history" for layer in layers]
    legend = [("base", "base image")] if "base" in of_layer.values() else []
    legend += [
        (of_layer[layer.index], shorten(f"layer {layer.index}: {text}", 44))
        for layer, text in zip(layers, instructions, strict=True)
        if of_layer[layer.index] not in ("base", "other")
    ]
    if any(of_layer[layer.index] == "other" for layer in own):
        legend.append(("other", "other layers"))
    return Tones(of_layer, instructions, legend)
