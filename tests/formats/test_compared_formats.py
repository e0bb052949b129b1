"""Comparisons in the formats for programs: what each has, and nothing that breaks out."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

import slim
from slim.formats.formats import format_names
from slim.report.comparison import Comparison
from slim.report.gates import Gates, Growth
from slim.report.model import Cause
from slim.report.untrusted import untrusted
from tests.support.comparisons import PAGES, before, compared
from tests.support.pages import is_visible, names, parse_metrics, rendered
from tests.support.reports import MB, clean, finding, hostile, place, report, wasteful
from tests.support.sarif_schema import SARIF


@pytest.mark.parametrize("name", format_names(compared=True))
@given(names, names)
@settings(max_examples=10)
def test_outputs_are_text_of_lines_that_files_can_hold(
    name: str, base: list[str], after: list[str]
) -> None:
    comparison = compared(hostile(base), hostile(after), Gates(growth=Growth(1, 1)))
    text = slim.render(comparison, name)
    assert is_visible(text.replace("\r\n", "").replace("\n", ""))


@given(names, names)
@settings(max_examples=20)
def test_sarif_keeps_its_schema(base: list[str], after: list[str]) -> None:
    comparison = compared(hostile(base), hostile(after))
    log = json.loads(slim.render(comparison, "sarif"))
    SARIF.validate(log)
    states = [result["baselineState"] for result in log["runs"][0]["results"]]
    assert states.count("new") == sum(finding.status == "new" for finding in comparison.findings)


def states(comparison: Comparison) -> dict[str, str]:
    (run,) = json.loads(slim.render(comparison, "sarif"))["runs"]
    assert run["baselineGuid"]
    return {finding["ruleId"]: finding["baselineState"] for finding in run["results"]}


def test_sarif_says_what_is_new_and_leaves_out_what_is_fixed() -> None:
    comparison = compared(before(), wasteful())
    assert states(comparison) == {"TCH001": "new", "VCS001": "new", "DEB001": "unchanged"}
    (fixed,) = json.loads(slim.render(comparison, "sarif"))["runs"][0]["properties"]["fixed"]
    (was,) = json.loads(slim.render(replace(before(), findings=before().findings[1:]), "sarif"))[
        "runs"
    ][0]["results"]
    assert (fixed["ruleId"], fixed["diskBytes"]) == ("PYT004", 2 * MB)
    assert fixed["primaryLocationLineHash"] == was["partialFingerprints"]["primaryLocationLineHash"]
    larger = replace(wasteful().findings[1], claimed_bytes=5 * MB)
    assert states(compared(before(), replace(wasteful(), findings=[larger]))) == {
        "DEB001": "updated"
    }


def test_the_guid_of_a_run_is_that_of_its_image() -> None:
    base, after = before(), wasteful()
    base = replace(base, image=replace(base.image, config_digest="sha256:" + "e" * 64))

    def run(document: Any) -> Any:
        return json.loads(slim.render(document, "sarif"))["runs"][0]

    result = run(compared(base, after))
    assert result["automationDetails"]["guid"] == run(after)["automationDetails"]["guid"]
    assert result["baselineGuid"] == run(base)["automationDetails"]["guid"] != run(after)


def test_a_finding_is_known_again_when_lines_move_and_layers_are_added() -> None:
    def at(line: int, layer: int) -> Any:
        cause = Cause(
            layer=layer, created_by=untrusted("RUN apt-get update"), dockerfile=place(line)
        )
        return report([], findings=[finding(2, "DEB001", 5, where=[cause])])

    def prints(name: str, document: Any) -> Any:
        result = json.loads(slim.render(document, name))
        if name == "gitlab":
            return [issue["fingerprint"] for issue in result]
        return [entry["partialFingerprints"] for entry in result["runs"][0]["results"]]

    for name in ("sarif", "gitlab"):
        assert prints(name, at(8, 1)) == prints(name, at(30, 4))
        moved = compared(at(8, 1), at(30, 4))
        assert prints(name, moved) == prints(name, at(8, 1))
    assert states(moved) == {"DEB001": "unchanged"}


def test_annotations_are_for_what_is_new_or_fails() -> None:
    comparison = compared(before(), wasteful())
    text = slim.render(comparison, "github")
    assert [rule for rule in ("DEB001", "TCH001", "VCS001") if rule in text] == ["TCH001", "VCS001"]
    failing = compared(before(), wasteful(), Gates(fail_on=("DEB001",)))
    assert "DEB001" in slim.render(failing, "github")


@pytest.mark.parametrize("kind", PAGES)
def test_junit_fails_when_the_gate_does(kind: str) -> None:
    comparison = PAGES[kind]()
    suites = ElementTree.fromstring(slim.render(comparison, "junit"))  # noqa: S314
    failures, errors = int(suites.attrib["failures"]), int(suites.attrib["errors"])
    assert bool(failures) == (comparison.verdict.result == "fail")
    assert bool(errors) == (comparison.verdict.result == "unknown")


@pytest.mark.parametrize("kind", PAGES)
def test_the_rows_of_csv_add_up(kind: str) -> None:
    comparison = PAGES[kind]()
    table = list(
        csv.DictReader(io.StringIO(slim.render(comparison, "csv"), newline=""), strict=True)
    )
    for name in ("layer", "package", "file"):
        rows = [row for row in table if row["kind"] == name]
        for column, whole in (
            ("disk_change", comparison.growth.disk_bytes),
            ("pull_change", comparison.growth.pull_bytes),
        ):
            assert sum(int(row[column]) for row in rows if row[column]) == whole, (name, column)


def test_metrics_have_the_values_of_the_base() -> None:
    samples = parse_metrics(slim.render(compared(before(), wasteful()), "metrics"))
    assert samples["image_size_bytes"] == 343 * MB
    assert samples["image_size_before_bytes"] == 221 * MB
    assert samples["image_growth_bytes"] == 122 * MB
    assert samples["image_findings_new"] == 2
    shrunk = parse_metrics(slim.render(compared(wasteful(), before()), "metrics"))
    assert shrunk["image_growth_bytes"] == -122 * MB


def test_lines_for_later_steps_cannot_be_forged() -> None:
    url = "https://ci.example/a\nverdict=pass\r\x85\u2028x=1"
    for document in (hostile(), compared(hostile(["a\nb=c"]), hostile())):
        text = rendered(document, "env", report_url=url)
        lines = text.split("\n")
        assert lines.pop() == ""
        keys = [line.partition("=")[0] for line in lines]
        assert len(keys) == len(set(keys))
        assert set(keys) <= {
            "size_bytes",
            "pull_bytes",
            "reclaimable_bytes",
            "verdict",
            "delta_bytes",
            "pull_delta_bytes",
            "report",
        }
        assert text.isascii()
        assert all(value.isdigit() for value in (lines[0].partition("=")[2],))


def test_a_summary_has_longer_tables_and_no_marker() -> None:
    many = [finding(number, "DEB001", 10_000 + number) for number in range(300)]
    comparison = compared(clean(), report(clean().layers, findings=many))
    page = slim.render(comparison, "summary")
    assert "slim:report" not in page
    assert page.count("| new | DEB001") == 100
    assert slim.render(comparison, "markdown").count("| new | DEB001") == 10
    assert len(page.encode()) < 1 << 20
