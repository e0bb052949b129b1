"""A whole image without its lists: either side of a comparison, and what gates judge."""

from __future__ import annotations

from msgspec import UNSET

from slim.facts.roles import LABEL_SAYS
from slim.report.comparison import Side
from slim.report.model import Report
from slim.report.untrusted import bare
from slim.report.warnings import CONTENTS_NOT_VERIFIED


def side(report: Report) -> Side:
    """The image of a report, without its lists."""
    missing = [layer for layer in report.layers if layer.missing]
    unverified = sum(warning.id == CONTENTS_NOT_VERIFIED for warning in report.warnings)
    role = report.image.role
    by_label = [bare(sign) for sign in role.evidence[:1]] == [role.name + LABEL_SAYS]
    return Side(
        name=report.image.name,
        input=report.source.input,
        digest=report.image.digest,
        config_digest=report.image.config_digest,
        platform=report.image.platform,
        verified=report.source.verified,
        base=report.image.base,
        totals=report.totals,
        dive=report.dive,
        rules=report.tool.rules,
        unknown_layers=len(missing),
        unverified_layers=unverified or UNSET,
        role_from_label=by_label or UNSET,
        pull_known=all(layer.blob_bytes for layer in missing),
        findings_left_out=report.truncated.findings,
    )
