"""Texts that several renderers share: instructions and causes, shortened for people [pure]."""

from __future__ import annotations

import re
from collections.abc import Callable

from slim.report.comparison import Comparison
from slim.report.model import Budget, Finding, KeepPart, Report
from slim.report.untrusted import Text, Untrusted, bare, joined, untrusted
from slim.units import format_bytes, format_percent

_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+")
_ARGS = re.compile(r"^(RUN )?\|\d+ ")
_SHELL = re.compile(r"^(?:RUN )?(?:/bin/(?:ba|a|da)?sh (?:-[a-z]+ )*?(?:-o pipefail )?-c )")
_SPACE = re.compile(r"\s+")
_NAMED = 8
_FIXES = {"safe": "safe", "check": "to be checked", "risky": "risky"}


def instruction(created_by: Text) -> Untrusted:
    """A history entry as the Dockerfile instruction that people wrote: `RUN apt-get update`.

    >>> instruction("/bin/sh -c #(nop) COPY dir:0123 in /app ")
    'COPY dir:0123 in /app'
    >>> instruction("RUN |1 A=b /bin/sh -c make # buildkit")
    'RUN make'
    """
    text = _SPACE.sub(" ", bare(created_by)).strip().removesuffix("# buildkit").strip()
    if _NOP.match(text):
        return untrusted(_NOP.sub("", text))
    if _ARGS.match(text):
        # The arguments' values end where the shell begins; without a shell nobody can tell.
        at = text.find("/bin/", 0, 2000)
        text = text[at:] if at > 0 else text
    if _SHELL.match(text):
        return untrusted("RUN " + _SHELL.sub("", text))
    return untrusted(text)


def fix(safety: str) -> str:
    """How safe a fix is: `the fix is to be checked`."""
    return f"the fix is {_FIXES[safety]}"


def cause(kind: str) -> str:
    """What happened to dead bytes of a class, for people."""
    return {
        "rewritten": "replaced by other content",
        "metadata-only": "copied again only to change owner, mode or times",
        "deleted": "deleted in a later layer: still shipped",
        "duplicate-entry": "twice in one layer",
        "orphan": "where nothing can reach it",
    }[kind]


def count(number: int, noun: str) -> str:
    """`1 file`, `2,310 files`, `2 directories`."""
    if number == 1:
        return f"1 {noun}"
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {plural}"


def first(number: int, noun: str) -> str:
    """`the first layer`, `the first 3 layers`."""
    return f"the first {noun if number == 1 else count(number, noun)}"


def budgeted(name: str, value: int, size: Callable[[int], str] = format_bytes) -> str:
    """A value or limit of a budget, in its unit; `size` writes bytes."""
    if name == "layers":
        return f"{value:,}"
    if name in ("dive-efficiency", "dive-user-wasted"):
        return f"{value / 10_000:.6g}%"
    return size(value)


def signed(change: int) -> str:
    """`+4.1 MB`, `-4.1 MB`, `0 B`."""
    return f"+{format_bytes(change)}" if change > 0 else format_bytes(change)


def limit(budget: Budget, on_base: bool = False) -> str:
    """What a limit says of the number it is for: `over the limit of 340 MB by 3 kB`."""
    bound, value = (budgeted(budget.name, one) for one in (budget.limit, budget.value))
    if budget.percent is not None:
        bound = f"{budget.percent:g}% and {bound}"
    if free := free_growth(budget):
        bound += f" ({free})"
    if budget.result == "unknown":
        return f"not known to be under {bound}"
    if bound == value and budget.result == "over":
        bound += f" by {budgeted(budget.name, abs(budget.value - budget.limit))}"
    over, under = ("below", "at least") if budget.name == "dive-efficiency" else ("over", "under")
    said = f"{over if budget.result == 'over' else under} the limit of {bound}"
    return f"{said}, on base too" if on_base else said


def free_growth(budget: Budget) -> str:
    """What a limit on growth does not charge; empty where it charges all."""
    free = budget.base_image_bytes
    return f"without {format_bytes(free)} of the base image" if free else ""


def suppressed(one: Finding) -> str:
    """Why a finding is not told; empty for one that is."""
    if one.suppressed is None:
        return ""
    until = f", until {one.suppressed.until}" if one.suppressed.until else ""
    return f"{one.suppressed.reason or 'no reason given'} ({one.suppressed.by}{until})"


def short_name(document: Report | Comparison) -> Untrusted:
    """The image's name without registry, tag and digest: `api`; else the name of the archive."""
    if isinstance(document, Comparison):
        return short(document.image.name, document.image.input)
    return short(document.image.name, document.source.input)


def short(name: Text, source: Text) -> Untrusted:
    """`registry.example/team/api:1` → `api`; without a name the last part of the source."""
    last = bare(name).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return untrusted(last or bare(source).rstrip("/").rpartition("/")[2] or "image")


def verdict(report: Report | Comparison) -> str:
    """What the gates said, in a few words; empty when nothing was asked."""
    said = report.verdict
    if not report.budgets and not said.fail_on:
        return ""
    on_base = report.over_on_base if isinstance(report, Comparison) else []
    if said.result == "fail":
        over = any(one.result == "over" and one.name not in on_base for one in report.budgets)
        return "over budget" if over else "gate failed"
    if said.result == "unknown":
        return "gate not decided"
    return "over budget on base too (not from this PR)" if on_base else "within budget"


def other_layers(one: Finding) -> str:
    """` and 2 other layers` after the layer that has most of a finding; empty where it has all."""
    more = len(one.where) - 1
    return f" and {count(more, 'other layer')}" if more > 0 else ""


def along(one: Finding) -> Untrusted:
    """A sentence about the packages that go along with a finding's own; empty where none do."""
    if not one.along:
        return untrusted("")
    more = len(one.along) - _NAMED
    shown = joined(*one.along[:_NAMED], by=", ")
    rest = f" and {count(more, 'other')}" if more > 0 else ""
    what, verb = (
        ("it" if len(one.packages) == 1 else "them"),
        ("goes" if shown in one.along else "go"),
    )
    return joined(f"With {what} {verb} ", shown, f"{rest}, which nothing else wants.")


def rebuilt(report: Report) -> str:
    """A sentence about the multi-stage rebuild; empty where there is none."""
    made, totals = report.predicted.rebuild, report.totals
    if made is None:
        return ""
    share = format_percent(totals.disk_bytes - made.disk_bytes, totals.disk_bytes)
    return (
        f"A multi-stage build would be {format_bytes(made.disk_bytes)} on disk (−{share}),"
        f" {format_bytes(made.pull_bytes)} to pull ({made.confidence})."
    )


def other_base(report: Report) -> str:
    """A sentence about what only another base image leaves out; empty where there is nothing."""
    found = report.predicted.other_base_bytes
    if not found:
        return ""
    rules = [one.rule for one in report.findings if one.base_bytes]
    more = f" and {count(len(rules) - _NAMED, 'other')}" if len(rules) > _NAMED else ""
    shown = ", ".join(rules[:_NAMED])
    return (
        f"{format_bytes(found)} more is in the base image, where no instruction of this Dockerfile can"
        f" take it away: only another base leaves it out ({shown}{more})."
    )


def contents(part: KeepPart) -> Untrusted:
    """What a part of a rebuild is: names of packages, else directories, else the reason."""
    named = part.packages or part.paths
    if not named:
        return part.why
    shown = joined(*named[:_NAMED], by=" ")
    more = len(named) - _NAMED
    return joined(shown, f" and {more:,} more") if more > 0 else shown
