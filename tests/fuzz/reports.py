"""JSON reports that strangers made, as a trusted job reads them in the pattern for forks.

Oracle: nothing but a SlimError; what is accepted is written as it was read, and can be rendered in every
format; a verdict in it does not decide: gates are judged again from its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import slim
from slim.errors import SlimError
from slim.formats.formats import format_names
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.load import parse_report
from tests.fuzz.targets import assert_clear
from tests.support.reports import REPORTS


def seeds() -> Iterator[bytes]:
    for make in REPORTS.values():
        yield slim.render(make(), "json").encode()


def check(data: bytes) -> None:
    try:
        report = parse_report(data, "report.json")
    except SlimError as error:
        assert_clear(error, 3, 5)
        return
    written = slim.render(report, "json").encode()
    assert parse_report(written, "report.json") == report
    for name in format_names():
        slim.render(report, name).encode("utf-8")
    size = report.totals.disk_bytes
    if size:
        assert judge(report, Gates(size=size - 1)).verdict.result == "fail"
    missing = any(layer.missing for layer in report.layers)
    assert judge(report, Gates(size=size)).verdict.result == ("unknown" if missing else "pass")
