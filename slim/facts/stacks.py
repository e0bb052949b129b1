"""Which stacks an image runs or carries, and from which signs that is known.

Stack first, role later: an image can be a Phoenix release and a Node server at once. What is run counts
most; a stack is also there when an application of it lies in the image, needed or not. A toolchain alone
is not a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from slim.facts.known import Known
from slim.files.view import decoded

_MAX_EVIDENCE = 8


class Stack(Struct, frozen=True):
    """One stack of an image."""

    name: str
    """The name of its ecosystem."""
    runs: bool
    """What the container is started for belongs to it."""
    kinds: tuple[str, ...]
    """What is known more closely: `phoenix`, `mix release`, `node server`, `front end only`, …"""
    evidence: tuple[str, ...]


class StackSigns(Struct, frozen=True):
    """How a stack is recognized, besides by commands of its family."""

    name: str
    family: str
    carried: Callable[[Known], Iterable[str]] | None = None
    """Applications in the image, a line each."""
    kinds: Callable[[Known], Iterable[str]] | None = None
    by_project: bool = True
    """A project directory alone is a sign."""


def stacks_of(known: Known, signs: Sequence[StackSigns]) -> tuple[Stack, ...]:
    """The stacks, those that run first."""
    found: list[Stack] = []
    for sign in signs:
        running = [f"runs {command.brief}" for command in known.running(sign.family)]
        evidence = [*running, *(sign.carried(known) if sign.carried else ())]
        if sign.by_project:
            homes = known.roots.projects_of(sign.name)
            evidence += [f"{decoded(home)} is a {sign.name} project" for home in homes]
        if evidence:
            kinds = dict.fromkeys(sign.kinds(known)) if sign.kinds else ()
            shown = tuple(dict.fromkeys(evidence))[:_MAX_EVIDENCE]
            found.append(Stack(sign.name, bool(running), tuple(kinds), shown))
    return tuple(sorted(found, key=lambda stack: not stack.runs))
