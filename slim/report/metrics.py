"""The report's numbers as OpenMetrics text, for GitLab's metrics report and for time series [pure].

Only numbers and fixed names: no text of the image gets here, and series keep their names between images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from slim.report.model import Report
from slim.report.results import counted

_SEVERITIES = ("high", "medium", "low", "info")
Sample = tuple[str, int]
"""(labels in braces or nothing, value)."""


def render(report: Report) -> str:
    """Gauges, each with its help and its unit, up to `# EOF`."""
    totals = report.totals
    found: Counter[str] = Counter(one.severity for one in counted(report))
    families: list[tuple[str, str, Sequence[Sample]]] = [
        ("image_size_bytes", "What an engine unpacks.", [("", totals.disk_bytes)]),
        ("image_pull_bytes", "What a registry sends.", [("", totals.pull_bytes)]),
        ("image_base_bytes", "The base image's part of the size.", [("", totals.base_bytes)]),
        ("image_dead_bytes", "Shipped and never visible.", [("", totals.dead_bytes)]),
        (
            "image_reclaimable_bytes",
            "What all findings claim together.",
            [("", totals.reclaimable_bytes)],
        ),
        ("image_layers", "Layers.", [("", totals.layers)]),
        ("image_files", "Regular files that the image shows.", [("", totals.live_files)]),
        (
            "image_findings",
            "Findings that claim bytes.",
            [(f'{{severity="{one}"}}', found[one]) for one in _SEVERITIES],
        ),
    ]
    if report.budgets:
        over = {f'{{budget="{one.name}"}}': int(one.result != "under") for one in report.budgets}
        about = "1: over the budget, or not known to be within."
        families.append(("image_budget_over", about, list(over.items())))
    lines = [text for name, about, samples in families for text in _family(name, about, samples)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _family(name: str, about: str, samples: Sequence[Sample]) -> list[str]:
    unit = [f"# UNIT {name} bytes"] if name.endswith("_bytes") else []
    head = [f"# TYPE {name} gauge", *unit, f"# HELP {name} {about}"]
    return [*head, *(f"{name}{labels} {value}" for labels, value in samples)]
