"""Which images a multi-stage build may be the answer for: asked before anything is computed [pure]."""

from __future__ import annotations

from collections.abc import Iterable

from slim.facts.gather import Facts
from slim.files.ledger import LayerSums

MODULES = {
    "elixir": "elixir",
    "go": "native",
    "rust": "native",
    "node": "node",
    "python": "python",
    "java": "java",
}
"""Those that are known well enough to be computed → module with a function `plan`, imported if asked for."""


def stack_of(facts: Facts, layers: Iterable[LayerSums]) -> str | None:
    """The one stack that a release runs, if it is known well enough; None too where the contents of a layer
    are unknown."""
    if facts.role.name != "release" or any(one.pull_bytes and not one.tar_bytes for one in layers):
        return None
    running = [stack.name for stack in facts.stacks if stack.runs]
    return running[0] if len(running) == 1 and running[0] in MODULES else None
