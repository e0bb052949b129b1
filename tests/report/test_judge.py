"""Gates: what passes, fails or cannot be decided, and that nothing turns a failed gate into a pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import slim
from slim.errors import UsageError
from slim.formats import metrics, verdicts
from slim.report.gates import Gates, Growth, parse_fail_on, parse_growth
from slim.report.judge import judge
from slim.report.model import Report
from slim.report.reasons import reasons
from slim.units import SI
from tests.conftest import require
from tests.support.building import delete, image, layer, save
from tests.support.commands import run
from tests.support.pages import rendered
from tests.support.reports import MB, clean, hostile, wasteful

NO_RULES = replace(clean(), tool=replace(clean().tool, rules=None))
CUT = replace(wasteful(), truncated=replace(wasteful().truncated, findings=2))
PARTIAL = replace(
    wasteful(),
    layers=[*wasteful().layers[:-1], replace(wasteful().layers[-1], missing="a foreign layer")],
)
UNSIZED = replace(PARTIAL, layers=[*PARTIAL.layers[:-1], replace(PARTIAL.layers[-1], blob_bytes=0)])


@pytest.mark.parametrize(
    ("report", "gates", "result"),
    [
        (wasteful(), Gates(), "pass"),
        (wasteful(), Gates(size=343 * MB), "pass"),
        (wasteful(), Gates(size=343 * MB - 1), "fail"),
        (wasteful(), Gates(pull_size=114_333_332), "pass"),
        (wasteful(), Gates(pull_size=114_333_331), "fail"),
        (wasteful(), Gates(reclaimable=41_900_000), "pass"),
        (wasteful(), Gates(reclaimable=41_899_999), "fail"),
        (wasteful(), Gates(layers=5), "pass"),
        (wasteful(), Gates(layers=4), "fail"),
        (wasteful(), Gates(size=10**12, layers=4), "fail"),
        (wasteful(), Gates(size=0, layers=0, reclaimable=0, pull_size=0), "fail"),
        (wasteful(), Gates(fail_on=("high",)), "fail"),
        (clean(), Gates(fail_on=("low",)), "pass"),
        (wasteful(), Gates(fail_on=("DEB001",)), "fail"),
        (wasteful(), Gates(fail_on=("apt/lists",)), "fail"),
        (wasteful(), Gates(fail_on=("LAY003",)), "fail"),
        (wasteful(), Gates(fail_on=("ELX001",)), "pass"),
        (NO_RULES, Gates(size=10**12), "pass"),
        (NO_RULES, Gates(reclaimable=10**12), "unknown"),
        (NO_RULES, Gates(fail_on=("low",)), "unknown"),
        (NO_RULES, Gates(fail_on=("low",), layers=0), "fail"),
        (CUT, Gates(fail_on=("high",)), "fail"),
        (CUT, Gates(fail_on=("ELX001",)), "unknown"),
        (PARTIAL, Gates(size=10**12), "unknown"),
        (PARTIAL, Gates(size=1), "fail"),
        (PARTIAL, Gates(pull_size=10**12, layers=5), "pass"),
        (PARTIAL, Gates(reclaimable=10**12), "unknown"),
        (PARTIAL, Gates(fail_on=("ELX001",)), "unknown"),
        (UNSIZED, Gates(pull_size=10**12), "unknown"),
    ],
)
def test_verdicts(report: Report, gates: Gates, result: str) -> None:
    judged = judge(report, gates)
    verdict = judged.verdict
    assert verdict.result == result
    assert bool(reasons(judged)) == (result != "pass")
    assert bool(verdicts.headline(judged, SI)) == bool(gates)
    assert replace(judged, budgets=[], verdict=report.verdict) == report
    over = any(budget.result == "over" for budget in judged.budgets)
    assert (result == "fail") == (over or bool(verdict.findings))


def test_a_level_fails_on_what_is_worse_and_never_on_notes() -> None:
    failing = {
        level: judge(wasteful(), Gates(fail_on=(level,))).verdict.findings
        for level in ("high", "medium", "low")
    }
    ids = [f"{number:016x}" for number in (1, 2, 3)]
    assert failing == {"high": ids[:1], "medium": ids[:2], "low": ids}


def test_a_forged_verdict_is_replaced() -> None:
    judged = judge(hostile(), Gates(layers=100))
    assert judged.verdict.result == "pass"
    assert [budget.name for budget in judged.budgets] == ["layers"]
    assert judged.verdict.findings == []


def test_the_headline_says_what_and_by_how_much() -> None:
    judged = judge(wasteful(), Gates(size=340 * MB, layers=12, fail_on=("high",)))
    assert verdicts.headline(judged, SI) == (
        "over budget: size 343 MB is over the limit of 340 MB by 3.00 MB;"
        " TCH001 build tools in the final image: 36.9 MB (high)"
    )
    page = rendered(judged).replace("\u00a0", " ")
    assert "(12%) of it reclaimable: over budget ❌\n" in page
    assert "On disk 343 MB (**over** 340 MB ❌) · to pull 114 MB · " in page
    assert "5 layers (under 12 ✅)" in page
    assert "\n- TCH001 build tools in the final image: 36.9 MB (high)\n" in page
    assert "size 343 MB is over" not in page


def test_the_page_says_how_much_where_rounding_hides_it() -> None:
    page = rendered(judge(wasteful(), Gates(size=343 * MB - 1)))
    assert "On disk 343 MB (**over** 343 MB by 1 B ❌)" in page.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        (Gates(size=10**12), "within budget ✅"),
        (Gates(fail_on=("high",)), "gate failed ❌"),
        (Gates(fail_on=("ELX001",)), "within budget ✅"),
    ],
)
def test_the_page_says_the_verdict_in_words(gates: Gates, words: str) -> None:
    assert rendered(judge(wasteful(), gates)).splitlines()[1].endswith(f": {words}")


def test_a_page_without_gates_has_no_verdict() -> None:
    assert "budget" not in rendered(judge(wasteful(), Gates()))


@given(st.lists(st.sampled_from(["high", "low", "DEB001", "apt/lists"]), min_size=1))
def test_fail_on_takes_lists_in_any_form(words: list[str]) -> None:
    assert parse_fail_on([",".join(words)]) == parse_fail_on(words) == tuple(dict.fromkeys(words))


@pytest.mark.parametrize("text", ["", "hgih", "DEB01", "high,,low", "info", "new:high", "DEB001 x"])
def test_a_gate_that_could_never_fail_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"unknown level or rule|needs a base"):
        parse_fail_on([text])


def test_growth_has_two_parts() -> None:
    assert parse_growth("5%,1MB") == parse_growth("1 MB, 5 %") == Growth(5.0, MB)
    for text in ("5%", "1MB", "5%,5%", "1MB,1MB", "5%,1MB,1MB", ""):
        with pytest.raises(ValueError, match=r"^invalid (growth|size|percentage)"):
            parse_growth(text)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    built = image(layer({"etc/a": b"x" * 5000, "etc/b": b"two"}), layer(delete("etc/a")))
    return save(built, tmp_path / "a.tar")


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(slim.render(wasteful(), "json"))
    return path


def test_analyze_writes_every_output_and_then_fails(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    gate = ("--max-size", "5000B", "--max-layers", "2")
    assert run("analyze", str(archive), *gate, "-o", f"json={out}", "-o", f"junit={out}.xml") == 1
    verdict = json.loads(out.read_text())["verdict"]
    assert verdict["result"] == "fail"
    assert verdict["headline"] == "over budget: size 5.00 kB is over the limit of 5.00 kB by 3 B"
    assert 'failures="1"' in Path(f"{out}.xml").read_text()
    assert run("analyze", str(archive), *gate, "--exit-zero", "-o", f"json={out}") == 0
    assert json.loads(out.read_text())["verdict"] == verdict
    assert run("analyze", str(archive), "--max-size", "5003B", "-o", f"json={out}") == 0


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--max-size", "343MB"], 0, "slim: within budget"),
        (
            ["--max-size", "342MB"],
            1,
            "slim: over budget: size 343 MB is over the limit of 342 MB by 1.00 MB",
        ),
        (["--max-size", "342MB", "--exit-zero"], 0, "slim: over budget"),
        (["--fail-on", "high"], 1, "slim: gate failed: TCH001"),
        (
            ["--max-layers", "5", "--max-pull-size", "115MB", "--max-reclaimable", "42MB"],
            0,
            "within",
        ),
        ([], 2, "[no-gate]"),
        (["--max-size", "ten"], 2, "[bad-budget]"),
        (["--max-layers", "-1"], 2, "[bad-budget]"),
        (["--fail-on", "worst"], 2, "[bad-fail-on]"),
        (["--max-size", "1B", "-o", "pdf"], 2, "[unknown-format]"),
    ],
)
def test_check(
    stored: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    assert run("check", str(stored), *options) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err


def test_what_cannot_be_decided_is_an_error_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_text(slim.render(NO_RULES, "json"))
    arguments = ("check", str(path), "--fail-on", "high", "--exit-zero", "-o", "json")
    assert run(*arguments) == 3
    captured = capsys.readouterr()
    assert json.loads(captured.out)["verdict"]["result"] == "unknown"
    assert "[gate-undecided]" in captured.err


def test_gates_come_from_the_environment(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIM_FAIL_ON", "high,DEB001")
    assert run("check", str(stored)) == 1
    monkeypatch.delenv("SLIM_FAIL_ON")
    monkeypatch.setenv("SLIM_MAX_SIZE", "340MB")
    assert run("check", str(stored)) == 1


def fail(*_: Any) -> str:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("traceback", ["", "1"])
def test_a_renderer_that_fails_is_no_pass_and_no_failed_gate(
    stored: Path, monkeypatch: pytest.MonkeyPatch, traceback: str
) -> None:
    monkeypatch.setattr(metrics, "METRICS", replace(metrics.METRICS, report=fail))
    monkeypatch.setenv("SLIM_TRACEBACK", traceback)
    assert run("check", str(stored), "--max-size", "1B", "-o", "metrics") == 70
    assert run("check", str(stored), "--max-size", "1TB", "-o", "metrics") == 70


SHELL = [
    # A reader that goes away, or never was there, before, while and after the report is written.
    ('"$@" -o json | true; exit "${PIPESTATUS[0]}"', {1}),
    ('"$@" -o json | head -c 10 > /dev/null; exit "${PIPESTATUS[0]}"', {1}),
    ('PYTHONUNBUFFERED=1 "$@" -o json | true; exit "${PIPESTATUS[0]}"', {1}),
    ('"$@" -o json >&-', {2}),
    ('"$@" -o json > /dev/full', {2}),
    ('"$@" -o json=/dev/full', {2}),
    ('"$@" >&- 2>&-', {1}),
    ('"$@" 2> /dev/full', {1}),
    ('"$@" -o json > /dev/null', {1}),
]


@pytest.mark.parametrize(("script", "codes"), SHELL, ids=[case[0][:40] for case in SHELL])
def test_no_stream_turns_a_failed_gate_into_a_pass(
    stored: Path, script: str, codes: set[int]
) -> None:
    require("bash")
    command = [sys.executable, "-m", "slim", "check", str(stored), "--max-size", "1B"]
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command],
        check=False,
        capture_output=True,
        env=dict(os.environ),
        timeout=60,
    )
    assert done.returncode in codes, done.stderr
    assert b"Traceback" not in done.stderr
