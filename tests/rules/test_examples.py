"""Every example of every built-in rule is a test, and the reference lists what the code knows."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from slim.advice.vocabulary import VOCABULARY
from slim.rules.builtin import builtin_rules, rules_folder
from slim.rules.faults import Fault
from slim.rules.folder import builtin_sources
from slim.rules.glob import compile_globs
from slim.rules.pack import Examples, read_packs, selects_package
from slim.rules.protected import Protected
from slim.rules.reader import RULE_KEYS
from slim.rules.rule import Pack, Rule, rules_of


@cache
def read() -> tuple[tuple[Pack, ...], tuple[Fault, ...]]:
    """Faults are the subject of one test; in the others they must not keep the examples from being run."""
    return read_packs(
        builtin_sources(),
        VOCABULARY,
        snippets=builtin_rules(VOCABULARY).snippets,
        protected=builtin_rules(VOCABULARY).protected,
    )


@cache
def examples() -> Examples:
    return Examples(rules_of(read()[0]), VOCABULARY)


@pytest.mark.parametrize("name", [name.removesuffix(".toml") for name, _ in builtin_sources()])
def test_every_example_is_a_hit_or_a_miss_as_it_says(name: str) -> None:
    (pack,) = [pack for pack in read()[0] if pack.name == name]
    numbers = {rule.id: number for number, rule in enumerate(rules_of(read()[0]))}
    cases = [
        (rule, example, is_hit)
        for rule in pack.rules
        for is_hit, texts in ((True, rule.hits), (False, rule.misses))
        for example in texts
    ]
    assert cases
    wrong = [
        f"{rule.id}: {example} is no {'hit' if is_hit else 'miss'}"
        for rule, example, is_hit in cases
        if selected(numbers[rule.id], rule, example) != is_hit
    ]
    assert wrong == []


def selected(number: int, rule: Rule, example: str) -> bool:
    if rule.packages:
        return selects_package(rule, example)
    return bool(examples().selecting(number, example))


def test_the_built_in_packs_have_no_fault() -> None:
    packs, faults = read()
    assert [str(fault) for fault in faults] == []
    assert rules_of(builtin_rules(VOCABULARY).packs) == rules_of(packs)


@pytest.mark.parametrize("entry", builtin_rules(VOCABULARY).protected, ids=lambda entry: entry.what)
def test_the_never_list_protects_its_own_examples(entry: Protected) -> None:
    if entry.packages:
        missed = [
            example
            for example in entry.examples
            if not any(glob.matches(example.encode()) for glob in entry.packages)
        ]
    else:
        globs = compile_globs(entry.match)
        missed = [example for example in entry.examples if not globs.match(example.encode())]
    assert missed == []


def reference() -> str:
    return Path(rules_folder(), "FORMAT.md").read_text("utf-8")


def test_the_reference_lists_every_field() -> None:
    table = reference().partition("## Fields of a rule")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(first_cells))) - {"field"} == set(RULE_KEYS)


def test_the_reference_explains_only_words_that_exist() -> None:
    text = reference()
    facts = text.partition("Facts are")[2].partition("## Globs")[0]
    for name in re.findall(r"`([a-z]+\.[a-z_]+)`", facts):
        assert name in VOCABULARY.facts
    queries = text.partition("## Queries")[2].partition("\n## ")[0]
    for name in re.findall(r"(?:^|· )`([a-z]+\.[a-z_]+)`", queries, re.MULTILINE):
        assert name in VOCABULARY.queries or name.endswith(".toml")
