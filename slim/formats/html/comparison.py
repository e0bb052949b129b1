"""Comparison → what its page is filled with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from slim.formats import changes, verdicts, words
from slim.formats.code_findings import suppressed
from slim.formats.html import change_map, draw, zoom
from slim.formats.html.treemap import Item
from slim.formats.model import RenderOptions
from slim.formats.terminal import cut
from slim.report.comparison import Comparison
from slim.report.reasons import reasons
from slim.report.untrusted import Text
from slim.units import Units

_MOST = 60
_MOST_ROWS = 300
_MOST_LAYERS = 300


def context(comparison: Comparison, options: RenderOptions) -> dict[str, Any]:
    """The variables of `comparison.j2`."""
    units = options.units
    layer_changes = [layer.disk_bytes - layer.base_disk_bytes for layer in comparison.layers]
    largest = max(map(abs, layer_changes), default=0)
    notes = [note for note in comparison.notes if note.finding.suppressed is None]
    findings = [*comparison.findings, *notes]
    items = change_map.changes(comparison, units)
    name = options.key or words.short_name(comparison)
    return {
        "comparison": comparison,
        "tool": comparison.tool,
        "name": name,
        "base_name": words.short(comparison.base.name, comparison.base.input),
        "sentence": changes.sentence(comparison, units),
        "verdict": verdicts.brief(comparison),
        "reasons": [verdicts.sentence(reason, units) for reason in reasons(comparison)],
        "totals": list(changes.totals(comparison, units)),
        "growth": list(changes.growth(comparison)),
        "map": Markup(treemap(comparison, items, name, units, numbered=True)),  # noqa: S704
        "map_lines": Markup(escape(zoom.lines(items))),  # noqa: S704
        "legend": change_map.legend(comparison, units),
        "largest": changes.largest(comparison),
        "sign": changes.sign(comparison),
        "layer_counts": changes.counts(layer.status for layer in comparison.layers),
        "bars": [
            Markup(draw.change_bar(change, largest))  # noqa: S704
            for change in layer_changes[:_MOST_LAYERS]
        ],
        "findings": findings,
        "suppressed": suppressed(comparison),
        "finding_counts": changes.counts(
            {"still": "already on base"}.get(finding.status, finding.status) for finding in findings
        ),
        "failing": set(comparison.verdict.findings),
        "package_sizes": {},
        "most": _MOST,
        "most_rows": _MOST_ROWS,
        "most_layers": _MOST_LAYERS,
    }


def treemap(
    comparison: Comparison,
    items: Sequence[Item],
    name: Text,
    units: Units,
    *,
    numbered: bool = False,
) -> str:
    """The drawing of what changed, of the items of `change_map`; empty where nothing did."""
    sentence = changes.sentence(comparison, units)
    label = f"Treemap of what changed in {cut(name, 60)}: {sentence}"
    return draw.treemap(items, label, units, numbered=numbered) if items else ""
