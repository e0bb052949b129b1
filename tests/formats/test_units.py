"""Sizes for people in SI or IEC units, wherever they are written; numbers for programs are bytes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import slim
from slim.formats.formats import format_names
from slim.report.gates import Gates, Growth
from slim.report.judge import judge, judge_comparison
from slim.report.load import parse_document
from slim.units import IEC, SI
from tests.support.commands import run
from tests.support.comparisons import before, compared
from tests.support.pages import rendered
from tests.support.reports import wasteful

GATES = Gates(
    size=200_000_000, reclaimable=5_000_000, growth=Growth(5.0, 1_000_000), fail_on=("low",)
)
JUDGED = judge(wasteful(), GATES), judge_comparison(compared(before(), wasteful()), GATES)
FOR_PROGRAMS = {"json", "csv", "metrics", "env", "ncdu", "plan"}
SI_SIZE = re.compile(r"\d[ \u00a0](?:[kMGTPE]B)\b")
IEC_SIZE = re.compile(r"\d[ \u00a0](?:[KMGTPE]iB)\b")


@pytest.mark.parametrize(
    ("document", "format"),
    [(JUDGED[0], name) for name in format_names()]
    + [(JUDGED[1], name) for name in format_names(compared=True)],
)
def test_a_page_is_in_one_kind_of_units(
    document: slim.Report | slim.Comparison, format: str
) -> None:
    si, iec = slim.render(document, format), rendered(document, format, units=IEC)
    if format in FOR_PROGRAMS:
        assert iec == si
        return
    assert IEC_SIZE.search(iec)
    assert not IEC_SIZE.search(si)
    assert not SI_SIZE.search(iec), "reasons of the verdict, too"
    for text, unit in ((si, "1 MB = 1,000,000 bytes"), (iec, "1 MiB = 1,048,576 bytes")):
        if format in ("text", "markdown", "html", "summary"):
            assert text.replace("\u00a0", " ").count(unit) == 1


def test_a_report_read_back_has_the_same_reasons_in_any_units() -> None:
    for document in JUDGED:
        again = parse_document(slim.render(document, "json").encode(), "again")
        for units in (SI, IEC):
            assert rendered(again, "text", units=units) == rendered(document, "text", units=units)


def test_units_are_an_option_a_variable_and_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.json").write_text(slim.render(wasteful(), "json"))

    def printed(*more: str) -> str:
        assert run("check", "one.json", "--max-size", "1GB", "-o", "text", *more) == 0
        assert run("check", "one.json", "--max-size", "1MB", *more) == 1
        out, err = capsys.readouterr()
        unit = "MiB" if "MiB" in err else "MB"
        assert f"1 {unit} = " in out
        return unit

    assert printed() == "MB"
    assert printed("--units", "iec") == "MiB"
    Path("slim.toml").write_text('units = "iec"\n')
    assert printed() == "MiB"
    assert printed("--units", "si") == "MB"
    monkeypatch.setenv("SLIM_UNITS", "si")
    assert printed() == "MB"
    assert run("render", "one.json", "-o", "text", "--units", "metric") == 2
    assert "--units: 'metric' is not one of si, iec [bad-choice]" in capsys.readouterr().err
    Path("slim.toml").write_text('units = "metric"\n')
    assert run("check", "one.json", "--max-size", "1GB") == 2
    assert "units" in capsys.readouterr().err
