"""Facts about whole images: what each runs, which stacks it has, which role, where its roots are.

The images are in test_facts_images.txt, described by their config, their paths and the contents of a few
files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.facts.gather import Facts
from slim.rules.variables import bind
from tests.support.views import Case, read_cases

CASES = read_cases(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def dotted(facts: Facts, *kinds: str) -> set[str]:
    return {fact for fact in facts.facts if fact.partition(".")[0] in kinds}


@each_case
def test_an_image_is_understood(case: Case) -> None:
    facts = case.facts()
    expected = dict(case.expected)
    shown = "\n".join((*facts.runs.evidence, *facts.role.evidence, *map(str, facts.stacks)))
    assert facts.role.name == expected.pop("role"), shown
    assert [stack.name for stack in facts.stacks] == expected.pop("stacks", "").split(), shown
    kinds = set(filter(None, expected.pop("kinds", "").split(", ")))
    assert kinds <= {kind for stack in facts.stacks for kind in stack.kinds}, shown
    base = {f"base.{name}" for name in expected.pop("base", "").split()}
    assert dotted(facts, "base") == base
    others = facts.facts - dotted(facts, "base", "stack")
    assert others == set(expected.pop("facts", "").split()), shown
    assert (
        dotted(facts, "stack")
        == {f"stack.{stack.name}" for stack in facts.stacks} & VOCABULARY.facts
    )
    for name, values in expected.items():
        assert facts.variables[name.strip("{}")] == tuple(values.split()), name


@each_case
def test_every_fact_has_evidence_and_every_variable_a_value_or_none(case: Case) -> None:
    facts = case.facts()
    assert set(facts.evidence) == facts.facts <= VOCABULARY.facts
    assert all(facts.evidence.values())
    assert set(facts.variables) == set(VOCABULARY.samples)
    for name, values in facts.variables.items():
        assert len(values) <= 64
        assert len(bind(f"{{{name}}}/**", {name: values})) == len(values)
    total = sum(score for _, score in facts.role.scores)
    given = [line.partition(":")[0].split(", ") for line in facts.role.evidence]
    points = [int(sign.rpartition(" ")[2]) for line in given for sign in line if sign[-1].isdigit()]
    assert sum(points) == total, "the evidence adds up to the scores"


@each_case
def test_what_is_kept_while_reading_is_enough(case: Case) -> None:
    assert case.facts_as_scanned() == case.facts()


def test_there_are_many_images() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    roles = {case.expected["role"] for case in CASES}
    assert roles == {"release", "builder", "dev", "base", "tool", "unknown"}
    seen = {fact for case in CASES for fact in case.facts().facts}
    assert seen == VOCABULARY.facts, "each fact holds somewhere"
