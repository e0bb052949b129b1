"""The list of attacks itself: whole, without doubles, each with a test behind it."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module

import pytest

from tests.support.attacks import MODULES, every, table

ROWS = {"O": 14, "M": 19, "H": 9, "Z": 16, "T": 32}
"""Rows of the tables: outer container, manifests, config, compression, tar headers."""
ELSEWHERE = {
    "T23": "prefix fields: test_tar_headers.test_names_are_those_that_go_reads",
    "T25": "NUL in GNU names: the same",
    "T26": "names that are not UTF-8: test_tar_headers.test_a_name_that_is_not_utf_8_is_kept",
}


def test_ids_are_unique() -> None:
    counts = Counter(attack.id for _, attack in every())
    assert [id for id, count in counts.items() if count > 1] == []


def test_every_row_is_attacked() -> None:
    rows = {attack.id.partition("-")[0] for _, attack in every()} | set(ELSEWHERE)
    for letter, count in ROWS.items():
        assert {f"{letter}{number}" for number in range(1, count + 1)} <= rows


@pytest.mark.parametrize("module", MODULES)
def test_every_attack_is_one_phrase_and_has_a_proof(module: str) -> None:
    functions = {name for module in MODULES for name in dir(import_module(f"tests.{module}"))}
    for attack in import_module(f"tests.{module}").ATTACKS:
        assert (attack.make is None) == bool(attack.proof), attack.id
        assert not attack.proof or attack.proof in functions, attack.id
        for phrase in (attack.given, attack.expected):
            assert phrase, attack.id
            assert len(phrase) < 160, attack.id
            assert "\n" not in phrase, attack.id
            assert not phrase.endswith("."), attack.id


def test_the_table_is_markdown() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + sum(1 for _ in every())
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 5, line
        assert line.isprintable(), line
