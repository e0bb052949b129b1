"""Every example of every built-in rule is a test, and the reference lists what the code knows."""

from __future__ import annotations

import re

import pytest

from slim.advice.builtin import (
    builtin_never,
    builtin_packs,
    builtin_snippets,
    builtin_sources,
    rules_folder,
)
from slim.advice.checks import Examples, selects_package
from slim.advice.glob import compile_globs
from slim.advice.never import Protected
from slim.advice.pack import read_packs, rules_of
from slim.advice.predicate import FACTS
from slim.advice.rule import QUERIES, Rule
from slim.advice.rule_reader import RULE_KEYS
from slim.advice.variables import SAMPLES

# Faults are the subject of one test below; here they must not keep the examples from being run.
RULES = rules_of(
    read_packs(builtin_sources(), snippets=builtin_snippets(), never=builtin_never())[0]
)
EXAMPLES = Examples(RULES)

CASES = [
    pytest.param(number, rule, example, is_hit, id=f"{rule.id}-{kind}-{example}")
    for number, rule in enumerate(RULES)
    for kind, is_hit, examples in (("hit", True, rule.hits), ("miss", False, rule.misses))
    for example in examples
]


@pytest.mark.parametrize(("number", "rule", "example", "is_hit"), CASES)
def test_example(number: int, rule: Rule, example: str, is_hit: bool) -> None:
    if rule.packages:
        assert selects_package(rule, example) == is_hit
    else:
        assert bool(EXAMPLES.selecting(number, example)) == is_hit


def test_the_built_in_packs_have_no_fault() -> None:
    _, faults = read_packs(builtin_sources(), snippets=builtin_snippets(), never=builtin_never())
    assert [str(fault) for fault in faults] == []
    assert rules_of(builtin_packs()) == RULES


@pytest.mark.parametrize("entry", builtin_never(), ids=lambda entry: entry.what)
def test_the_never_list_protects_its_own_examples(entry: Protected) -> None:
    if entry.packages:
        missed = [
            one
            for one in entry.examples
            if not any(glob.matches(one.encode()) for glob in entry.packages)
        ]
    else:
        globs = compile_globs(entry.match)
        missed = [one for one in entry.examples if not globs.match(one.encode())]
    assert missed == []


def reference() -> str:
    return (rules_folder() / "FORMAT.md").read_text("utf-8")


def test_the_reference_lists_every_field() -> None:
    table = reference().partition("## Fields of a rule")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(first_cells))) - {"field"} == set(RULE_KEYS)


def test_the_reference_lists_every_fact_query_and_variable() -> None:
    text = reference()
    facts = text.partition("Facts are")[2].partition("\n## ")[0]
    listed = {word for code in re.findall(r"`([^`]+)`", facts) for word in code.split()}
    assert FACTS - listed == set()
    queries = text.partition("## Queries")[2]
    assert {w for code in re.findall(r"`([^`]+)`", queries) for w in code.split()} >= QUERIES
    samples = dict(re.findall(r"^(\w+)=([^·\n]+)", queries_free_samples(text), re.MULTILINE))
    assert {name: tuple(value.strip().split(",")) for name, value in samples.items()} == SAMPLES


def queries_free_samples(text: str) -> str:
    block = text.partition("Sample values")[2].partition("\n## ")[0]
    return "\n".join(piece.strip() for line in block.splitlines() for piece in line.split(" · "))
