"""The report's numbers as OpenMetrics text, for GitLab's metrics report and for time series.

Only numbers and fixed names: no text of the image gets here, and series keep their names between images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from slim.formats.code_findings import counted, new, totals
from slim.formats.model import Document, Format, RenderOptions
from slim.report.comparison import Comparison

_SEVERITIES = ("high", "medium", "low", "info")
Sample = tuple[str, int]
"""(labels in braces or nothing, value)."""


def render(document: Document, _: RenderOptions) -> str:
    """Gauges, each with its help and its unit, up to `# EOF`; of a comparison with the base's values."""
    compared = document if isinstance(document, Comparison) else None
    image = totals(document)
    found: Counter[str] = Counter(finding.severity for finding in counted(document))
    families: list[tuple[str, str, Sequence[Sample]]] = [
        ("image_size_bytes", "What an engine unpacks.", [("", image.disk_bytes)]),
        ("image_pull_bytes", "What a registry sends.", [("", image.pull_bytes)]),
        ("image_base_bytes", "The base image's part of the size.", [("", image.base_bytes)]),
        ("image_dead_bytes", "Shipped and never visible.", [("", image.dead_bytes)]),
        (
            "image_reclaimable_bytes",
            "What all findings claim together.",
            [("", image.reclaimable_bytes)],
        ),
        ("image_layers", "Layers.", [("", image.layers)]),
        ("image_files", "Regular files that the image shows.", [("", image.live_files)]),
        (
            "image_findings",
            "Findings that claim bytes.",
            [(f'{{severity="{name}"}}', found[name]) for name in _SEVERITIES],
        ),
    ]
    if compared:
        families += _before(compared)
    if document.budgets:
        over = {
            f'{{budget="{budget.name}"}}': int(budget.result != "under")
            for budget in document.budgets
        }
        about = "1: over the budget, or not known to be within."
        families.append(("image_budget_over", about, list(over.items())))
    lines = [text for name, about, samples in families for text in _family(name, about, samples)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _before(compared: Comparison) -> list[tuple[str, str, Sequence[Sample]]]:
    base, growth = compared.base.totals, compared.growth
    return [
        (
            "image_size_before_bytes",
            "The size of what it is compared with.",
            [("", base.disk_bytes)],
        ),
        ("image_pull_before_bytes", "The same in the pull.", [("", base.pull_bytes)]),
        (
            "image_reclaimable_before_bytes",
            "What the findings claimed there.",
            [("", base.reclaimable_bytes)],
        ),
        ("image_layers_before", "Layers there.", [("", base.layers)]),
        ("image_growth_bytes", "How much larger the image is.", [("", growth.disk_bytes)]),
        ("image_pull_growth_bytes", "The same in the pull.", [("", growth.pull_bytes)]),
        ("image_findings_new", "Findings that are not there.", [("", len(new(compared)))]),
    ]


def _family(name: str, about: str, samples: Sequence[Sample]) -> list[str]:
    unit = [f"# UNIT {name} bytes"] if name.endswith("_bytes") else []
    head = [f"# TYPE {name} gauge", *unit, f"# HELP {name} {about}"]
    return [*head, *(f"{name}{labels} {value}" for labels, value in samples)]


METRICS = Format(
    name="metrics",
    about="The report's numbers as OpenMetrics text, for GitLab's metrics report and for time series.",
    ending=".metrics.txt",
    report=render,
    comparison=render,
)
