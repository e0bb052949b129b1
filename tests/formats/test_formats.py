"""The formats for programs: what each has of a report, and that no text of an image leaves its place."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from slim.formats.code_findings import relative
from slim.formats.formats import format_names
from slim.formats.terminal import visible
from slim.report.model import Budget, Cause, Verdict
from slim.report.untrusted import untrusted
from tests.conftest import LONG
from tests.support.pages import is_visible, names, parse_metrics, rendered
from tests.support.reports import REPORTS, clean, finding, hostile, place, report, wasteful
from tests.support.sarif_schema import SARIF


@pytest.mark.parametrize("name", format_names())
@given(names)
@settings(max_examples=15)
@LONG
def test_outputs_are_text_of_lines_that_files_can_hold(name: str, document: list[str]) -> None:
    sample = hostile(document)
    text = rendered(sample, name)
    text.encode("utf-8")
    assert text == rendered(sample, name)
    assert is_visible(text.replace("\r\n", "").replace("\n", ""))


@given(names)
@settings(max_examples=30)
def test_sarif_keeps_its_schema(document: list[str]) -> None:
    log = json.loads(rendered(hostile(document), "sarif"))
    SARIF.validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) <= len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] <= region["endLine"]
        # Nothing that a reader takes for a link or an argument is left unescaped.
        assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", result["message"]["text"])
        assert not re.sub(r"\{\{|\}\}", "", result["message"]["text"]).count("{")


def test_sarif_names_the_dockerfile_lines_and_a_lasting_fingerprint() -> None:
    sample = wasteful()
    (run,) = json.loads(rendered(sample, "sarif"))["runs"]
    first = run["results"][0]
    assert len(run["results"]) == 3, "notes are no results"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "Dockerfile", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 14, "startColumn": 1, "endLine": 15, "endColumn": 1},
    }
    cause = replace(sample.findings[0].where[0], dockerfile=place(99))
    moved = replace(
        sample, findings=[replace(sample.findings[0], where=[cause], claimed_bytes=7_000_000)]
    )
    again = json.loads(rendered(moved, "sarif"))["runs"][0]["results"][0]
    assert again["partialFingerprints"] == first["partialFingerprints"]


def test_without_a_dockerfile_results_are_in_a_file_named_like_the_image() -> None:
    sample = report([], findings=[finding(1, "DEB001", 5)])
    (result,) = json.loads(rendered(sample, "sarif"))["runs"][0]["results"]
    at = result["locations"][0]["physicalLocation"]
    assert at["artifactLocation"]["uri"] == "api"
    assert json.loads(rendered(sample, "gitlab"))[0]["location"]["path"] == "api"
    assert rendered(sample, "github") == ""


@LONG
def test_sarif_keeps_githubs_limit_and_says_what_is_left_out() -> None:
    sample = report([], findings=[finding(number, "DEB001", 5) for number in range(5_003)])
    (run,) = json.loads(rendered(sample, "sarif"))["runs"]
    assert (len(run["results"]), run["properties"]["leftOut"]) == (5_000, 3)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("Dockerfile", "Dockerfile"),
        ("./docker/api/Dockerfile", "docker/api/Dockerfile"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\x", "x"),
        ("c:/x", "c:/x"),
        ("//", "image"),
    ],
)
def test_paths_are_relative(path: str, shown: str) -> None:
    assert relative(path) == shown
    cause = Cause(layer=0, created_by=untrusted(""), dockerfile=place(3, path))
    sample = report([], findings=[finding(1, "DEB001", 5, where=[cause])])
    log = json.loads(rendered(sample, "sarif"))
    SARIF.validate(log)
    at = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert unquote(at["artifactLocation"]["uri"]) == shown


@given(names)
@settings(max_examples=30)
def test_gitlab_has_one_entry_per_finding(document: list[str]) -> None:
    entries = json.loads(rendered(hostile(document), "gitlab"))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith("/")
        assert entry["location"]["lines"]["begin"] >= 1


@given(names)
@settings(max_examples=30)
def test_github_commands_cannot_be_forged(document: list[str]) -> None:
    lines = rendered(hostile(document), "github").split("\n")
    assert lines.pop() == ""
    for line in lines:
        found = re.fullmatch(r"::(error|warning|warning) ([^:]*)::(.*)", line)
        assert found, line
        keys = [pair.partition("=")[0] for pair in found[2].split(",")]
        assert keys in (["title"], ["file", "line", "endLine", "title"])
        assert len(line) < 4_096


def test_github_shows_the_verdict_and_ten_of_each_type() -> None:
    where = [Cause(layer=0, created_by=untrusted(""), dockerfile=place(3))]
    findings = [finding(number, "DEB001", 5, where=where) for number in range(30)]
    verdict = Verdict(
        result="fail", fail_on=["DEB001"], findings=[each.id for each in findings[:12]]
    )
    sample = replace(
        report([], findings=[replace(each, title="50%") for each in findings]), verdict=verdict
    )
    lines = rendered(sample, "github").splitlines()
    assert lines[0].startswith("::error title=slim%3A api::gate failed: DEB001 50%25: 5 B")
    kinds = [line.split()[0] for line in lines]
    assert (kinds.count("::error"), kinds.count("::warning")) == (10, 10)


@given(names)
@settings(max_examples=30)
def test_junit_is_xml_whatever_the_names(document: list[str]) -> None:
    suites = ElementTree.fromstring(rendered(hostile(document), "junit"))  # noqa: S314
    cases = suites.findall(".//testcase")
    assert len(cases) == int(suites.attrib["tests"])
    assert len(suites.findall(".//failure")) == int(suites.attrib["failures"]) >= 1
    for case in cases:
        assert [child.tag for child in case] in (["failure"], ["system-out"])


@pytest.mark.parametrize(
    ("verdict", "budgets", "failures", "errors"),
    [
        (Verdict(), [], 0, 0),
        (Verdict(result="fail"), [], 1, 0),
        (Verdict(result="fail"), [Budget(name="size", value=2, limit=1, result="over")], 1, 0),
        (
            Verdict(result="unknown"),
            [Budget(name="reclaimable", value=0, limit=1, result="unknown")],
            0,
            1,
        ),
        (Verdict(result="pass"), [Budget(name="layers", value=1, limit=1, result="under")], 0, 0),
    ],
)
def test_junit_fails_when_the_gate_does(
    verdict: Verdict, budgets: list[Budget], failures: int, errors: int
) -> None:
    sample = replace(wasteful(), verdict=verdict, budgets=budgets)
    suites = ElementTree.fromstring(rendered(sample, "junit"))  # noqa: S314
    assert (suites.attrib["failures"], suites.attrib["errors"]) == (str(failures), str(errors))


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(names)
@settings(max_examples=30)
def test_csv_comes_back_and_runs_no_formula(document: list[str]) -> None:
    table = rows(rendered(hostile(document), "csv"))
    assert {len(row) for row in table} == {10}
    assert [row[0] for row in table[1:]] == [
        kind for kind in ("layer", "directory", "file") for _ in document
    ]
    for row in table:
        assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for cell in row)
    paths = [row[2] for row in table if row[0] == "file"]
    assert paths == [f"/{visible(text)}" for text in document]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1"])
def test_csv_guards_formulas(text: str) -> None:
    cell = rows(rendered(hostile([text]), "csv"))[1][9]
    assert cell.startswith("'")


@pytest.mark.parametrize("kind", REPORTS)
def test_metrics_hold_numbers_only(kind: str) -> None:
    sample = REPORTS[kind]()
    samples = parse_metrics(rendered(sample, "metrics"))
    assert samples["image_size_bytes"] == sample.totals.disk_bytes
    assert samples["image_reclaimable_bytes"] == sample.totals.reclaimable_bytes


def test_metrics_count_findings_and_budgets() -> None:
    budget = Budget(name="size", value=2, limit=1, result="over")
    samples = parse_metrics(rendered(replace(wasteful(), budgets=[budget, budget]), "metrics"))
    assert samples['image_findings{severity="high"}'] == 1
    assert samples['image_findings{severity="info"}'] == 0, "notes are no findings that claim"
    assert samples['image_budget_over{budget="size"}'] == 1


def test_no_format_needs_anything_in_the_report() -> None:
    for name in format_names():
        for sample in (report([]), clean()):
            assert rendered(sample, name) or name == "github"
