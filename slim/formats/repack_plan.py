"""The findings as a list to edit: what `slim repack --plan` carries out.

Findings whose fix is safe are marked already. Titles and ids are of rules; none of it is text of the image.
"""

from __future__ import annotations

from slim.formats.json import as_json
from slim.formats.model import Format, RenderOptions
from slim.repack.plan import Plan, PlannedFinding
from slim.report.model import Report


def render(report: Report, options: RenderOptions) -> str:
    """JSON, a finding with bytes to remove each, the largest first."""
    findings: dict[str, PlannedFinding] = {}
    for each in report.findings:
        if each.claimed_bytes and not each.suppressed:
            findings.setdefault(
                each.rule,
                PlannedFinding(
                    each.rule, each.slug, each.title, each.safety, each.claimed_bytes, each.safety == "safe"
                ),
            )  # fmt: skip
    plan = Plan("1.0", "repack-plan", report.image.config_digest, tuple(findings.values()))
    return as_json(plan)


PLAN = Format(
    name="plan",
    about="The findings as a list to edit, which `slim repack` takes as its `--plan`.",
    ending=".plan.json",
    report=render,
)
