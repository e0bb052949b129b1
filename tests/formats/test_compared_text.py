"""Comparisons at a terminal: the verdict comes first, nothing is wider than the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import slim
from slim.formats import verdicts
from slim.formats.model import RenderOptions
from slim.formats.terminal import columns
from slim.report.gates import Gates, Growth
from slim.report.reasons import reasons
from slim.units import SI
from tests.support.comparisons import PAGES, compared
from tests.support.pages import is_visible, names
from tests.support.reports import REPORTS, hostile


@pytest.mark.parametrize("kind", PAGES)
def test_the_verdict_and_the_largest_cause_come_first(kind: str) -> None:
    comparison = PAGES[kind]()
    head, _, rest = slim.render(comparison, "text").partition("\n\n")
    assert max(map(columns, rest.splitlines())) <= RenderOptions().width
    shown = [verdicts.sentence(reason, SI) for reason in reasons(comparison)[:10]]
    assert all(sentence.split()[0] in head for sentence in shown)
    grown = [layer for layer in comparison.layers if layer.disk_bytes > layer.base_disk_bytes]
    shrank = comparison.growth.disk_bytes < 0
    assert ("Largest decreases" in rest) or not shrank
    assert ("Largest increases" in rest) or shrank or not grown
    if grown and not shrank:
        cause = rest.split("Largest increases\n")[1].splitlines()[0]
        assert f"+{SI.size(grown[0].disk_bytes - grown[0].base_disk_bytes)}" in cause


@given(names, names)
@settings(max_examples=30)
def test_any_names_fit_and_are_only_shown(base: list[str], after: list[str]) -> None:
    comparison = compared(hostile(base), hostile(after), Gates(growth=Growth(1, 1)))
    lines = slim.render(comparison, "text").splitlines()
    assert all(columns(line) <= RenderOptions().width and is_visible(line) for line in lines)
    assert not any(line.lstrip().startswith(("::", "##[")) for line in lines)


def test_an_analysis_says_first_what_its_gates_say() -> None:
    result = REPORTS["over"]()
    lines = slim.render(result, "text").splitlines()
    assert lines[0].endswith(": over budget")
    assert lines[1] == f"  {verdicts.sentence(reasons(result)[0], SI)}"
    assert slim.render(REPORTS["within"](), "text").splitlines()[0].endswith(": within budget")
    assert "budget" not in slim.render(REPORTS["clean"](), "text")
