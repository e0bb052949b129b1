"""What users choose about a comment: what becomes of an earlier one, and when one is posted at all."""

from __future__ import annotations

from typing import Literal, get_args

Behavior = Literal["update", "new", "hide-and-new", "delete-and-new"]
BEHAVIORS: tuple[Behavior, ...] = get_args(Behavior)
"""The first is the default."""
When = Literal["changed", "always", "failed"]
WHENS: tuple[When, ...] = get_args(When)
"""The first is the default."""
