"""The findings as workflow commands: GitHub shows them on the lines of the Dockerfile.

A step may make ten annotations of each type, of 4,096 characters each. What the runner would read as
the end of a property or a command is escaped as GitHub's own toolkit does.
"""

from __future__ import annotations

from collections import Counter

from slim.formats import verdicts, words
from slim.formats.code_findings import line, location, new, sentence
from slim.formats.model import Document, Format, RenderOptions

_PER_TYPE = 10
_TYPES = {"high": "warning", "medium": "warning", "low": "notice", "info": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(document: Document, options: RenderOptions) -> str:
    """One command a line: the verdict when it is not a pass, and findings whose line is known.

    Of a comparison those that are new or fail the gate.
    """
    lines: list[str] = []
    used: Counter[str] = Counter()
    if document.verdict.result != "pass":
        title = f"slim: {line(words.short_name(document), 60)}"
        text = verdicts.headline(document, options.units) or "gate failed"
        lines.append(f"::error title={title.translate(_PROPERTY)}::{line(text).translate(_DATA)}")
        used["error"] += 1
    failing = set(document.verdict.findings)
    for finding in new(document):
        at = location(document, finding)
        kind = "error" if finding.id in failing else _TYPES[finding.severity]
        if not at.in_dockerfile or used[kind] >= _PER_TYPE:
            continue
        used[kind] += 1
        properties = {
            "file": at.path,
            "line": str(at.line),
            "endLine": str(at.end_line),
            "title": f"{line(finding.rule, 20)} {line(finding.title, 80)}",
        }
        listed = ",".join(
            f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items()
        )
        text = sentence(finding, options.units)
        lines.append(f"::{kind} {listed}::{text.translate(_DATA)}")
    return "".join(f"{text}\n" for text in lines)


GITHUB = Format(
    name="github",
    about="The findings as workflow commands: GitHub shows them on the lines of the Dockerfile.",
    ending=".github.txt",
    report=render,
    comparison=render,
)
