"""The findings as a GitLab Code Quality report: a JSON array that merge requests show [pure].

GitLab compares the reports of both branches by fingerprint, so that one finding is one entry with a
fingerprint of its own, and of a comparison the findings that the base has are there too. Source:
GitLab's documentation, "Code Quality report format".
"""

from __future__ import annotations

import json

from slim.formats.log_commands import quiet_json
from slim.formats.results import Document, counted, line, location, sentence

_SEVERITIES = {"high": "critical", "medium": "major", "low": "minor", "info": "info"}


def render(document: Document) -> str:
    """The array as ASCII JSON; `[]` when there is nothing to say."""
    entries = []
    for one in counted(document):
        at = location(document, one)
        entries.append(
            {
                "description": sentence(one),
                "check_name": line(one.rule, 100),
                "fingerprint": line(one.id, 100),
                "severity": _SEVERITIES[one.severity],
                "location": {"path": at.path, "lines": {"begin": at.line, "end": at.end_line}},
            }
        )
    return quiet_json(json.dumps(entries, indent=2, allow_nan=False)) + "\n"
