"""Which images a multi-stage build may be the answer for: asked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slim.facts.gather import Facts
from slim.files.ledger import LayerSums
from slim.rebuild.model import Recipe


def recipe_for(
    recipes: Mapping[str, Recipe], facts: Facts, layers: Iterable[LayerSums]
) -> Recipe | None:
    """The recipe of the one stack that a release runs; None where there is none, or several, and where the
    contents of a layer are unknown.

    Args:
        recipes: by the name of the stack.
    """
    if facts.role.name != "release" or any(one.pull_bytes and not one.tar_bytes for one in layers):
        return None
    running = [stack.name for stack in facts.stacks if stack.runs]
    return recipes.get(running[0]) if len(running) == 1 else None
