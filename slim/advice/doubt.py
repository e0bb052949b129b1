"""What rules may say of files that nobody has looked into: less [pure].

Of a layer that is known by its table of contents the names are known and no contents: no package
database says who owns a file, no script what runs it. What rests on names and sizes stays as it is; the
rest is never certain, and its fix never safe without a look.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slim.rules.rule import Rule

_BY_NAME_ALONE = "layer."
"""Queries about names and fates of rows: what an image shows and hides is in its names."""


def doubt(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, as sure as one can be without contents."""
    return [_doubted(rule) for rule in rules]


def _doubted(rule: Rule) -> Rule:
    if rule.query is not None and rule.query.startswith(_BY_NAME_ALONE):
        return rule
    confidence = "likely" if rule.confidence == "certain" else rule.confidence
    safety = "check" if rule.safety == "safe" else rule.safety
    return replace(rule, confidence=confidence, safety=safety)
