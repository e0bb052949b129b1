"""Budgets and findings as JUnit XML: a failed test is a failed gate, nothing else.

Findings that fail no gate are passed tests that say in their output what they found. The verdict has a
test of its own, which fails only when no other does, so that no failed gate is ever counted twice or
lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from msgspec import Struct

from slim.formats import verdicts, words
from slim.formats.code_findings import counted, line, location, sentence, totals
from slim.formats.model import Document, Format, RenderOptions
from slim.report.comparison import Comparison
from slim.report.model import Budget, Finding
from slim.units import Units


class _Case(Struct, frozen=True):
    group: str
    name: str
    outcome: str
    """`failure`, `error`, or `system-out` for what passed."""
    text: str
    place: str = ""


def render(document: Document, options: RenderOptions) -> str:
    """One suite. Texts hold no control characters, so that none is illegal in XML 1.0 (§2.2)."""
    units = options.units
    on_base = document.over_on_base if isinstance(document, Comparison) else []
    cases = [_budget(budget, budget.name in on_base, units) for budget in document.budgets]
    failing = set(document.verdict.findings)
    cases += [
        _finding(document, finding, finding.id in failing, units) for finding in counted(document)
    ]
    cases.insert(0, _verdict(document, cases, units))
    outcomes = [case.outcome for case in cases]
    counts = (
        f'tests="{len(cases)}" failures="{outcomes.count("failure")}"'
        f' errors="{outcomes.count("error")}" skipped="0"'
    )
    name = escape(f"slim {line(words.short_name(document), 100)}")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="slim" {counts}>',
        f'  <testsuite name="{name}" {counts}>',
        *(text for case in cases for text in _lines(case)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _verdict(document: Document, cases: list[_Case], units: Units) -> _Case:
    result = document.verdict.result
    outcome = {"pass": "system-out", "fail": "failure", "unknown": "error"}[result]
    if any(case.outcome == outcome for case in cases):
        outcome = "system-out"
    text = verdicts.headline(document, units)
    text = text or f"{units.size(totals(document).disk_bytes)} on disk"
    return _Case("slim", "verdict", outcome, line(text))


def _budget(budget: Budget, on_base: bool, units: Units) -> _Case:
    """`on_base`: the base is over it already."""
    outcome = {"under": "system-out", "over": "failure", "unknown": "error"}[budget.result]
    result = {"under": "within", "over": "over", "unknown": "not known to be within"}[budget.result]
    value, limit = (
        verdicts.budget_value(budget.name, number, units.size)
        for number in (budget.value, budget.limit)
    )
    if budget.percent is not None:
        limit = f"{budget.percent:g}% and {limit}"
    free = verdicts.uncharged_growth(budget, units)
    text = f"{budget.name} {value}{f' ({free})' if free else ''}, {result} {limit}"
    if on_base:
        return _Case("slim.budget", budget.name, "system-out", f"{text} on base too")
    return _Case("slim.budget", budget.name, outcome, text)


def _finding(document: Document, finding: Finding, fails: bool, units: Units) -> _Case:
    at = location(document, finding)
    return _Case(
        "slim.finding",
        f"{line(finding.rule, 40)} {line(finding.title, 200)} ({line(finding.id, 40)})",
        "failure" if fails else "system-out",
        sentence(finding, units),
        f' file="{escape(at.path)}" line="{at.line}"' if at.in_dockerfile else "",
    )


def _lines(case: _Case) -> Iterator[str]:
    yield f'    <testcase classname="{case.group}" name="{escape(case.name)}"{case.place} time="0">'
    text = escape(case.text)
    message = "" if case.outcome == "system-out" else f' message="{text}"'
    yield f"      <{case.outcome}{message}>{text}</{case.outcome}>"
    yield "    </testcase>"


JUNIT = Format(
    name="junit",
    about="Budgets and findings as JUnit XML: a failed test is a failed gate, nothing else.",
    ending=".junit.xml",
    report=render,
    comparison=render,
)
