"""A whole image without its lists: either side of a comparison, and what gates judge."""

from __future__ import annotations

from msgspec import UNSET

from slim.report.comparison import Side
from slim.report.model import Report
from slim.report.notices import CONTENTS_NOT_VERIFIED


def side(report: Report) -> Side:
    """The image of a report, without its lists."""
    missing = [layer for layer in report.layers if layer.missing]
    unverified = sum(warning.id == CONTENTS_NOT_VERIFIED for warning in report.warnings)
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
        pull_known=all(layer.blob_bytes for layer in missing),
        findings_left_out=report.truncated.findings,
    )
