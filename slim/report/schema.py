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
        "$defs": {name: _null_last(part) for name, part in sorted(parts.items())},
    }


def _null_last(part: Any) -> Any:
    """The same schema with `null` behind its alternatives, where versions of msgspec differ."""
    if isinstance(part, list):
        return [_null_last(item) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: _null_last(value) for key, value in part.items()}
    if "anyOf" in copy:
        copy["anyOf"].sort(key=lambda option: option == {"type": "null"})
    return copy


def render_schema() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
