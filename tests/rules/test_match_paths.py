"""Which files rules point at by their paths: skipping files says the same as looking at all of them."""

from __future__ import annotations

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.files.table import Files
from slim.rules.builtin import builtin_rules
from slim.rules.glob import GlobSet, compile_globs
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


def matched(files: Files, rules: list[Rule], owned: bytes) -> dict[str, list[int]]:
    found = match_paths(
        files,
        rules,
        variables={},
        protected=builtin_rules(VOCABULARY).protected,
        owned=owned,
    )
    return {rule.id: list(rows) for rule, rows in zip(rules, found, strict=True) if rows}


def matched_one_by_one(files: Files, rules: list[Rule], owned: bytes) -> dict[str, list[int]]:
    """The same by asking each pattern about each path."""
    found: dict[str, list[int]] = {}
    paths = {row: files.path(row) for row in files.live_files()}
    protected = builtin_rules(VOCABULARY).protected
    always = compile_globs([path for each in protected if not each.by_name for path in each.match])
    by_name = compile_globs([path for each in protected if each.by_name for path in each.match])
    for rule in rules:
        globs, excepted = compile_globs(rule.match), compile_globs(rule.except_paths)
        free = rule.category in ("secret", "layer")
        rows = []
        for row, path in paths.items():
            selecting = [rule.match[index] for index in globs.match(path)]
            if by_name.match(path) and not free:
                selecting = [pattern for pattern in selecting if pattern.endswith("/**")]
            if (always.match(path) and not free) or excepted.match(path):
                selecting = []
            if owned[row] and not rule.owned and rule.category != "secret":
                selecting = []
            rows += [row] if selecting else []
        found |= {rule.id: rows} if rows else {}
    return found


@pytest.mark.parametrize("every", [1, 2, 3])
def test_rules_select_what_their_patterns_match(every: int) -> None:
    files = files_of({path for rule in RULES for path in (*rule.hits, *rule.misses)})
    owned = bytes(not row % every for row in range(len(files)))
    found = matched(files, RULES, owned)
    assert found == matched_one_by_one(files, RULES, owned)
    assert len(found) > (len(RULES) // 2 if every > 1 else 5)


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
    found = matched(files, RULES, bytes(len(files)))
    assert any(len(rows) == 500 for rows in found.values())
    assert len(requested) == 1  # one name stands for all of its kind
