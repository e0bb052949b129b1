"""The fuzz targets without a fuzzer: their seeds, and every input that once failed, on every machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from slim.units import parse_bytes
from tests.conftest import LONG, THOROUGH
from tests.fuzz.corpus import CORPUS, minimised
from tests.fuzz.targets import FOUND, TARGETS, load

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", TARGETS)
@LONG
def test_no_seed_and_nothing_that_was_found_fails(name: str) -> None:
    target = load(name)
    assert target.seeds
    for data in target.seeds:
        target.check(data)
        if THOROUGH:
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
        "corpus",
        "targets",
        "test_seeds",
    }
    assert modules == set(TARGETS)
    assert {path.name for path in FOUND.glob("*")} <= modules


def test_the_corpus_is_small_and_of_known_targets() -> None:
    packed = list(CORPUS.glob("*.zip"))
    assert {path.stem for path in packed} <= set(TARGETS)
    assert sum(path.stat().st_size for path in packed) < 1 << 20


def test_what_goes_no_way_of_its_own_is_left_out() -> None:
    """Of words that are parsed alike the shortest stays."""

    def check(data: bytes) -> None:
        with suppress(ValueError):
            parse_bytes(data.decode())

    assert minimised([b"12", b"1", b"", b"1 kB", b"22 kB", b"1"], check) == [b"", b"1"]
