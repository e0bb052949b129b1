"""The findings as SARIF 2.1.0, for code scanning.

One result per finding, on the Dockerfile's lines where they are known. GitHub needs all four numbers of
a region and recognises a result by `primaryLocationLineHash`; it shows 5,000 results of a run. In texts
SARIF reads `[text](target)` as a link and `{0}` as an argument (§3.11.5, §3.11.6): both are escaped.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

from slim.formats import words
from slim.formats.code_findings import counted, line, location, relative, sentence, suppressed, uri
from slim.formats.log_commands import quiet_json
from slim.formats.model import Document, Format, RenderOptions
from slim.formats.rules_url import page_of
from slim.formats.terminal import shorten, visible
from slim.report.comparison import Comparison
from slim.report.model import Finding, Report
from slim.report.untrusted import Untrusted, joined
from slim.units import Units

_RESULTS = 5_000
_NAMESPACE = UUID("5d4c0f6e-5d0b-5c43-9a86-0d6f1f6b7d10")
_LEVELS = {"high": "warning", "medium": "warning", "low": "note", "info": "note"}
"""Waste breaks nothing: `error` is for what failed a gate."""
_PROBLEMS = {"warning": "warning", "note": "recommendation"}
_PRECISION = {"certain": "very-high", "likely": "high", "possible": "medium"}
_ESCAPES = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def render(document: Document, options: RenderOptions) -> str:
    """A SARIF log with one run, as ASCII JSON. `key` tells the images of a repository apart.

    Of a comparison it has the image's findings, each with its state against the base. Fixed ones are among
    the properties: as results, even with the state `absent`, GitHub would show them as open.
    """
    hidden = suppressed(document)
    findings = counted(document) + hidden
    shown = findings[:_RESULTS]
    rules = list({_id(finding): finding for finding in shown}.values())
    numbers = {_id(finding): number for number, finding in enumerate(rules)}
    digests, states = _digests(document), _states(document)
    name = options.key or words.short_name(document)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "slim",
                "version": line(document.tool.version, 40),
                "rules": [_rule(finding, options.rules_url) for finding in rules],
            }
        },
        "automationDetails": {"id": f"slim/{uri(relative(name))}/", "guid": _guid(document)},
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The folder in which slim was run."}}
        },
        "results": [
            _result(document, finding, numbers[_id(finding)], digests, states, options.units)
            | ({"suppressions": _suppressions(finding)} if hidden else {})
            for finding in shown
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {"leftOut": len(findings) - len(shown) + _left_out(document)},
    }
    if isinstance(document, Comparison):
        run["baselineGuid"] = _guid_of(document.base.config_digest)
        run["properties"]["fixed"] = [
            {
                "ruleId": _id(change.finding),
                "message": sentence(change.finding, options.units),
                "primaryLocationLineHash": _fingerprint(change.finding),
                "diskBytes": change.base_claimed_bytes,
            }
            for change in document.findings
            if change.status == "fixed"
        ][:_RESULTS]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return quiet_json(json.dumps(log, indent=2, allow_nan=False)) + "\n"


def _rule(finding: Finding, rules_url: str) -> dict[str, Any]:
    url = page_of(rules_url, finding)
    breaks = "".join(f" Breaks when: {text}." for text in finding.breaks_when)
    return {
        "id": _id(finding),
        "name": line(finding.slug, 100),
        "shortDescription": _message(finding.title),
        "fullDescription": _message(finding.why or finding.title),
        "help": _message(f"{finding.fix.text}{breaks}" or finding.title),
        **({"helpUri": url} if url else {}),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["image-size", line(finding.category, 40)],
            "precision": _PRECISION[finding.confidence],
            "problem.severity": _PROBLEMS[_LEVELS[finding.severity]],
        },
    }


def _digests(document: Document) -> dict[int, str]:
    """Layer → its digest, the stored layer where it is known."""
    if isinstance(document, Comparison):
        return {layer.index: layer.diff_id for layer in document.layers if layer.index is not None}
    return {layer.index: layer.digest or layer.diff_id for layer in document.layers}


def _states(document: Document) -> dict[str, str]:
    """Finding → `new`, `unchanged` or `updated` (§3.27.24); empty when nothing is compared."""
    if isinstance(document, Report):
        return {}
    return {
        change.finding.id: "new"
        if change.status == "new"
        else "unchanged"
        if change.finding.claimed_bytes == change.base_claimed_bytes
        else "updated"
        for change in (*document.findings, *document.notes)
        if change.status != "fixed"
    }


def _left_out(document: Document) -> int:
    if isinstance(document, Comparison):
        return document.image.findings_left_out
    return document.truncated.findings


def _guid(document: Document) -> str:
    return _guid_of(document.image.config_digest)


def _guid_of(config_digest: str) -> str:
    """The id of the run on an image: the same for the same image (RFC 9562 §5.5)."""
    return str(uuid5(_NAMESPACE, config_digest))


def _result(
    document: Document,
    finding: Finding,
    number: int,
    digests: dict[int, str],
    states: dict[str, str],
    units: Units,
) -> dict[str, Any]:
    at = location(document, finding)
    state = {"baselineState": states[finding.id]} if finding.id in states else {}
    return {
        **state,
        "ruleId": _id(finding),
        "ruleIndex": number,
        "level": "error" if finding.id in document.verdict.findings else _LEVELS[finding.severity],
        "message": {"text": sentence(finding, units).translate(_ESCAPES)},
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
                    for example in finding.examples[:10]
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding)},
        "properties": {
            "diskBytes": finding.claimed_bytes,
            "pullBytes": finding.claimed_pull_bytes,
            "safety": finding.safety,
        },
    }


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    """An empty list says that it is not suppressed: all results have finding, or none has (§3.27.23)."""
    if finding.suppressed is None:
        return []
    until = f" (until {line(finding.suppressed.until, 20)})" if finding.suppressed.until else ""
    why = f"{finding.suppressed.reason or 'no reason given'}{until}, by {finding.suppressed.by}"
    return [{"kind": "external", "status": "accepted", "justification": line(why)}]


def _id(finding: Finding) -> str:
    return line(finding.rule, 100) or "unnamed"


def _fingerprint(finding: Finding) -> str:
    return f"{line(finding.id, 100)}:1"


def _message(text: str) -> dict[str, str]:
    return {"text": (line(text) or "unnamed").translate(_ESCAPES)}


def _file(digest: str, path: Untrusted) -> str:
    return shorten(visible(joined(digest, "@/", path)), 500)


SARIF = Format(
    name="sarif",
    about="The findings as SARIF 2.1.0, for code scanning.",
    ending=".sarif",
    report=render,
    comparison=render,
)
