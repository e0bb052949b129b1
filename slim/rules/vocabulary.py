"""The words that rules may use: facts, queries and variables. They are what the ecosystems know."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct


class Vocabulary(Struct, frozen=True, eq=False):
    """Every name that a rule may refer to; compared by identity."""

    facts: frozenset[str] = frozenset()
    """Dotted facts, for `when`."""
    queries: frozenset[str] = frozenset()
    """Computed selections, for `query`."""
    samples: Mapping[str, tuple[str, ...]] = {}
    """Every variable of patterns, with the values that the examples of the rules are tested with."""

    @property
    def digest(self) -> str:
        """A short name for what the vocabulary holds."""
        words = (sorted(self.facts), sorted(self.queries), sorted(self.samples.items()))
        return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


NO_WORDS = Vocabulary()
"""For lists of patterns without variables."""
