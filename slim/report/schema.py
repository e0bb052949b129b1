"""The JSON Schema of reports and comparisons v1, made from their types."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from slim.report.comparison import Comparison
from slim.report.model import SCHEMA_VERSION, Report


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of both kinds of document, made from their types."""
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
