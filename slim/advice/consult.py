"""What the rules say about an image: facts, selections, claims, advice, on one page [pure].

files → view → packages → owners ─┐
config, history ──────────→ facts ┴→ rules that apply → selections → suppressions → claims → advice
`survey` ──────────────────────────┘ `apply` ─────────────────────────────────────────────┘ `counsel_of`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from slim.advice.advise import Advice, advise, gone
from slim.advice.apply import Applied, Ground, apply, survey
from slim.advice.claim import Claim
from slim.advice.facts.gather import Facts
from slim.advice.ignore import Ignore
from slim.advice.never import Protected
from slim.advice.packages.closure import why
from slim.advice.packages.owners import Ownership
from slim.advice.rebuild.model import Given, Rebuild
from slim.advice.rebuild.rebuild import rebuild
from slim.advice.rule import Rule
from slim.files.ledger import Ledger
from slim.files.table import Bytes, Files
from slim.image.model import History, Image


@dataclass(frozen=True, slots=True)
class Counsel:
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


def consult(
    image: Image,
    files: Files,
    ledger: Ledger,
    rules: Sequence[Rule],
    never: Sequence[Protected],
    *,
    base_layers: int,
    role: str | None = None,
    compressions: Sequence[str] = (),
    ignores: Sequence[Ignore] = (),
    obey_label: bool = True,
    today: date = date.max,
) -> Counsel:
    """Apply rules to an image whose contents were extracted; arguments are those of `survey` and
    `apply`."""
    ground = survey(
        image, files, ledger, base_layers=base_layers, role=role, compressions=compressions
    )
    applied = apply(ground, rules, never, ignores=ignores, obey_label=obey_label, today=today)
    return counsel_of(ground, applied)


def counsel_of(ground: Ground, applied: Applied) -> Counsel:
    """The advice that follows from what rules claim."""
    image, files, ledger = ground.image, ground.files, ground.ledger
    claims = applied.claims
    disk = sum(size for kind, size in zip(files.kind, files.size, strict=True) if not kind)
    given = Given(
        image.config,
        tuple(layer.history or History() for layer in image.layers),
        ground.view,
        ledger.pull,
        ledger.layers,
        ground.base_layers,
        ground.facts,
        ground.owned,
        ground.graph,
        {row: one.selection.rule.category for one in claims for row in one.claimed},
    )
    return Counsel(
        advise(files, ledger.pull, claims, applied.parted, disk_bytes=disk),
        claims,
        gone(files, ledger.pull, claims),
        ground.facts,
        ground.owned,
        tuple(reason.text(ground.graph) for reason in why(ground.graph)),
        tuple(sorted({notice.text for notice in ground.catalog.notices})),
        rebuild(given, disk),
        applied.ignores,
        applied.idle_ignores,
    )
