"""Which files of the final filesystem go: those that the chosen findings claim, and no others.

A claim is never of a protected path, a suppressed match or the base image, and only of bodies all of whose
names are selected: see `slim.advice.claim`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from slim.advice.advise import Advice
from slim.advice.claim import Claim
from slim.errors import UsageError
from slim.files.ledger import Ledger
from slim.files.table import Fate, Files, Kind
from slim.files.view import View, view_of
from slim.repack.certificate import Predicted
from slim.repack.model import Removal, Selection, Skipped
from slim.rules.rule import Rule


class Choice(Struct, frozen=True):
    """What of an image's findings is carried out; the advice itself, which takes memory, can go then."""

    removal: Removal
    titles: Mapping[str, str]
    """Id of a rule → its title."""
    predicted: Predicted | None
    """What the report predicts at this level; None where it predicts nothing."""


NOTHING = Choice(Removal(), {}, None)
_BY_REMOVING = ("delete", "uninstall", "flag")
"""Ways in which bytes go that come to removing the files."""


def choose(
    files: Files, ledger: Ledger, base_layers: int, advice: Advice, selection: Selection
) -> Choice:
    """What the selection comes to; errors are those of `removal_of`."""
    if selection.level == "dead":
        return NOTHING
    removal = removal_of(files, view_of(files), advice, selection)
    titles = {claim.match.rule.id: claim.match.rule.title for claim in advice.claims}
    return Choice(removal, titles, _predicted(files, ledger, base_layers, advice, selection))


def removal_of(files: Files, view: View, advice: Advice, selection: Selection) -> Removal:
    """What the selection removes of the final filesystem.

    Raises:
        UsageError: a chosen rule claims nothing here.
    """
    chosen = _chosen(advice, selection)
    used = _bodies_of(view, selection.kept)
    rows: dict[int, str] = {}
    skipped: list[Skipped] = []
    observed: list[int] = []
    for claim in chosen:
        rule = claim.match.rule
        live = [
            row
            for row in claim.claimed
            if files.fate[row] == Fate.LIVE and files.kind[row] in (Kind.FILE, Kind.SYMLINK)
        ]
        if why := _why_not(rule, claim):
            if live and (size := sum(files.size[row] for row in live)):
                skipped.append(Skipped(rule.id, size, why))
            continue
        if claim.parts:
            why = "it rewrites files, and entries are copied as they are"
            skipped.append(Skipped(rule.id, sum(claim.parts.values()), why))
        for row in live:
            if row in used:
                observed.append(row)
            else:
                rows[row] = rule.id
    return Removal(rows, tuple(skipped), tuple(observed))


def _chosen(advice: Advice, selection: Selection) -> Sequence[Claim]:
    claims = [claim for claim in advice.claims if claim.counts]
    if selection.level == "safe":
        return [claim for claim in claims if claim.match.rule.safety == "safe"]
    if selection.level == "all":
        return claims
    if selection.level == "chosen":
        names = {name for claim in claims for name in _names(claim.match.rule)}
        if unknown := [name for name in selection.rules if name not in names]:
            raise UsageError(
                "nothing-to-apply",
                f"{unknown[0]!r} claims nothing in this image",
                "slim analyze lists the findings that claim something",
            )
        chosen = frozenset(selection.rules)
        return [claim for claim in claims if not chosen.isdisjoint(_names(claim.match.rule))]
    return []


def _names(rule: Rule) -> tuple[str, str]:
    return rule.id, rule.slug


def _why_not(rule: Rule, claim: Claim) -> str:
    """Why removing its files is not what a finding asks for; empty where it is."""
    if claim.match.keeps:
        return "its copies are in use: they become links to one of them, and are not removed"
    if rule.remove not in _BY_REMOVING:
        return f"its fix is not to remove files ({rule.remove})"
    return ""


def _bodies_of(view: View, paths: Sequence[bytes]) -> frozenset[int]:
    """The files that paths lead to, links followed."""
    found: set[int] = set()
    for path in paths:
        row = view.row(path)
        if row is not None:
            found.add(view.files.body.get(row, row))
    return frozenset(found)


def _predicted(
    files: Files, ledger: Ledger, base_layers: int, advice: Advice, selection: Selection
) -> Predicted | None:
    """What the report predicts at this level, and what it does not count."""
    if selection.level not in ("safe", "all"):
        return None
    freed = advice.safe if selection.level == "safe" else advice.reclaimable
    disk = sum(each.disk_bytes for each in ledger.layers)
    pull = sum(each.pull_bytes for each in ledger.layers)
    chosen = _chosen(advice, selection)
    reported = {row for claim in chosen for row in claim.claimed}
    unreported = sum(
        files.size[row]
        for row in range(files.starts[base_layers], len(files))
        if files.kind[row] == Kind.FILE and files.fate[row] and row not in reported
    )
    return Predicted(disk - freed.disk, pull - freed.pull, unreported)
