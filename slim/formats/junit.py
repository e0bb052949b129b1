"""Budgets and findings as JUnit XML: a failed test is a failed gate, nothing else [pure].

Findings that fail no gate are passed tests that say in their output what they found. The verdict has a
test of its own, which fails only when no other does, so that no failed gate is ever counted twice or
lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from msgspec import Struct

from slim.formats import words
from slim.formats.results import Document, counted, line, location, sentence, totals
from slim.report.comparison import Comparison
from slim.report.model import Budget, Finding
from slim.units import format_bytes


class _Case(Struct, frozen=True):
    group: str
    name: str
    outcome: str
    """`failure`, `error`, or `system-out` for what passed."""
    text: str
    place: str = ""


def render(document: Document) -> str:
    """One suite. Texts hold no control characters, so that none is illegal in XML 1.0 (§2.2)."""
    known = document.over_on_base if isinstance(document, Comparison) else []
    cases = [_budget(one, one.name in known) for one in document.budgets]
    failing = set(document.verdict.findings)
    cases += [_finding(document, one, one.id in failing) for one in counted(document)]
    cases.insert(0, _verdict(document, cases))
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


def _verdict(document: Document, cases: list[_Case]) -> _Case:
    result = document.verdict.result
    outcome = {"pass": "system-out", "fail": "failure", "unknown": "error"}[result]
    if any(case.outcome == outcome for case in cases):
        outcome = "system-out"
    text = document.verdict.headline or f"{format_bytes(totals(document).disk_bytes)} on disk"
    return _Case("slim", "verdict", outcome, line(text))


def _budget(one: Budget, known: bool) -> _Case:
    """`known`: the base is over it already."""
    outcome = {"under": "system-out", "over": "failure", "unknown": "error"}[one.result]
    words_ = {"under": "within", "over": "over", "unknown": "not known to be within"}[one.result]
    value, limit = words.budgeted(one.name, one.value), words.budgeted(one.name, one.limit)
    if one.percent is not None:
        limit = f"{one.percent:g}% and {limit}"
    free = words.free_growth(one)
    text = f"{one.name} {value}{f' ({free})' if free else ''}, {words_} {limit}"
    if known:
        return _Case("slim.budget", one.name, "system-out", f"{text} on base too")
    return _Case("slim.budget", one.name, outcome, text)


def _finding(document: Document, one: Finding, fails: bool) -> _Case:
    at = location(document, one)
    return _Case(
        "slim.finding",
        f"{line(one.rule, 40)} {line(one.title, 200)} ({line(one.id, 40)})",
        "failure" if fails else "system-out",
        sentence(one),
        f' file="{escape(at.path)}" line="{at.line}"' if at.in_dockerfile else "",
    )


def _lines(case: _Case) -> Iterator[str]:
    yield f'    <testcase classname="{case.group}" name="{escape(case.name)}"{case.place} time="0">'
    text = escape(case.text)
    message = "" if case.outcome == "system-out" else f' message="{text}"'
    yield f"      <{case.outcome}{message}>{text}</{case.outcome}>"
    yield "    </testcase>"
