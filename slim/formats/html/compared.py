"""Comparison → what its page is filled with [pure]."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from slim.formats import words
from slim.formats.delta_words import causes, counts, growth, sentence, sums
from slim.formats.html import change_map, draw
from slim.formats.results import suppressed
from slim.formats.terminal import cut
from slim.report.comparison import Comparison
from slim.report.untrusted import Text

_MOST = 60
_MOST_ROWS = 300
_MOST_LAYERS = 300


def context(comparison: Comparison, key: str = "") -> dict[str, Any]:
    """The variables of `comparison.j2`."""
    changes = [one.disk_bytes - one.base_disk_bytes for one in comparison.layers]
    largest = max(map(abs, changes), default=0)
    notes = [one for one in comparison.notes if one.finding.suppressed is None]
    findings = [*comparison.findings, *notes]
    name = key or words.short(comparison.image.name, comparison.image.input)
    return {
        "one": comparison,
        "tool": comparison.tool,
        "name": name,
        "base_name": words.short(comparison.base.name, comparison.base.input),
        "sentence": sentence(comparison),
        "verdict": words.verdict(comparison),
        "sums": list(sums(comparison)),
        "growth": list(growth(comparison)),
        "map": Markup(treemap(comparison, name)),  # noqa: S704
        "legend": change_map.legend(comparison),
        "causes": list(causes(comparison)),
        "layer_words": counts(one.status for one in comparison.layers),
        "bars": [
            Markup(draw.change_bar(change, largest))  # noqa: S704
            for change in changes[:_MOST_LAYERS]
        ],
        "findings": findings,
        "suppressed": suppressed(comparison),
        "finding_words": counts(
            {"still": "already on base"}.get(one.status, one.status) for one in findings
        ),
        "failing": set(comparison.verdict.findings),
        "most": _MOST,
        "most_rows": _MOST_ROWS,
        "most_layers": _MOST_LAYERS,
    }


def treemap(comparison: Comparison, name: Text) -> str:
    """The drawing of what changed; empty where nothing did."""
    items = change_map.changes(comparison)
    label = f"Treemap of what changed in {cut(name, 60)}: {sentence(comparison)}"
    return draw.treemap(items, label) if items else ""
