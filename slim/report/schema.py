"""The JSON Schema of reports and comparisons v1, made from their types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from slim.report.comparison import Comparison
from slim.report.model import SCHEMA_VERSION, Report


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of both kinds of document, made from their types."""
    return schema_of([Report, Comparison], "report", SCHEMA_VERSION)


def schema_of(types: Sequence[type], name: str, version: str) -> dict[str, Any]:
    """JSON Schema of a document that is of one of these types."""
    kinds, parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    top = {"anyOf": list(kinds)} if len(kinds) > 1 else kinds[0]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:slim:{name}:{version}",
        "title": f"slim {name}",
        **top,
        "$defs": {name: _settled(part) for name, part in sorted(parts.items())},
    }


def _settled(part: Any) -> Any:
    """The same schema where versions of msgspec differ: `null` behind its alternatives, and descriptions
    without the indentation of docstrings."""
    if isinstance(part, list):
        return [_settled(item) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: _settled(value) for key, value in part.items()}
    if "anyOf" in copy:
        copy["anyOf"].sort(key=lambda option: option == {"type": "null"})
    if isinstance(copy.get("description"), str):
        copy["description"] = cleandoc(copy["description"])
    return copy


def render_schema() -> str:
    """The schema as it is committed."""
    return rendered(schema())


def rendered(schema: dict[str, Any]) -> str:
    """A schema as text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
