"""Suppressions on reports and comparisons that are there already: `slim check` and `slim render`."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

import slim
from slim.advice.suppression import Suppression, parse_suppression
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.load import load_document
from slim.report.model import Suppressed
from slim.report.sums import fault
from slim.report.suppress import suppress, unsuppress
from tests.support.commands import run
from tests.support.comparisons import before, compared
from tests.support.reports import wasteful

TODAY = date(2027, 1, 1)
REPORT = wasteful()
FIRST = REPORT.findings[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(slim.render(REPORT, "json"))
    Path("size.json").write_text(slim.render(compared(before(), wasteful()), "json"))
    return tmp_path


def test_what_is_suppressed_afterwards_keeps_the_sums() -> None:
    report = suppress(REPORT, [parse_suppression(FIRST.rule, "--ignore", "why not")], TODAY)
    assert isinstance(report, slim.Report)
    shown = report.findings[0]
    assert (shown.mode, shown.claimed_bytes) == ("note", FIRST.claimed_bytes)
    assert shown.suppressed is not None
    assert (shown.suppressed.by, shown.suppressed.reason) == ("--ignore", "why not")
    assert report.findings[1:] == REPORT.findings[1:]
    assert fault(report) == fault(REPORT) == ""
    assert report.totals == REPORT.totals


def test_paths_count_if_all_files_are_known_and_there() -> None:
    listed = replace(FIRST, files=len(FIRST.examples))
    report = replace(REPORT, findings=[listed, *REPORT.findings[1:]])
    everywhere = f"{FIRST.rule}:/**"
    for document, text, silenced in (
        (report, everywhere, True),
        (report, f"{FIRST.rule}:/nowhere/**", False),
        (replace(report, findings=[replace(listed, files=9_999)]), everywhere, False),
        (replace(report, findings=[replace(listed, examples=[], files=0)]), everywhere, False),
    ):
        result = suppress(document, [parse_suppression(text, "--ignore")], TODAY)
        assert isinstance(result, slim.Report)
        assert (result.findings[0].suppressed is not None) == silenced


def test_what_has_expired_does_not_count() -> None:
    ignore = until_(date(2026, 12, 31))
    assert suppress(REPORT, [ignore], TODAY) == REPORT
    assert suppress(REPORT, [until_(TODAY)], TODAY) != REPORT


def until_(until: date) -> Suppression:
    return replace(parse_suppression(FIRST.rule, "slim.toml:3"), until=until)


@pytest.mark.parametrize(
    ("limit", "result"),
    [
        (REPORT.totals.reclaimable_bytes, "pass"),
        (REPORT.totals.reclaimable_bytes - 1, "unknown"),
        (REPORT.totals.reclaimable_bytes - FIRST.claimed_bytes, "unknown"),
        (REPORT.totals.reclaimable_bytes - FIRST.claimed_bytes - 1, "fail"),
    ],
)
def test_bytes_that_others_may_claim_leave_a_limit_undecided(limit: int, result: str) -> None:
    report = suppress(REPORT, [parse_suppression(FIRST.rule, "--ignore")], TODAY)
    assert isinstance(report, slim.Report)
    assert judge(report, Gates(reclaimable=limit)).verdict.result == result


def test_unsuppressed_findings_make_names_fail_and_levels_undecided() -> None:
    why = Suppressed(by="slim.toml:3", reason="", until=None)
    quiet = replace(FIRST, mode="note", claimed_bytes=0, claimed_pull_bytes=0, suppressed=why)
    report = replace(REPORT, findings=[quiet])
    result, unsuppressed = unsuppress(report)
    assert unsuppressed == 1
    assert isinstance(result, slim.Report)
    for gates, before_, after in (
        (Gates(fail_on=(FIRST.rule,)), "pass", "fail"),
        (Gates(fail_on=("high",)), "pass", "unknown"),
        (Gates(fail_on=("SEC001",)), "pass", "pass"),
        (Gates(reclaimable=report.totals.reclaimable_bytes), "pass", "unknown"),
        (Gates(reclaimable=report.totals.reclaimable_bytes - 1), "fail", "fail"),
    ):
        assert judge(report, gates).verdict.result == before_
        assert judge(result, gates, unsuppressed=unsuppressed).verdict.result == after


@pytest.mark.parametrize("file", ["report.json", "size.json"])
def test_checking_takes_findings_out_of_the_gate(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["check", file, "--fail-on", FIRST.rule, "-o", "json=made.json"]
    assert run(*call) == 1
    assert run(*call, "--ignore", FIRST.rule) == 0
    assert load_document("made.json"), "what is written can be read"
    assert run("check", "made.json", "--fail-on", FIRST.rule) == 0
    assert run("check", "made.json", "--fail-on", FIRST.rule, "--no-ignore") == 1
    Path("slim.toml").write_text(f'[[ignore]]\nrule = "{FIRST.rule}"\nreason = "known"\n')
    assert run(*call) == 0
    document = json.loads(Path("made.json").read_text())
    found = [
        finding.get("finding", finding)
        for finding in (*document["findings"], *document.get("notes", ()))
    ]
    assert [finding["suppressed"]["by"] for finding in found if finding["suppressed"]] == [
        "slim.toml:1"
    ]
    assert run(*call, "--no-ignore") == 1
    assert run(*call, "--ignore", "nonsense") == 2
    assert "[bad-ignore]" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["report.json", "size.json"])
def test_pages_count_what_is_suppressed_and_list_it_if_asked(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def page(format: str, *more: str) -> str:
        assert run("render", file, "-o", format, *more) == 0
        return capsys.readouterr().out

    silenced = ("--ignore", FIRST.rule)
    for format in ("text", "markdown", "html"):
        assert "suppressed" not in page(format)
    for format in ("text", "markdown"):
        assert "1 finding suppressed" in page("text", *silenced)
        assert re.search(r", 1 (more )?suppressed</summary>", page("markdown", *silenced))
        listed = page(format, *silenced, "--show-suppressed")
        assert "no reason given" in listed
        assert "no reason given" not in page(format, *silenced)
    assert "<summary>1 finding suppressed</summary>" in page("html", *silenced)
    assert "no reason given, by --ignore" in page("sarif", *silenced)
