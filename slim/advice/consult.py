"""What the rules say about an image: facts, selections, claims, advice, on one page [pure].

files → view → packages → owners ─┐
config, history ──────────→ facts ┴→ rules that apply → selections → suppressions → claims ─┬─────→ advice
`survey` ──────────────────────────┘                     what it leaves out ← rebuild ←──────┘ `counsel_of`
                                    `apply` ────────────────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.advice.advise import Advice, advise, gone
from slim.advice.apply import Applied
from slim.advice.claim import Claim
from slim.advice.ignore import Ignore
from slim.advice.survey import Ground
from slim.facts.gather import Facts
from slim.files.table import Bytes
from slim.packages.closure import why
from slim.packages.owners import Ownership

if TYPE_CHECKING:
    from slim.rebuild.model import Rebuild


class Counsel(Struct, frozen=True):
    """Advice, and what it rests on."""

    advice: Advice
    claims: tuple[Claim, ...]
    """What the advice rests on, row by row."""
    gone: Mapping[int, Bytes]
    """Row of `Files` → (disk, pull) bytes that the advice would take of it."""
    facts: Facts
    owned: Ownership
    reasons: tuple[str, ...]
    """Why each package of `owned` is there."""
    notices: tuple[str, ...]
    """What could not be read of package databases."""
    rebuild: Rebuild | None
    """The image that a multi-stage build would make, where that is the answer."""
    ignores: tuple[Ignore, ...]
    """What findings that are not told refer to."""
    idle_ignores: tuple[tuple[str, str], ...]
    """(id, text) of warnings: suppressions that do nothing."""


def counsel_of(ground: Ground, applied: Applied) -> Counsel:
    """The advice that follows from what rules claim."""
    files, pull = ground.files, ground.ledger.pull
    claims = applied.claims
    return Counsel(
        advise(files, pull, claims, applied.parted, disk_bytes=ground.disk),
        claims,
        gone(files, pull, claims),
        ground.facts,
        ground.owned,
        tuple(reason.text(ground.graph) for reason in why(ground.graph)),
        tuple(sorted({notice.text for notice in ground.catalog.notices})),
        applied.rebuild,
        applied.ignores,
        applied.idle_ignores,
    )
