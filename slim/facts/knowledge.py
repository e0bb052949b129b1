"""What facts are found by, handed over by the ecosystems above as one value."""

from __future__ import annotations

from msgspec import Struct

from slim.entrypoint.runners import Tools
from slim.facts.known import Test
from slim.facts.programs import Families
from slim.facts.roots import Landmarks
from slim.facts.signs import RoleSigns
from slim.facts.stacks import StackSigns
from slim.facts.variables import Variable


class Knowledge(Struct, frozen=True):
    """All that is known of all ecosystems, put together."""

    landmarks: Landmarks
    families: Families
    tools: Tools
    stacks: tuple[StackSigns, ...]
    roles: tuple[RoleSigns, ...]
    variables: tuple[Variable, ...]
    tests: tuple[tuple[str, Test], ...]
    """(fact, test), in the order of evidence."""
