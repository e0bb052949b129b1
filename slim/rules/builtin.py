"""The rules that come with slim: in an installed wheel, else in the checkout."""

from __future__ import annotations

import os
from functools import cache

from slim.rules import compiled
from slim.rules.rule import Rules
from slim.rules.vocabulary import Vocabulary

COMPILED = "compiled" + compiled.SUFFIX
"""In the rules folder of a wheel: the rules as its build parsed them."""
_HERE = os.path.dirname(__file__)


def rules_folder() -> str:
    """`slim/_rules` of a wheel, else `rules` of the checkout."""
    slim = os.path.dirname(_HERE)
    packaged = os.path.join(slim, "_rules")
    return packaged if os.path.isdir(packaged) else os.path.join(os.path.dirname(slim), "rules")


@cache
def builtin_rules(vocabulary: Vocabulary, cache_folder: str | None = None) -> Rules:
    """The built-in rules. Their examples are not run here, at each start: the tests do it.

    Args:
        vocabulary: the facts, queries and variables that rules may name.
        cache_folder: where the parsed rules are kept for the next run, in a checkout.

    Raises:
        Faulty: with every fault of every file.
    """
    folder = rules_folder()
    with_wheel = os.path.join(folder, COMPILED)
    if os.path.exists(with_wheel):
        with open(with_wheel, "rb") as file:
            rules = compiled.decode(file.read())
        return rules or _parse(folder, vocabulary)
    if cache_folder is None:
        return _parse(folder, vocabulary)
    # They depend on the texts, on the words they may use, and on the modules that say what a rule is.
    sources = [folder, os.path.join(folder, "snippets"), _HERE]
    name = compiled.name_of(sources, vocabulary.digest)
    rules = compiled.load(cache_folder, name)
    if rules is None:
        rules = _parse(folder, vocabulary)
        compiled.store(cache_folder, name, rules)
    return rules


def _parse(folder: str, vocabulary: Vocabulary) -> Rules:
    # What reads texts and checks them is imported where they are not parsed yet.
    from slim.rules.folder import parse_rules

    return parse_rules(folder, vocabulary)
