"""No input turns a gate that fails into a pass: over every attack, and every change of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slim
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.load import parse_report
from tests.conftest import LONG
from tests.support.attacks import Attack, everywhere
from tests.support.commands import run
from tests.support.reports import wasteful

SHOWN = everywhere(2, lambda attack: not set(attack.options) - {"verify"})
GATED = ("--max-size=0", "--max-pull-size=0", "--max-layers=0", "--no-advice", "-o", "metrics")


@pytest.mark.parametrize("attack", SHOWN)
@LONG
def test_no_attack_passes_a_gate_that_nothing_passes(
    attack: Attack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Budgets of nothing: only an image of nothing at all is within."""
    assert attack.make is not None
    source = attack.make(tmp_path)
    verify = () if attack.options.get("verify", True) else ("--no-verify",)
    code = run("analyze", str(source), *GATED, *verify)
    captured = capsys.readouterr()
    if attack.error:
        assert code == attack.code
        assert captured.out == ""
    elif attack.counts.get("totals.layers") == 0:
        assert code == 0, "nothing is within budgets of nothing"
    else:
        assert code in (1, 3), captured.err
    assert "Traceback" not in captured.err


GOOD = msgspec.to_builtins(wasteful())


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a report holds whole numbers."""
    if isinstance(value, dict):
        return [place for key, below in value.items() for place in places(below, (*at, key))]
    if isinstance(value, list):
        return [place for key, below in enumerate(value) for place in places(below, (*at, key))]
    return [at] if type(value) is int else []


@given(st.sampled_from(places(GOOD)), st.integers(0, 10**9))
@settings(max_examples=200)
def test_no_changed_number_of_a_report_passes(at: tuple[Any, ...], number: int) -> None:
    """One number cannot be made smaller: what it is part of would not add up."""
    changed = json.loads(json.dumps(GOOD))
    value = changed
    for key in at[:-1]:
        value = value[key]
    value[at[-1]] = number
    totals = wasteful().totals
    gates = Gates(
        size=totals.disk_bytes - 1,
        pull_size=totals.pull_bytes - 1,
        reclaimable=totals.reclaimable_bytes - 1,
        layers=totals.layers - 1,
    )
    try:
        report = parse_report(json.dumps(changed).encode(), "report.json")
    except slim.SlimError as error:
        slug = error.slug
    else:
        slug = judge(report, gates).verdict.result
    assert slug in ("fail", "bad-report")


def test_a_verdict_that_is_written_in_a_report_is_not_believed(tmp_path: Path) -> None:
    forged = {**GOOD, "verdict": {"result": "pass", "headline": "within budget"}, "budgets": []}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(forged))
    assert run("check", str(path), "--max-size=1B") == 1
    assert run("check", str(path), "--fail-on=high") == 1
