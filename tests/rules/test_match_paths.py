"""Which files rules point at by their paths: skipping files says the same as looking at all of them."""

from __future__ import annotations

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.files.distinct_names import names_of
from slim.files.table import Files
from slim.rules.builtin import builtin_rules
from slim.rules.glob import GlobSet
from slim.rules.match_paths import match_paths
from slim.rules.rule import Rule, rules_of
from slim.rules.variables import variables_of
from tests.support.building import Parts, layer
from tests.support.checked import checked_files

RULES = [
    rule
    for rule in rules_of(builtin_rules(VOCABULARY).packs)
    if rule.match and not any(map(variables_of, (*rule.match, *rule.except_paths)))
]


def files_of(paths: set[str]) -> Files:
    # A path may be a directory of another's.
    above = {path.rpartition("/")[0] for path in paths}
    while more := {path.rpartition("/")[0] for path in above} - above:
        above |= more
    parts: Parts = dict.fromkeys(sorted(paths - above), b"x")
    return checked_files([layer(parts)]).files


def matched(files: Files, rules: list[Rule], among: range | None) -> dict[str, list[int]]:
    found = match_paths(
        files,
        names_of(files),
        rules,
        variables={},
        protected=builtin_rules(VOCABULARY).protected,
        owned=bytes(len(files)),
        among=among,
    )
    return {rule.id: list(rows) for rule, rows in zip(rules, found, strict=True) if rows}


def test_files_that_are_passed_over_match_no_rule() -> None:
    files = files_of({path for rule in RULES for path in (*rule.hits, *rule.misses)})
    found = matched(files, RULES, None)
    assert found == matched(files, RULES, range(len(files)))
    assert len(found) > len(RULES) // 2


def test_names_that_no_rule_asks_for_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {f"srv/data{n % 40}/file{n}.dat" for n in range(2000)}
    lists = {f"var/lib/apt/lists/mirror_{n}_Packages.lz4" for n in range(500)}
    files = files_of(names | lists)
    requested: list[bytes] = []
    original = GlobSet.accept

    def counting(self: GlobSet, state: int, name: bytes) -> tuple[int, ...]:
        requested.append(name)
        return original(self, state, name)

    monkeypatch.setattr(GlobSet, "accept", counting)
    found = matched(files, RULES, None)
    assert any(len(rows) == 500 for rows in found.values())
    assert len(requested) == 1  # one name stands for all of its kind
