"""Reports and comparisons v1 as JSON, and their JSON Schema."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from slim.formats.log_commands import quiet_json
from slim.report.model import SCHEMA_VERSION, Report

if TYPE_CHECKING:
    from slim.report.comparison import Comparison


def render(report: Report | Comparison) -> str:
    """A report as JSON: ASCII only, so that no terminal or log can be led astray; ends in a newline."""
    # In C, all of it: json alone takes seven times as long.
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    return quiet_json(_ascii(text)) + "\n"


def _ascii(text: str) -> str:
    """JSON that means the same; only strings hold what is escaped here."""
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(r"[^ -~\n]+", lambda found: json.dumps(found[0])[1:-1], text)


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of both kinds of document, made from their types."""
    from slim.report.comparison import Comparison

    kinds, parts = msgspec.json.schema_components(
        [Report, Comparison], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:slim:report:{SCHEMA_VERSION}",
        "title": "slim report",
        "anyOf": list(kinds),
        "$defs": dict(sorted(parts.items())),
    }


def render_schema() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
