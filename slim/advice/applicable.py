"""Which rules apply to an image, and how sure they can be about it.

A rule applies if its audience, the image's role and all its conditions call for it. A layer that is known
only by its table of contents has names and sizes but no contents: no package database says who owns a
file, and no script what runs it. Rules that rest on names alone are as sure as ever; all others are
downgraded: never certain, and their fix never safe without a review.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slim.advice.image_facts import ImageFacts
from slim.facts.evaluate import holds, prepare
from slim.rules.rule import Rule

_BY_NAME_ALONE = "layer."
"""Queries about the names and fates of rows: names tell which files an image shows and hides."""


def applicable_rules(image: ImageFacts, rules: Sequence[Rule]) -> list[Rule]:
    """The rules for the image's role whose conditions hold, downgraded where contents are unknown."""
    role = image.facts.role.name
    candidates = [
        rule for rule in rules if rule.audience == "default" and rule.roles.of(role) != "off"
    ]
    if any(layer.toc for layer in image.source.layers):
        candidates = [_downgraded(rule) for rule in candidates]
    conditions = [condition for rule in candidates for condition in rule.when]
    prepared = prepare(conditions, image.facts, image.view, image.catalog.packages)
    return [rule for rule in candidates if holds(rule.when, prepared)]


def _downgraded(rule: Rule) -> Rule:
    if rule.query is not None and rule.query.startswith(_BY_NAME_ALONE):
        return rule
    confidence = "likely" if rule.confidence == "certain" else rule.confidence
    safety = "check" if rule.safety == "safe" else rule.safety
    return replace(rule, confidence=confidence, safety=safety)
