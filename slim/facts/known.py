"""What the facts about an image are computed from: what it runs, where things are, its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from slim.entrypoint.runs import Command, Runs
from slim.facts.roots import Roots
from slim.files.view import View

Evidence = tuple[str, ...]
"""Why a fact holds, a line each; empty where it does not."""


class Known(Struct, frozen=True):
    """What is known of an image before any fact is."""

    env: Mapping[str, str]
    runs: Runs
    roots: Roots
    view: View
    families: Mapping[Command, str]
    """Command → the family of its program; empty where that is not known."""

    def running(self, family: str) -> list[Command]:
        """The commands of one family that the container is started for."""
        return [command for command in self.runs.main if self.families[command] == family]


Test = Callable[[Known], Evidence]
"""Whether a fact holds, and why."""
