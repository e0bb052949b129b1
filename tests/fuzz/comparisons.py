"""Comparisons of reports that strangers made. An input is two reports with NUL between them.

Oracle: what can be read can be compared, judged and rendered; what grew by more than is allowed, the
growth of the base image aside, fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import slim
from slim.errors import SlimError
from slim.formats.formats import format_names
from slim.report.compare import compare
from slim.report.gates import Gates, Growth
from slim.report.judge import judge_comparison
from slim.report.load import parse_report
from slim.report.sums import fault
from tests.support.reports import REPORTS


def seeds() -> Iterator[bytes]:
    texts = [slim.render(make(), "json").encode() for make in REPORTS.values()]
    for text, other in zip(texts, texts[1:] + texts[:1], strict=True):
        yield text + b"\0" + other


def check(data: bytes) -> None:
    first, _, other = data.partition(b"\0")
    try:
        base, image = parse_report(first, "base.json"), parse_report(other, "image.json")
    except SlimError:
        return
    comparison = compare(base, image)
    grown = image.totals.disk_bytes - base.totals.disk_bytes
    allowed = max(grown - 1, 0)
    limit = Gates(growth=Growth(0.0, allowed))
    missing = any(layer.missing for layer in (*base.layers, *image.layers))
    judged = judge_comparison(comparison, limit)
    (growth,) = judged.budgets
    free = growth.base_image_bytes
    assert free in (0, image.totals.base_bytes - base.totals.base_bytes)
    expected = "unknown" if missing else "fail" if grown - free > allowed else "pass"
    assert not fault(judged)
    assert judged.verdict.result == expected
    for name in format_names(compared=True):
        slim.render(judged, name).encode("utf-8")
