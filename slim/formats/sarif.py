"""The findings as SARIF 2.1.0, for code scanning [pure].

One result per finding, on the Dockerfile's lines where they are known. GitHub wants all four numbers of
a region and knows a result again by `primaryLocationLineHash`; it shows 5,000 results of a run. In texts
SARIF reads `[text](target)` as a link and `{0}` as an argument (§3.11.5, §3.11.6): both are escaped.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

from slim.formats import words
from slim.formats.log_commands import quiet_json
from slim.formats.results import (
    Document,
    counted,
    line,
    location,
    relative,
    sentence,
    suppressed,
    uri,
)
from slim.formats.rules_url import page_of
from slim.formats.terminal import shorten, visible
from slim.report.comparison import Comparison
from slim.report.model import Finding, Report
from slim.report.untrusted import Untrusted, joined

_RESULTS = 5_000
_NAMESPACE = UUID("5d4c0f6e-5d0b-5c43-9a86-0d6f1f6b7d10")
_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_PROBLEMS = {
    "high": "error",
    "medium": "warning",
    "low": "recommendation",
    "info": "recommendation",
}
_PRECISION = {"certain": "very-high", "likely": "high", "possible": "medium"}
_ESCAPES = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def render(document: Document, *, key: str = "", rules_url: str = "") -> str:
    """A SARIF log with one run, as ASCII JSON. `key` tells the images of a repository apart, `rules_url` is
    a template of the addresses of pages about rules.

    Of a comparison it has the image's findings, each with its state against the base. Fixed ones are among
    the properties: as results, even with the state `absent`, GitHub would show them as open.
    """
    silenced = suppressed(document)
    findings = counted(document) + silenced
    shown = findings[:_RESULTS]
    rules = list({_id(one): one for one in shown}.values())
    numbers = {_id(one): number for number, one in enumerate(rules)}
    digests, states = _digests(document), _states(document)
    name = key or words.short_name(document)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "slim",
                "version": line(document.tool.version, 40),
                "rules": [_rule(one, rules_url) for one in rules],
            }
        },
        "automationDetails": {"id": f"slim/{uri(relative(name))}/", "guid": _guid(document)},
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The folder in which slim was run."}}
        },
        "results": [
            _result(document, one, numbers[_id(one)], digests, states)
            | ({"suppressions": _suppressions(one)} if silenced else {})
            for one in shown
        ],
        "columnKind": "unicodeCodePoints",
        "properties": {"leftOut": len(findings) - len(shown) + _left_out(document)},
    }
    if isinstance(document, Comparison):
        run["baselineGuid"] = _guid_of(document.base.config_digest)
        run["properties"]["fixed"] = [
            {
                "ruleId": _id(one.finding),
                "message": sentence(one.finding),
                "primaryLocationLineHash": _fingerprint(one.finding),
                "diskBytes": one.base_claimed_bytes,
            }
            for one in document.findings
            if one.status == "fixed"
        ][:_RESULTS]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return quiet_json(json.dumps(log, indent=2, allow_nan=False)) + "\n"


def _rule(one: Finding, rules_url: str) -> dict[str, Any]:
    url = page_of(rules_url, one)
    breaks = "".join(f" Breaks when: {text}." for text in one.breaks_when)
    return {
        "id": _id(one),
        "name": line(one.slug, 100),
        "shortDescription": _message(one.title),
        "fullDescription": _message(one.why or one.title),
        "help": _message(f"{one.fix.text}{breaks}" or one.title),
        **({"helpUri": url} if url else {}),
        "defaultConfiguration": {"level": _LEVELS[one.severity]},
        "properties": {
            "tags": ["image-size", line(one.category, 40)],
            "precision": _PRECISION[one.confidence],
            "problem.severity": _PROBLEMS[one.severity],
        },
    }


def _digests(document: Document) -> dict[int, str]:
    """Layer → its digest, the stored one where it is known."""
    if isinstance(document, Comparison):
        return {one.index: one.diff_id for one in document.layers if one.index is not None}
    return {layer.index: layer.digest or layer.diff_id for layer in document.layers}


def _states(document: Document) -> dict[str, str]:
    """Finding → `new`, `unchanged` or `updated` (§3.27.24); empty when nothing is compared."""
    if isinstance(document, Report):
        return {}
    return {
        one.finding.id: "new"
        if one.status == "new"
        else "unchanged"
        if one.finding.claimed_bytes == one.base_claimed_bytes
        else "updated"
        for one in (*document.findings, *document.notes)
        if one.status != "fixed"
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
    document: Document, one: Finding, number: int, digests: dict[int, str], states: dict[str, str]
) -> dict[str, Any]:
    at = location(document, one)
    state = {"baselineState": states[one.id]} if one.id in states else {}
    return {
        **state,
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
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(one)},
        "properties": {
            "diskBytes": one.claimed_bytes,
            "pullBytes": one.claimed_pull_bytes,
            "safety": one.safety,
        },
    }


def _suppressions(one: Finding) -> list[dict[str, str]]:
    """An empty list says that it is not suppressed: all results have one, or none has (§3.27.23)."""
    if one.suppressed is None:
        return []
    until = f" (until {line(one.suppressed.until, 20)})" if one.suppressed.until else ""
    why = f"{one.suppressed.reason or 'no reason given'}{until}, by {one.suppressed.by}"
    return [{"kind": "external", "status": "accepted", "justification": line(why)}]


def _id(one: Finding) -> str:
    return line(one.rule, 100) or "unnamed"


def _fingerprint(one: Finding) -> str:
    return f"{line(one.id, 100)}:1"


def _message(text: str) -> dict[str, str]:
    return {"text": (line(text) or "unnamed").translate(_ESCAPES)}


def _file(digest: str, path: Untrusted) -> str:
    return shorten(visible(joined(digest, "@/", path)), 500)
