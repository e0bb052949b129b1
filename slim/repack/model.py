"""What is asked of a repacking, and what was decided about the rows of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Level = Literal["dead", "safe", "all", "chosen"]
"""What goes: bytes that nothing shows; also what safe findings claim; what all findings claim; what those of
chosen rules claim."""
LayerMode = Literal["keep", "squash", "flat"]
"""What becomes of the layers: each stays; those above the base become one; all become one."""
LEVELS: tuple[Level, ...] = ("dead", "safe", "all")
LAYER_MODES: tuple[LayerMode, ...] = ("keep", "squash", "flat")


class Selection(Struct, frozen=True):
    """Which findings are carried out."""

    level: Level = "dead"
    rules: tuple[str, ...] = ()
    """Ids or slugs, at level `chosen`."""
    config_digest: str = ""
    """Of the image that the rules were chosen for; empty for any."""
    kept: tuple[bytes, ...] = ()
    """Paths that a run was seen to use: they are never removed."""
    include_base: bool = False
    """The base image's layers are treated like all others."""


class Skipped(Struct, frozen=True):
    """Bytes on disk of a finding that removing files cannot carry out."""

    rule: str
    disk_bytes: int
    why: str


class Removal(Struct, frozen=True):
    """What goes of the final filesystem. What nothing shows goes besides."""

    rows: Mapping[int, str] = field(default_factory=dict)
    """Row of a file's body → id of the rule that claims it; all its names go."""
    skipped: tuple[Skipped, ...] = ()
    observed: tuple[int, ...] = ()
    """Rows that findings claim, and that stay because a run was seen to use them."""
