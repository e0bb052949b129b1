"""Claims → findings: how many bytes each rule would free, in which layers, and how much that matters.

Pull bytes are the files' shares of the stored blobs, measured at the decompressor's checkpoints, not a
ratio of the whole image: a file that compresses badly counts for what it costs. For a transformation
they are what the dropped bytes themselves take once compressed.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from heapq import nlargest
from itertools import compress, pairwise
from operator import itemgetter
from typing import Literal

from msgspec import Struct

from slim.advice.claim import Claim
from slim.files.gone import Gone
from slim.files.stripping import pull_of_part
from slim.files.table import Fate, Files, mask, picked
from slim.rules.match import Match
from slim.rules.rule import Rule

Severity = Literal["high", "medium", "low", "info"]
Mode = Literal["claim", "note"]
_EXAMPLES = 5
_CAUSES = 5


class Amount(Struct, frozen=True):
    """Bytes on disk and in the pull."""

    disk: int = 0
    pull: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.disk + other.disk, self.pull + other.pull)


class Finding(Struct, frozen=True):
    """The waste that one rule found in an image."""

    id: str
    """Stable fingerprint: the rule and where it applies, not how much or on which line."""
    rule: Rule
    mode: Mode
    """A `note` claims nothing: it is suppressed, or the role of the image does not call for it."""
    severity: Severity
    total: Amount
    """Everything the rule points at, except the base image's part."""
    claimed: Amount
    """The part counted here and in no other finding."""
    base: Amount
    """What the rule points at in the base image's layers."""
    files: int
    """Everything the rule points at …"""
    claimed_files: int
    """… and those of it that are claimed here, whole or in part."""
    causes: tuple[int, ...]
    """Layers to change, most bytes first: those that add the files, or hide them for layer rules."""
    claimed_there: tuple[int, ...]
    """Bytes on disk that count here and in no other finding, for each of `causes`."""
    examples: tuple[int, ...]
    """Rows, largest first: of what is claimed, where anything is."""
    packages: tuple[str, ...]
    along: tuple[str, ...]
    """Packages that uninstalling `packages` removes as well."""
    variables: tuple[str, ...]
    """Names of environment variables and build arguments; their values are stored nowhere."""
    suppressed_by: int | None = None
    """Index of the suppression that silences it."""
    in_rebuild: bool = False
    """The proposed rebuild leaves out what it claims, or nearly all of it."""


def findings_of(
    files: Files,
    pull: array[int],
    claims: Sequence[Claim],
    *,
    disk_bytes: int,
    stays: Collection[int] | None = None,
) -> tuple[Finding, ...]:
    """The findings, largest claim first.

    Args:
        disk_bytes: the size of the image, for the severity.
        stays: bodies that the proposed rebuild has as they are; None where none is proposed.
    """
    found = [_finding(files, pull, claim, disk_bytes, stays) for claim in claims]
    return tuple(sorted((finding for finding in found if finding is not None), key=_order))


def amount_of(files: Files, pull: array[int], rows: Sequence[int]) -> Amount:
    """The bytes of whole files."""
    return Amount(sum(picked(files.size, rows)), sum(picked(pull, rows)))


def reclaimed(files: Files, pull: array[int], claims: Sequence[Claim]) -> tuple[Gone, ...]:
    """What all claims together free, by the rules that claim whole files; it sums up to what the findings
    claim."""
    found: list[Gone] = []
    for claim in claims:
        if rows := claim.claimed:
            disk, share = picked(files.size, rows), picked(pull, rows)
            found.append(Gone(claim.match.rule.id, rows, disk, share))
        if parts := dict(sorted(claim.parts.items())):
            share = [pull_of_part(files, pull, row, size) for row, size in parts.items()]
            found.append(Gone("", list(parts), list(parts.values()), share))
    return tuple(found)


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        -finding.claimed.disk,
        finding.mode != "claim",
        finding.suppressed_by is not None,
        -finding.total.disk,
        finding.rule.id,
        finding.suppressed_by or 0,
    )


def _finding(
    files: Files, pull: array[int], claim: Claim, disk_bytes: int, stays: Collection[int] | None
) -> Finding | None:
    match = claim.match
    parts = claim.parts if claim.counts else claim.noted
    rows: Sequence[int] = claim.rows or claim.base_rows
    if parts:
        rows = sorted((*claim.rows, *parts))
    if not rows and not match.names:
        return None
    sizes = picked(files.size, rows)
    by_layer = _by_layer(files, rows, sizes)
    own: Sequence[int] = claim.claimed
    # Mostly a claim gets all that its match points at.
    gets_all = not parts and len(own) == len(rows)
    own_sizes = sizes if gets_all else picked(files.size, own)
    claimed_in = by_layer if gets_all else _by_layer(files, own, own_sizes)
    for row, size in claim.parts.items():
        for layer in _by_layer(files, [row], [size]):
            claimed_in[layer] += size
    claimed = Amount(sum(own_sizes), sum(picked(pull, own))) + _parts(files, pull, claim.parts)
    causes = sorted(by_layer, key=lambda layer: (-by_layer[layer], layer)) or match.layers
    if claim.parts:
        own = sorted({*own, *claim.parts})
        own_sizes = picked(files.size, own)
    is_note = not claim.counts or not own
    place = files.path(rows[sizes.index(max(sizes))]) if rows else match.names[0].encode()
    return Finding(
        id=_fingerprint(match, place),
        rule=match.rule,
        mode="note" if is_note else "claim",
        severity="info" if is_note else _severity(claimed.disk, disk_bytes, match.rule),
        total=claimed
        if gets_all
        else amount_of(files, pull, claim.rows) + _parts(files, pull, parts),
        claimed=claimed,
        base=amount_of(files, pull, claim.base_rows),
        files=len(rows),
        claimed_files=len(own),
        causes=tuple(causes[:_CAUSES]),
        claimed_there=tuple(claimed_in[layer] for layer in causes[:_CAUSES]),
        examples=_largest(own, own_sizes) or _largest(rows, sizes),
        packages=match.packages,
        along=match.along,
        variables=match.names,
        suppressed_by=match.suppressed_by,
        in_rebuild=stays is not None and not is_note and _goes(files, claim, claimed.disk, stays),
    )


def _goes(files: Files, claim: Claim, claimed: int, stays: Collection[int]) -> bool:
    """Whether nine tenths of what is claimed are not in the rebuilt image."""
    kept = sum(picked(files.size, list(filter(stays.__contains__, claim.claimed))))
    kept += sum(size for row, size in claim.parts.items() if row in stays)
    return kept * 10 <= claimed


def _largest(rows: Sequence[int], sizes: Sequence[int]) -> tuple[int, ...]:
    least = min(nlargest(_EXAMPLES, sizes), default=0)
    likely = [(size, row) for row, size in zip(rows, sizes, strict=True) if size >= least]
    return tuple(row for _, row in nlargest(_EXAMPLES, likely, key=itemgetter(0)))


def _by_layer(files: Files, rows: Sequence[int], sizes: Sequence[int]) -> dict[int, int]:
    """Layer → bytes of `rows`, which ascend: in the layer that added them, or that hid them."""
    by_layer: dict[int, int] = defaultdict(int)
    dead = bytes(picked(files.fate, rows))
    if any(dead):
        for row, size in compress(zip(rows, sizes, strict=True), dead):
            by_layer[files.ended_by[row]] += size
        live = mask(dead, Fate.LIVE)
        rows, sizes = list(compress(rows, live)), list(compress(sizes, live))
    places = pairwise(bisect_left(rows, start) for start in files.starts)
    for layer, (first, end) in enumerate(places):
        if first < end:
            by_layer[layer] += sum(sizes[first:end])
    return by_layer


def _parts(files: Files, pull: array[int], parts: dict[int, int]) -> Amount:
    return Amount(
        sum(parts.values()),
        sum(pull_of_part(files, pull, row, size) for row, size in parts.items()),
    )


def _severity(claimed: int, disk_bytes: int, rule: Rule) -> Severity:
    """By bytes: from 5 % or 50 MB high, from 1 % or 10 MB medium; one step less if only `possible`."""
    levels: tuple[Severity, ...] = ("high", "medium", "low")
    if claimed >= 50_000_000 or claimed * 20 >= disk_bytes:
        level = 0
    elif claimed >= 10_000_000 or claimed * 100 >= disk_bytes:
        level = 1
    else:
        level = 2
    return levels[min(2, level + (rule.confidence == "possible"))]


def _fingerprint(match: Match, path: bytes) -> str:
    """Hash of the rule and the folder of its largest file: survives new lines, versions and sizes.

    Findings of one rule are told apart only if some of its paths are suppressed and others are not.
    """
    folder = b"/".join(path.split(b"/")[:3])
    suffix = b""
    if match.suppressed_by is not None and not match.is_whole:
        suffix = b"\0ignored %d" % match.suppressed_by
    return hashlib.sha256(match.rule.id.encode() + b"\0" + folder + suffix).hexdigest()[:16]
