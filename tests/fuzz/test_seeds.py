"""The fuzz targets without a fuzzer: their seeds, and every input that once failed, on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import FOUND, TARGETS, load

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", TARGETS)
def test_no_seed_and_nothing_that_was_found_fails(name: str) -> None:
    target = load(name)
    assert target.seeds
    for data in target.seeds:
        target.check(data)
        target.check(data[: len(data) // 2])


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_short_and_says_what_it_promises(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    assert text.count("\n") <= 90
    assert "Oracle:" in text.split('"""')[1]


def test_every_target_is_listed() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {
        "__init__",
        "__main__",
        "targets",
        "test_seeds",
    }
    assert modules == set(TARGETS)
    assert {path.name for path in FOUND.glob("*")} <= modules
