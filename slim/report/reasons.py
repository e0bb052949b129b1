"""Why the gates decided as they did, as values: whoever shows them makes the words.

A reason follows from what the document holds (its budgets, the findings that fail the gate, what is not
known), so it is derived here and never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from slim.report.comparison import Comparison, Side
from slim.report.gates import LEVELS, NEW
from slim.report.model import Budget, Finding, Report, Verdict
from slim.report.sides import side

Document = Report | Comparison
Kind = Literal[
    "over",
    "finding",
    "undecided",
    "no-rules",
    "unsuppressed",
    "role-from-label",
    "findings-left-out",
    "contents-unknown",
    "contents-unverified",
]


class Reason(Struct, frozen=True, kw_only=True):
    """One reason; which of the other fields are set depends on `kind`."""

    kind: Kind
    """The first two fail the gates, the others leave them undecided."""
    budget: Budget | None = None
    """Of `over` and `undecided`."""
    finding: Finding | None = None
    """Of `finding`."""
    count: int = 0
    """Findings that were suppressed or left out, or layers of unknown or unverified contents."""
    fail_on: tuple[str, ...] = ()
    """Of `no-rules`: the levels and rules that cannot be decided."""
    of_base: bool = False
    """What is missing is missing from the base's report."""

    @property
    def fails(self) -> bool:
        """Whether it fails the gates."""
        return self.kind in ("over", "finding")


def reasons(document: Document) -> list[Reason]:
    """What is over its limit, which findings fail the gate, and what could not be decided, in this order.

    That findings may be missing only matters where none fails.
    """
    charged = charged_budgets(document)
    known = {finding.id: finding for finding in _findings(document)}
    failing = [known[id] for id in document.verdict.findings if id in known]
    return [
        *(Reason(kind="over", budget=budget) for budget in charged if budget.result == "over"),
        *(Reason(kind="finding", finding=finding) for finding in failing),
        *(
            Reason(kind="undecided", budget=budget)
            for budget in charged
            if budget.result == "unknown"
        ),
        *(_missing_of(document) if not failing else ()),
        *(_of_role(document.verdict) if not failing else ()),
        *_unverified(document, [] if failing else document.verdict.fail_on),
    ]


def charged_budgets(document: Document) -> list[Budget]:
    """The budgets without those that the base exceeds already, which are no reason to fail."""
    on_base = document.over_on_base if isinstance(document, Comparison) else []
    return [budget for budget in document.budgets if budget.name not in on_base]


def split_new(fail_on: Sequence[str]) -> tuple[list[str], list[str]]:
    """`new:high`, `DEB001` → what fails wherever it is, and what fails if the base does not have it."""
    anywhere = [word for word in fail_on if not word.startswith(NEW)]
    only_new = [word.removeprefix(NEW) for word in fail_on if word.startswith(NEW)]
    return anywhere, only_new


def _findings(document: Document) -> Iterator[Finding]:
    if isinstance(document, Comparison):
        yield from (change.finding for change in (*document.findings, *document.notes))
    else:
        yield from document.findings


def _missing_of(document: Document) -> Iterator[Reason]:
    verdict = document.verdict
    if isinstance(document, Report):
        yield from _missing(side(document), verdict.fail_on, verdict.unsuppressed or 0)
        return
    anywhere, only_new = split_new(verdict.fail_on)
    yield from _missing(document.image, [*anywhere, *only_new], verdict.unsuppressed or 0)
    yield from _missing(document.base, only_new, of_base=True)


def _of_role(verdict: Verdict) -> Iterator[Reason]:
    """For another role than the one that the image itself names there may be findings."""
    if verdict.role_from_label and verdict.fail_on:
        yield Reason(kind="role-from-label")


def _unverified(document: Document, fail_on: Sequence[str]) -> Iterator[Reason]:
    """The layers that nobody read, where a gate that is not decided rests on what they hold."""
    undecided = {budget.name for budget in charged_budgets(document) if budget.result == "unknown"}
    image = side(document) if isinstance(document, Report) else document.image
    if image.unverified_layers and (undecided or fail_on):
        yield Reason(kind="contents-unverified", count=image.unverified_layers)
    base = document.base if isinstance(document, Comparison) else None
    if base and base.unverified_layers and ("growth" in undecided or split_new(fail_on)[1]):
        yield Reason(kind="contents-unverified", count=base.unverified_layers, of_base=True)


def _missing(
    image: Side, fail_on: Sequence[str], unsuppressed: int = 0, *, of_base: bool = False
) -> Iterator[Reason]:
    """Why findings that should fail the gate may be missing from a report."""
    if not fail_on:
        return
    if image.rules is None:
        yield Reason(kind="no-rules", fail_on=tuple(fail_on), of_base=of_base)
    if unsuppressed and not set(LEVELS).isdisjoint(fail_on):
        yield Reason(kind="unsuppressed", count=unsuppressed, of_base=of_base)
    if image.findings_left_out:
        yield Reason(kind="findings-left-out", count=image.findings_left_out, of_base=of_base)
    if image.unknown_layers:
        yield Reason(kind="contents-unknown", count=image.unknown_layers, of_base=of_base)
