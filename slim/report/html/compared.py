"""Comparison → what its page is filled with [pure]."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from slim.report import words
from slim.report.comparison import Comparison
from slim.report.delta_words import causes, counts, growth, sentence, sums
from slim.report.html import draw
from slim.report.results import suppressed

_MOST = 60
_MOST_ROWS = 300
_MOST_LAYERS = 300


def context(comparison: Comparison, key: str = "") -> dict[str, Any]:
    """The variables of `comparison.j2`."""
    changes = [one.disk_bytes - one.base_disk_bytes for one in comparison.layers]
    largest = max(map(abs, changes), default=0)
    notes = [one for one in comparison.notes if one.finding.suppressed is None]
    findings = [*comparison.findings, *notes]
    return {
        "one": comparison,
        "tool": comparison.tool,
        "name": key or words.short(comparison.image.name, comparison.image.input),
        "base_name": words.short(comparison.base.name, comparison.base.input),
        "sentence": sentence(comparison),
        "verdict": words.verdict(comparison),
        "sums": list(sums(comparison)),
        "growth": list(growth(comparison)),
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
