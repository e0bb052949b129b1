"""The findings as a GitLab Code Quality report: a JSON array that merge requests show.

GitLab compares the reports of both branches by fingerprint, so that one finding is one entry with a
fingerprint of its own, and of a comparison the findings that the base has are there too. Source:
GitLab's documentation, "Code Quality report format".
"""

from __future__ import annotations

import json

from slim.formats.code_findings import counted, line, location, sentence
from slim.formats.log_commands import quiet_json
from slim.formats.model import Document, Format, RenderOptions

_SEVERITIES = {"high": "critical", "medium": "major", "low": "minor", "info": "info"}


def render(document: Document, options: RenderOptions) -> str:
    """The array as ASCII JSON; `[]` when there is nothing to say."""
    entries = []
    for finding in counted(document):
        at = location(document, finding)
        entries.append(
            {
                "description": sentence(finding, options.units),
                "check_name": line(finding.rule, 100),
                "fingerprint": line(finding.id, 100),
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": at.path, "lines": {"begin": at.line, "end": at.end_line}},
            }
        )
    return quiet_json(json.dumps(entries, indent=2, allow_nan=False)) + "\n"


GITLAB = Format(
    name="gitlab",
    about="The findings as a GitLab Code Quality report: a JSON array that merge requests show.",
    ending=".gitlab.json",
    report=render,
    comparison=render,
)
