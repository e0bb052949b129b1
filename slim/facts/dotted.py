"""The dotted facts of the rules' vocabulary: which hold for an image, and why.

A fact that makes a rule speak (`runs.nginx`, `elixir.release`) holds only where that was seen; facts
that keep rules silent (`node.server`, `jit.cxx`) hold as soon as there is a sign for them. The tests are
those of the ecosystems.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slim.facts.known import Evidence, Known, Test
from slim.facts.programs import Families
from slim.facts.stacks import Stack

_MAX_EVIDENCE = 5


def facts_of(
    known: Known, stacks: Iterable[Stack], families: Families, tests: Sequence[tuple[str, Test]]
) -> dict[str, Evidence]:
    """The facts that hold, sorted by name, each with at least one line of evidence.

    Args:
        tests: (fact, test); several tests of one fact add up.
    """
    found: dict[str, list[str]] = {}
    for stack in stacks:
        found[f"stack.{stack.name}"] = list(stack.evidence)
    for command in known.runs.main:
        family = known.families[command]
        if family:
            name = families.of(family).fact or family
            found.setdefault(f"runs.{name}", []).append(f"{command.how}: {command.brief}")
    for name, test in tests:
        found.setdefault(name, []).extend(test(known))
    return {name: tuple(found[name][:_MAX_EVIDENCE]) for name in sorted(found) if found[name]}
