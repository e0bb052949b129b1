"""Gates: limits and findings that fail a build, judged on the numbers of a report [pure].

What a report does not hold is never taken for a pass: where the contents of a layer are unknown, no rules
were applied or findings were left out, a limit that is not exceeded is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec.structs import replace

from slim.advice.suppression import BY_LABEL
from slim.formats import words
from slim.report.comparison import Comparison, Side
from slim.report.gates import LEVELS, NEW, Gates, Growth
from slim.report.model import Budget, Dive, Finding, Report, Verdict
from slim.report.sides import side
from slim.units import format_bytes

_SEVERITY = {"high": 3, "medium": 2, "low": 1, "info": 0}


def judge(report: Report, gates: Gates, *, lifted: int = 0, trust_labels: bool = False) -> Report:
    """The report with its budgets and verdict, in place of any that it had.

    Of findings that were suppressed afterwards (`slim.report.silence`) other rules may claim the bytes; of
    those that were suppressed before, and are not any more (`lifted`), nobody knows what they claim. Where
    a limit or level hangs on it, it is `unknown`. So it is with those that a label of the image itself
    suppressed, unless `trust_labels`.
    """
    image = side(report)
    told = report.findings if trust_labels else [_unlabelled(one) for one in report.findings]
    lifted += sum(one is not before for one, before in zip(told, report.findings, strict=True))
    budgets = list(_budgets(image, gates, _freed(told), lifted))
    failing = [one for one in told if _fails(one, gates.fail_on)]
    verdict = _verdict(budgets, failing, _doubts(image, gates.fail_on, lifted), gates)
    judged = replace(report, budgets=budgets, verdict=verdict)
    return replace(judged, verdict=replace(verdict, headline=_headline(judged)))


def judge_comparison(
    comparison: Comparison, gates: Gates, *, lifted: int = 0, trust_labels: bool = False
) -> Comparison:
    """The comparison with budgets and verdict, in place of any that it had; `lifted` and
    `trust_labels` as for `judge`.

    A limit that the base exceeds already is no reason to fail: it is not from this change. Nor is what
    the image that both are built from grew by (`_of_base_image`). `new:` in front of a level or rule
    means findings that the base does not have.
    """
    base, image = comparison.base, comparison.image
    found = [one for one in (*comparison.findings, *comparison.notes) if one.status != "fixed"]
    if not trust_labels:
        told = [replace(one, finding=_unlabelled(one.finding)) for one in found]
        lifted += sum(
            one.finding is not before.finding for one, before in zip(told, found, strict=True)
        )
        found = told
    freed = _freed(one.finding for one in found)
    budgets = list(_budgets(image, gates, freed, lifted))
    if gates.growth is not None:
        budgets.append(_growth(comparison, gates.growth))
    before = {one.name for one in _budgets(base, gates) if one.result == "over"}
    on_base = [one.name for one in budgets if one.result == "over" and one.name in before]
    charged = [one for one in budgets if one.name not in on_base]
    named = [word for word in gates.fail_on if not word.startswith(NEW)]
    named_new = [word.removeprefix(NEW) for word in gates.fail_on if word.startswith(NEW)]
    failing = [
        one.finding
        for one in found
        if _fails(one.finding, named) or (one.status == "new" and _fails(one.finding, named_new))
    ]
    doubts = [
        *_doubts(image, [*named, *named_new], lifted),
        *_doubts(base, named_new, whose="the base's report: "),
    ]
    verdict = _verdict(charged, failing, doubts, gates)
    judged = replace(comparison, budgets=budgets, over_on_base=on_base, verdict=verdict)
    return replace(judged, verdict=replace(verdict, headline=_headline(judged)))


def restated(document: Report | Comparison) -> Report | Comparison:
    """The document with its reasons and headline in the units that are shown (`slim.units.shown_in`)."""
    on_base = document.over_on_base if isinstance(document, Comparison) else ()
    charged = [one for one in document.budgets if one.name not in on_base]
    known = {one.id: one for one in _findings_of(document)}
    failing = [known[id_] for id_ in document.verdict.findings if id_ in known]
    over, found, unknown = _reasons(charged, failing)
    rest = document.verdict.reasons[len(over) + len(document.verdict.findings) + len(unknown) :]
    verdict = replace(document.verdict, reasons=[*over, *found, *unknown, *rest])
    said = replace(document, verdict=verdict)
    return replace(said, verdict=replace(verdict, headline=_headline(said)))


def _findings_of(document: Report | Comparison) -> Iterator[Finding]:
    if isinstance(document, Comparison):
        yield from (one.finding for one in (*document.findings, *document.notes))
    else:
        yield from document.findings


def _reasons(
    budgets: Sequence[Budget], failing: Sequence[Finding]
) -> tuple[list[str], list[str], list[str]]:
    """What is over, which findings fail, and which budgets are not decided."""
    over = [_said(one) for one in budgets if one.result == "over"]
    found = [
        f"{one.rule} {one.title}: {format_bytes(one.claimed_bytes)} ({one.severity})"
        for one in failing
    ]
    return over, found, [_said(one) for one in budgets if one.result == "unknown"]


def _verdict(
    budgets: Sequence[Budget], failing: Sequence[Finding], doubts: Iterable[str], gates: Gates
) -> Verdict:
    """Without its headline. Doubts about findings count only where none fails; `restated` knows the order
    of the reasons."""
    over, found, unknown = _reasons(budgets, failing)
    if not found:
        unknown += doubts
    result: Literal["pass", "fail", "unknown"] = "pass"
    if over or found:
        result = "fail"
    elif unknown:
        result = "unknown"
    return Verdict(
        result=result,
        reasons=[*over, *found, *unknown],
        fail_on=list(gates.fail_on),
        findings=[one.id for one in failing],
    )


def _unlabelled(one: Finding) -> Finding:
    """The finding as it is without what a label of the image says."""
    by_label = one.suppressed is not None and one.suppressed.by == BY_LABEL
    return replace(one, suppressed=None) if by_label else one


def _freed(findings: Iterable[Finding]) -> int:
    """What findings claim that were suppressed after the analysis."""
    return sum(one.claimed_bytes for one in findings if one.suppressed)


def _budgets(image: Side, gates: Gates, freed: int = 0, lifted: int = 0) -> Iterator[Budget]:
    totals, unknown = image.totals, bool(image.unknown_layers)
    if gates.size is not None:
        yield _budget("size", totals.disk_bytes, gates.size, unknown)
    if gates.pull_size is not None:
        yield _budget("pull-size", totals.pull_bytes, gates.pull_size, not image.pull_known)
    if gates.reclaimable is not None:
        most = totals.reclaimable_bytes
        value = most - freed if most > gates.reclaimable else most
        doubt = unknown or image.rules is None or lifted > 0 or most > gates.reclaimable
        yield _budget("reclaimable", value, gates.reclaimable, doubt)
    if gates.layers is not None:
        yield _budget("layers", totals.layers, gates.layers, False)
    yield from _dive_budgets(image.dive, gates, unknown)


def _dive_budgets(dive: Dive, gates: Gates, partial: bool) -> Iterator[Budget]:
    """Decided on dive's numbers as they are; millionths are what is shown."""
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
) -> Budget:
    """`at_least`: the true value may be larger."""
    result: Literal["under", "over", "unknown"] = "unknown" if at_least else "under"
    return Budget(name=name, value=value, limit=limit, result="over" if value > limit else result)


def _said(one: Budget) -> str:
    def show(value: int) -> str:
        return words.budgeted(one.name, value)

    if one.name == "growth":
        limit = f"{one.percent:g}% and {show(one.limit)}"
        known = "is over" if one.result == "over" else "is not known to be within"
        free = words.free_growth(one)
        return f"growth of {show(one.value)}{f' ({free})' if free else ''} {known} {limit}"
    if one.name == "dive-efficiency":
        known = "is below" if one.result == "over" else "is not known to reach"
        return f"{one.name} {show(one.value)} {known} {show(one.limit)}"
    if one.result == "over":
        by = show(one.value - one.limit)
        return f"{one.name} {show(one.value)} is over the limit of {show(one.limit)} by {by}"
    return f"{one.name} is at least {show(one.value)}, not known to be within {show(one.limit)}"


def _fails(one: Finding, fail_on: Iterable[str]) -> bool:
    """By level only what claims bytes; by name notes as well; what is suppressed never."""
    if one.suppressed is not None:
        return False
    for word in fail_on:
        if word in (one.rule, one.slug):
            return True
        if word in LEVELS and one.mode == "claim" and _SEVERITY[one.severity] >= _SEVERITY[word]:
            return True
    return False


def _doubts(
    image: Side, fail_on: Sequence[str], lifted: int = 0, *, whose: str = ""
) -> Iterator[str]:
    """Why findings that should fail the gate may be missing from a report."""
    if not fail_on:
        return
    if image.rules is None:
        yield f"{whose}no rules were applied: {', '.join(fail_on)} cannot be decided"
    if lifted and not set(LEVELS).isdisjoint(fail_on):
        found = words.count(lifted, "finding")
        yield f"{whose}{found} suppressed in the analysis: what it would claim is not known"
    if image.findings_left_out:
        left = words.count(image.findings_left_out, "finding")
        yield f"{whose}{left} left out: make it with a larger --top"
    if image.unknown_layers:
        yield f"{whose}the contents of {words.count(image.unknown_layers, 'layer')} are unknown"


def _growth(comparison: Comparison, limit: Growth) -> Budget:
    base, image = comparison.base, comparison.image
    free = _of_base_image(comparison)
    before, value = base.totals.disk_bytes, comparison.growth.disk_bytes - free
    result: Literal["under", "over", "unknown"] = "under"
    if base.unknown_layers or image.unknown_layers:
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


def _of_base_image(comparison: Comparison) -> int:
    """Bytes that the base image grew by, where that is certainly not this change's doing.

    Both are built from an image of one name (another one is somebody's choice), and where it ends is
    known on both sides (`--base`): a guess excuses nothing. A base image that shrank pays for nothing.
    """
    one, other = comparison.base.base, comparison.image.base
    grown = comparison.growth.base_image
    if grown is None or one.how != "given" or other.how != "given":
        return 0
    return max(0, grown.disk_bytes) if one.name and one.name == other.name else 0


def _headline(report: Report | Comparison) -> str:
    said = words.verdict(report)
    reasons = report.verdict.reasons
    if not said or not reasons:
        return said
    more = f"; and {len(reasons) - 3:,} more" if len(reasons) > 3 else ""
    return f"{said}: {'; '.join(reasons[:3])}{more}"
