"""Comparisons at a terminal: every verdict's page is golden, nothing is wider than the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

import slim
from slim.formats.layout import WIDTH
from slim.formats.terminal import columns
from slim.report.gates import Gates, Growth
from slim.units import format_bytes
from tests.conftest import GOLDEN
from tests.formats.test_formats import is_visible, names
from tests.report.test_compare import PAGES, compared
from tests.support.reports import REPORTS, hostile


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_the_golden_ones(golden_text: Callable[[Path, str], None], kind: str) -> None:
    text = slim.render(PAGES[kind](), "text")
    assert max(map(columns, text.splitlines())) <= WIDTH
    golden_text(GOLDEN / "renderers" / f"comparison-{kind}.text.txt", text)


@pytest.mark.parametrize("kind", PAGES)
def test_the_verdict_and_the_largest_cause_come_first(kind: str) -> None:
    made = PAGES[kind]()
    head, _, rest = slim.render(made, "text").partition("\n\n")
    assert all(reason.split()[0] in head for reason in made.verdict.reasons[:10])
    grown = [one for one in made.layers if one.disk_bytes > one.base_disk_bytes]
    assert ("What made it grow" in rest) is bool(grown)
    if grown:
        cause = rest.split("What made it grow\n")[1].splitlines()[0]
        assert f"+{format_bytes(grown[0].disk_bytes - grown[0].base_disk_bytes)}" in cause


@given(names, names)
@settings(max_examples=30)
def test_any_names_fit_and_are_only_shown(base: list[str], after: list[str]) -> None:
    made = compared(hostile(base), hostile(after), Gates(growth=Growth(1, 1)))
    lines = slim.render(made, "text").splitlines()
    assert all(columns(line) <= WIDTH and is_visible(line) for line in lines)
    assert not any(line.lstrip().startswith(("::", "##[")) for line in lines)


def test_an_analysis_says_first_what_its_gates_say() -> None:
    made = REPORTS["over"]()
    lines = slim.render(made, "text").splitlines()
    assert lines[0].endswith(": over budget")
    assert lines[1] == f"  {made.verdict.reasons[0]}"
    assert slim.render(REPORTS["within"](), "text").splitlines()[0].endswith(": within budget")
    assert "budget" not in slim.render(REPORTS["clean"](), "text")
