"""Claims → advice: findings with their bytes and places, and how big the image would be [pure].

Pull bytes are the shares of the files in the stored blobs, measured at the decompressor's checkpoints,
not a ratio of the whole image: what compresses badly counts for what it costs. Of a transformation it is what
the dropped bytes themselves take when they are compressed.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from itertools import compress, pairwise
from operator import not_
from typing import Literal

from msgspec import Struct

from slim.advice.claim import Claim
from slim.advice.suppress import Parted
from slim.files.stripping import pull_of_part
from slim.files.table import Bytes, Files
from slim.rules.rule import Rule

Severity = Literal["high", "medium", "low", "info"]
Mode = Literal["claim", "note"]
_EXAMPLES = 5
_PLACES = 5


class Amount(Struct, frozen=True):
    """Bytes on disk and in the pull."""

    disk: int = 0
    pull: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.disk + other.disk, self.pull + other.pull)


class Finding(Struct, frozen=True):
    """What one rule says about this image."""

    id: str
    """Stable fingerprint: the rule and where it applies, not how much or on which line."""
    rule: Rule
    mode: Mode
    """A `note` claims nothing: the role of the image does not call for it."""
    severity: Severity
    total: Amount
    """All that the rule points at, the base image's part aside."""
    claimed: Amount
    """What is counted here and nowhere else."""
    base: Amount
    """What the rule points at in the base image's layers."""
    files: int
    causes: tuple[int, ...]
    """Layers to change, most bytes first: those that add the files, or hide them for layer rules."""
    examples: tuple[int, ...]
    """Rows, largest first."""
    packages: tuple[str, ...]
    along: tuple[str, ...]
    """Packages that go with them."""
    variables: tuple[str, ...]
    """Names of variables; their values are nowhere."""
    ignore: int | None = None
    """Index of the suppression because of which it is not told, and claims nothing."""


class Advice(Struct, frozen=True):
    """Findings, most bytes first, and what they come to."""

    findings: tuple[Finding, ...]
    reclaimable: Amount
    """The union of all claims."""
    safe: Amount
    """The part of it whose fix is `safe`."""
    base: Amount = Amount()
    """The union of what they point at in the base image: no step takes it away, another base may."""


def advise(
    files: Files,
    pull: array[int],
    claims: Sequence[Claim],
    parted: Sequence[Parted],
    *,
    disk_bytes: int,
) -> Advice:
    """Weigh the claims on these parts. `disk_bytes` is the image's size, for the severity."""
    found = []
    for claim, part in zip(claims, parted, strict=True):
        finding = _finding(files, pull, claim, part, disk_bytes)
        if finding is not None:
            found.append(finding)
    found.sort(
        key=lambda one: (
            -one.claimed.disk,
            one.mode != "claim",
            one.ignore is not None,
            -one.total.disk,
            one.rule.id,
            one.ignore or 0,
        )
    )
    reclaimable = sum((one.claimed for one in found), Amount())
    safe = sum((one.claimed for one in found if one.rule.safety == "safe"), Amount())
    theirs = sorted({row for claim in claims if claim.counts for row in claim.base_rows})
    return Advice(tuple(found), reclaimable, safe, _amount(files, pull, theirs))


def gone(files: Files, pull: array[int], claims: Sequence[Claim]) -> dict[int, Bytes]:
    """Row → (disk, pull) bytes that all claims together take of it; in sum what `advise` calls
    reclaimable."""
    found: dict[int, Bytes] = {}
    for claim in claims:
        for row in claim.claimed:
            found[row] = files.size[row], pull[row]
    for claim in claims:
        for row, size in claim.parts.items():
            disk, share = found.get(row, (0, 0))
            found[row] = disk + size, share + pull_of_part(files, pull, row, size)
    return found


def _finding(
    files: Files, pull: array[int], claim: Claim, part: Parted, disk_bytes: int
) -> Finding | None:
    rule = claim.selection.rule
    parts = claim.noted if part.ignore is not None else claim.parts
    total = _amount(files, pull, claim.rows) + _parts(files, pull, parts)
    claimed = _amount(files, pull, claim.claimed) + _parts(files, pull, claim.parts)
    base = _amount(files, pull, claim.base_rows)
    rows = sorted((*claim.rows, *parts)) or list(claim.base_rows)
    named = claim.selection.names
    if not rows and not named:
        return None
    causes = _causes(files, rows) or claim.selection.layers
    examples = nlargest(_EXAMPLES, rows, key=files.size.__getitem__)
    place = files.path(examples[0]) if examples else named[0].encode()
    note = not claim.counts or (not claim.claimed and not claim.parts)
    return Finding(
        id=_fingerprint(rule, place, part),
        rule=rule,
        mode="note" if note else "claim",
        severity="info" if note else _severity(claimed.disk, disk_bytes, rule),
        total=total,
        claimed=claimed,
        base=base,
        files=len(rows),
        causes=tuple(causes[:_PLACES]),
        examples=tuple(examples),
        packages=claim.selection.packages,
        along=claim.selection.along,
        variables=named,
        ignore=part.ignore,
    )


def _causes(files: Files, rows: Sequence[int]) -> list[int]:
    """The layers that brought or ended some rows, ascending as these are; first where most bytes are."""
    by_layer: dict[int, int] = defaultdict(int)
    fates = list(map(files.fate.__getitem__, rows))  # that of live rows is 0
    live = list(compress(rows, map(not_, fates)))
    places = pairwise(bisect_left(live, start) for start in files.starts)
    for layer, (first, end) in enumerate(places):
        if first < end:
            by_layer[layer] = sum(map(files.size.__getitem__, live[first:end]))
    for row in compress(rows, fates):
        by_layer[files.ended_by[row]] += files.size[row]
    return sorted(by_layer, key=lambda layer: (-by_layer[layer], layer))


def _amount(files: Files, pull: array[int], rows: Sequence[int]) -> Amount:
    return Amount(sum(map(files.size.__getitem__, rows)), sum(map(pull.__getitem__, rows)))


def _parts(files: Files, pull: array[int], parts: dict[int, int]) -> Amount:
    return Amount(
        sum(parts.values()),
        sum(pull_of_part(files, pull, row, size) for row, size in parts.items()),
    )


def _severity(claimed: int, disk_bytes: int, rule: Rule) -> Severity:
    """From bytes and certainty: 5 % or 50 MB is high, 1 % or 10 MB medium; a doubt costs a step."""
    levels: tuple[Severity, ...] = ("high", "medium", "low")
    if claimed >= 50_000_000 or claimed * 20 >= disk_bytes:
        level = 0
    elif claimed >= 10_000_000 or claimed * 100 >= disk_bytes:
        level = 1
    else:
        level = 2
    return levels[min(2, level + (rule.confidence == "possible"))]


def _fingerprint(rule: Rule, path: bytes, part: Parted) -> str:
    """The rule and the folder of its largest file: survives new lines, versions and sizes. Only where
    some of a rule's paths are suppressed and others are not, the former are told apart."""
    folder = b"/".join(path.split(b"/")[:3])
    other = b"" if part.whole or part.ignore is None else b"\0ignored %d" % part.ignore
    return hashlib.sha256(rule.id.encode() + b"\0" + folder + other).hexdigest()[:16]
