"""Gates: limits and findings that fail a build, judged on the numbers of a report.

What a report does not hold is never taken for a pass: where the contents of a layer are unknown or not
verified, no rules were applied or findings were left out, a limit that is not exceeded is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from slim.advice.suppression import BY_LABEL
from slim.report.comparison import Comparison, Side
from slim.report.gates import LEVELS, Gates, Growth
from slim.report.model import Budget, Dive, Finding, Report, Verdict
from slim.report.reasons import reasons, split_new
from slim.report.sides import side

D = TypeVar("D", Report, Comparison)
_OF_MANIFEST = ("pull-size", "layers")
"""Budgets that rest on the verified manifest, whatever a layer's own table of contents says it holds."""
_SEVERITY = {"high": 3, "medium": 2, "low": 1, "info": 0}


def judge(
    report: Report, gates: Gates, *, unsuppressed: int = 0, trust_labels: bool = False
) -> Report:
    """The report with its budgets and verdict, in place of any that it had.

    Of findings that were suppressed after the analysis (`slim.report.suppress`) other rules may claim the
    bytes; of those that it suppressed, and that count again (`unsuppressed`), nobody knows what they claim.
    Where a limit or level hangs on it, it is `unknown`. So it is with those that a label of the image itself
    suppressed, and with all findings of an image whose role is a label's word, unless `trust_labels`.
    """
    image = _as_trusted(side(report), trust_labels)
    findings, labelled = _without_labels(report.findings, trust_labels)
    unsuppressed += labelled
    freed = _suppressed_bytes(findings)
    judged = replace(report, budgets=list(_budgets(image, gates, freed, unsuppressed)))
    failing = [finding for finding in findings if _fails(finding, gates.fail_on)]
    return _decided(judged, failing, gates, image, unsuppressed)


def judge_comparison(
    comparison: Comparison, gates: Gates, *, unsuppressed: int = 0, trust_labels: bool = False
) -> Comparison:
    """The comparison with budgets and verdict, in place of any that it had; `unsuppressed` and
    `trust_labels` as for `judge`.

    A limit that the base exceeds already is no reason to fail: it is not from this change. Nor is what
    the image that both are built from grew by (`_base_image_growth`). `new:` in front of a level or rule
    means findings that the base does not have.
    """
    base, image = comparison.base, _as_trusted(comparison.image, trust_labels)
    changes = [
        change for change in (*comparison.findings, *comparison.notes) if change.status != "fixed"
    ]
    findings, labelled = _without_labels([change.finding for change in changes], trust_labels)
    unsuppressed += labelled
    freed = _suppressed_bytes(findings)
    budgets = list(_budgets(image, gates, freed, unsuppressed))
    if gates.growth is not None:
        budgets.append(_growth(comparison, gates.growth))
    over_before = {
        budget.name
        for budget in _budgets(base, gates)
        if budget.result == "over" and (budget.name in _OF_MANIFEST or not base.unverified_layers)
    }
    on_base = [
        budget.name for budget in budgets if budget.result == "over" and budget.name in over_before
    ]
    anywhere, only_new = split_new(gates.fail_on)
    failing = [
        finding
        for change, finding in zip(changes, findings, strict=True)
        if _fails(finding, anywhere) or (change.status == "new" and _fails(finding, only_new))
    ]
    judged = replace(comparison, budgets=budgets, over_on_base=on_base)
    return _decided(judged, failing, gates, image, unsuppressed)


def _as_trusted(image: Side, trust_labels: bool) -> Side:
    return replace(image, role_from_label=UNSET) if trust_labels else image


def _decided(
    document: D, failing: Sequence[Finding], gates: Gates, image: Side, unsuppressed: int
) -> D:
    """The document, whose budgets are known, with its verdict."""
    verdict = Verdict(
        fail_on=list(gates.fail_on),
        findings=[finding.id for finding in failing],
        unsuppressed=unsuppressed or UNSET,
        role_from_label=image.role_from_label,
    )
    judged = replace(document, verdict=verdict)
    why = reasons(judged)
    result: Literal["pass", "fail", "unknown"] = "unknown" if why else "pass"
    if any(reason.fails for reason in why):
        result = "fail"
    return replace(judged, verdict=replace(verdict, result=result))


def _without_labels(findings: Sequence[Finding], trust_labels: bool) -> tuple[list[Finding], int]:
    """The findings with none suppressed by a label of the image, unless that is trusted; how many were."""
    labelled = [
        not trust_labels and finding.suppressed is not None and finding.suppressed.by == BY_LABEL
        for finding in findings
    ]
    counted = [
        replace(finding, suppressed=None) if by_label else finding
        for finding, by_label in zip(findings, labelled, strict=True)
    ]
    return counted, sum(labelled)


def _suppressed_bytes(findings: Iterable[Finding]) -> int:
    """What findings claim that were suppressed after the analysis."""
    return sum(finding.claimed_bytes for finding in findings if finding.suppressed)


def _budgets(image: Side, gates: Gates, freed: int = 0, unsuppressed: int = 0) -> Iterator[Budget]:
    totals, unknown = image.totals, bool(image.unknown_layers or image.unverified_layers)
    if gates.size is not None:
        yield _budget("size", totals.disk_bytes, gates.size, unknown)
    if gates.pull_size is not None:
        at_least, error = not image.pull_known, totals.pull_error_bytes
        yield _budget("pull-size", totals.pull_bytes, gates.pull_size, at_least, error)
    if gates.reclaimable is not None:
        claimed = totals.reclaimable_bytes
        over = claimed > gates.reclaimable
        at_least = unknown or image.rules is None or unsuppressed > 0 or over
        at_least |= bool(image.role_from_label)
        value = claimed - freed if over else claimed
        yield _budget("reclaimable", value, gates.reclaimable, at_least)
    if gates.layers is not None:
        yield _budget("layers", totals.layers, gates.layers, False)
    yield from _dive_budgets(image.dive, gates, unknown)


def _dive_budgets(dive: Dive, gates: Gates, partial: bool) -> Iterator[Budget]:
    """Decided on dive's exact numbers; the report shows millionths."""
    if gates.dive_efficiency is not None:
        over = dive.efficiency < gates.dive_efficiency
        yield _dive("dive-efficiency", dive.efficiency, gates.dive_efficiency, over, partial)
    if gates.dive_wasted_bytes is not None:
        yield _budget("dive-wasted-bytes", dive.wasted_bytes, gates.dive_wasted_bytes, partial)
    if gates.dive_user_wasted is not None:
        over = dive.user_wasted_percent > gates.dive_user_wasted
        share = dive.user_wasted_percent
        yield _dive("dive-user-wasted", share, gates.dive_user_wasted, over, partial)


def _dive(
    name: Literal["dive-efficiency", "dive-user-wasted"],
    share: float,
    limit: float,
    over: bool,
    partial: bool,
) -> Budget:
    result: Literal["under", "over", "unknown"] = "over" if over else "under"
    return Budget(
        name=name,
        value=round(share * 1_000_000),
        limit=round(limit * 1_000_000),
        result="unknown" if partial else result,
    )


def _budget(
    name: Literal["size", "pull-size", "reclaimable", "layers", "dive-wasted-bytes"],
    value: int,
    limit: int,
    at_least: bool,
    error: int = 0,
) -> Budget:
    """`at_least`: the true value may be larger. `error`: it may be so much more or less."""
    result: Literal["under", "over", "unknown"] = "under"
    if value - error > limit:
        result = "over"
    elif at_least or value + error > limit:
        result = "unknown"
    return Budget(name=name, value=value, limit=limit, error_bytes=error, result=result)


def _fails(finding: Finding, fail_on: Iterable[str]) -> bool:
    """By level only what claims bytes; by name notes as well; what is suppressed never."""
    if finding.suppressed is not None:
        return False
    for word in fail_on:
        if word in (finding.rule, finding.slug):
            return True
        if (
            word in LEVELS
            and finding.mode == "claim"
            and _SEVERITY[finding.severity] >= _SEVERITY[word]
        ):
            return True
    return False


def _growth(comparison: Comparison, limit: Growth) -> Budget:
    base, image = comparison.base, comparison.image
    free = _base_image_growth(comparison)
    before, value = base.totals.disk_bytes, comparison.growth.disk_bytes - free
    result: Literal["under", "over", "unknown"] = "under"
    if any(each.unknown_layers or each.unverified_layers for each in (base, image)):
        result = "unknown"
    elif value > limit.bytes and value * 100 > limit.percent * before:
        result = "over"
    return Budget(
        name="growth",
        value=value,
        base_image_bytes=free,
        limit=limit.bytes,
        percent=limit.percent,
        result=result,
    )


def _base_image_growth(comparison: Comparison) -> int:
    """Bytes that the base image grew by, where that is certainly not this change's doing.

    Both are built from an image of one name (another one is somebody's choice), and where it ends is
    known on both sides (`--base`): a guess excuses nothing. A base image that shrank pays for nothing.
    """
    before, after = comparison.base.base, comparison.image.base
    grown = comparison.growth.base_image
    if grown is None or before.how != "given" or after.how != "given":
        return 0
    return max(0, grown.disk_bytes) if before.name and before.name == after.name else 0
