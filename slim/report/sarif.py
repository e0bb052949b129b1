"""The findings as SARIF 2.1.0, for code scanning [pure].

One result per finding, on the Dockerfile's lines where they are known. GitHub wants all four numbers of
a region and knows a result again by `primaryLocationLineHash`; it shows 5,000 results of a run. In texts
SARIF reads `[text](target)` as a link and `{0}` as an argument (§3.11.5, §3.11.6): both are escaped.
"""

from __future__ import annotations

import json
from typing import Any

from slim.report import words
from slim.report.model import Finding, Report
from slim.report.results import counted, line, location, relative, sentence, uri
from slim.report.terminal import shorten, visible

_RESULTS = 5_000
_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_PROBLEMS = {
    "high": "error",
    "medium": "warning",
    "low": "recommendation",
    "info": "recommendation",
}
_PRECISION = {"certain": "very-high", "likely": "high", "possible": "medium"}
_ESCAPES = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def render(report: Report) -> str:
    """A SARIF log with one run, as ASCII JSON."""
    findings = counted(report)
    shown = findings[:_RESULTS]
    rules = list({_id(one): one for one in shown}.values())
    numbers = {_id(one): number for number, one in enumerate(rules)}
    digests = {layer.index: layer.digest or layer.diff_id for layer in report.layers}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "slim",
                "version": line(report.tool.version, 40),
                "rules": [_rule(one) for one in rules],
            }
        },
        "automationDetails": {"id": f"slim/{uri(relative(words.short_name(report)))}/"},
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The folder in which slim was run."}}
        },
        "results": [_result(report, one, numbers[_id(one)], digests) for one in shown],
        "columnKind": "unicodeCodePoints",
        "properties": {"leftOut": len(findings) - len(shown) + report.truncated.findings},
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _rule(one: Finding) -> dict[str, Any]:
    breaks = "".join(f" Breaks when: {text}." for text in one.breaks_when)
    return {
        "id": _id(one),
        "name": line(one.slug, 100),
        "shortDescription": _message(one.title),
        "fullDescription": _message(one.why or one.title),
        "help": _message(f"{one.fix.text}{breaks}" or one.title),
        "defaultConfiguration": {"level": _LEVELS[one.severity]},
        "properties": {
            "tags": ["image-size", line(one.category, 40)],
            "precision": _PRECISION[one.confidence],
            "problem.severity": _PROBLEMS[one.severity],
        },
    }


def _result(report: Report, one: Finding, number: int, digests: dict[int, str]) -> dict[str, Any]:
    at = location(report, one)
    return {
        "ruleId": _id(one),
        "ruleIndex": number,
        "level": _LEVELS[one.severity],
        "message": {"text": sentence(one).translate(_ESCAPES)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(at.path), "uriBaseId": "SRCROOT"},
                    "region": {
                        "startLine": at.line,
                        "startColumn": 1,
                        "endLine": at.end_line,
                        "endColumn": 1,
                    },
                },
                "logicalLocations": [
                    {
                        "fullyQualifiedName": _file(digests.get(example.layer, ""), example.path),
                        "kind": "resource",
                    }
                    for example in one.examples[:10]
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{line(one.id, 100)}:1"},
        "properties": {
            "diskBytes": one.claimed_bytes,
            "pullBytes": one.claimed_pull_bytes,
            "safety": one.safety,
        },
    }


def _id(one: Finding) -> str:
    return line(one.rule, 100) or "unnamed"


def _message(text: str) -> dict[str, str]:
    return {"text": (line(text) or "unnamed").translate(_ESCAPES)}


def _file(digest: str, path: str) -> str:
    return shorten(visible(f"{digest}@/{path}"), 500)
