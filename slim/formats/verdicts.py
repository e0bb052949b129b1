"""What the gates decided, in words: the verdict, its reasons, limits and their values."""

from __future__ import annotations

from collections.abc import Callable

from slim.formats.words import count
from slim.report.comparison import Comparison
from slim.report.model import Budget, Report
from slim.report.reasons import Reason, charged_budgets, reasons
from slim.units import Units

_IN_HEADLINE = 3


def brief(document: Report | Comparison) -> str:
    """The verdict in a few words; empty where there were no gates."""
    verdict = document.verdict
    if not document.budgets and not verdict.fail_on:
        return ""
    if verdict.result == "fail":
        over = any(budget.result == "over" for budget in charged_budgets(document))
        return "over budget" if over else "gate failed"
    if verdict.result == "unknown":
        return "gate not decided"
    on_base = isinstance(document, Comparison) and document.over_on_base
    return "over budget on base too (not from this PR)" if on_base else "within budget"


def headline(document: Report | Comparison, units: Units) -> str:
    """The verdict with its first reasons in one sentence; empty where there were no gates."""
    short = brief(document)
    why = [sentence(reason, units) for reason in reasons(document)]
    if not short or not why:
        return short
    left = len(why) - _IN_HEADLINE
    more = f"; and {left:,} more" if left > 0 else ""
    return f"{short}: {'; '.join(why[:_IN_HEADLINE])}{more}"


def sentence(reason: Reason, units: Units) -> str:
    """A reason in words; the title of a rule may be part of it."""
    if reason.budget is not None:
        return _budget_sentence(reason.budget, units)
    if reason.finding is not None:
        found = reason.finding
        claimed = units.size(found.claimed_bytes)
        return f"{found.rule} {found.title}: {claimed} ({found.severity})"
    whose = "the base's report: " if reason.of_base else ""
    text = {
        "no-rules": f"no rules were applied: {', '.join(reason.fail_on)} cannot be decided",
        "unsuppressed": f"{count(reason.count, 'finding')} suppressed in the analysis:"
        " what it would claim is not known",
        "role-from-label": "the image's own label says what its role is: --trust-labels",
        "findings-left-out": f"{count(reason.count, 'finding')} left out:"
        " make it with a larger --top",
        "contents-unknown": f"the contents of {count(reason.count, 'layer')} are unknown",
        "contents-unverified": f"the contents of {count(reason.count, 'layer')} were not verified",
    }[reason.kind]
    return f"{whose}{text}"


def _budget_sentence(budget: Budget, units: Units) -> str:
    def show(value: int) -> str:
        return budget_value(budget.name, value, units.size)

    if budget.name == "growth":
        limit = f"{budget.percent:g}% and {show(budget.limit)}"
        known = "is over" if budget.result == "over" else "is not known to be within"
        free = uncharged_growth(budget, units)
        return f"growth of {show(budget.value)}{f' ({free})' if free else ''} {known} {limit}"
    if budget.name == "dive-efficiency":
        known = "is below" if budget.result == "over" else "is not known to reach"
        return f"{budget.name} {show(budget.value)} {known} {show(budget.limit)}"
    if budget.error_bytes and budget.result == "unknown":
        return (
            f"{budget.name} ≈{show(budget.value)} is an estimate, too close to the limit of"
            f" {show(budget.limit)} to decide: --exact-pull decides"
        )
    if budget.result == "over":
        by = show(budget.value - budget.limit)
        mark = "≈" if budget.error_bytes else ""
        return f"{budget.name} {mark}{show(budget.value)} is over the limit of {show(budget.limit)} by {by}"
    return (
        f"{budget.name} is at least {show(budget.value)},"
        f" not known to be within {show(budget.limit)}"
    )


def budget_value(name: str, value: int, size: Callable[[int], str]) -> str:
    """A value or limit of a budget, in its unit; `size` writes bytes."""
    if name == "layers":
        return f"{value:,}"
    if name in ("dive-efficiency", "dive-user-wasted"):
        return f"{value / 10_000:.6g}%"
    return size(value)


def limit(budget: Budget, units: Units, on_base: bool = False) -> str:
    """What a limit says of the number it is for: `over the limit of 340 MB by 3 kB`."""

    def show(value: int) -> str:
        return budget_value(budget.name, value, units.size)

    bound, value = show(budget.limit), show(budget.value)
    if budget.percent is not None:
        bound = f"{budget.percent:g}% and {bound}"
    if free := uncharged_growth(budget, units):
        bound += f" ({free})"
    if budget.result == "unknown":
        return f"not known to be under {bound}"
    if bound == value and budget.result == "over":
        bound += f" by {show(abs(budget.value - budget.limit))}"
    over, under = ("below", "at least") if budget.name == "dive-efficiency" else ("over", "under")
    text = f"{over if budget.result == 'over' else under} the limit of {bound}"
    return f"{text}, on base too" if on_base else text


def uncharged_growth(budget: Budget, units: Units) -> str:
    """What a limit on growth does not charge; empty where it charges all."""
    free = budget.base_image_bytes
    return f"without {units.size(free)} of the base image" if free else ""
