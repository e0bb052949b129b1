"""What slim uses of SARIF 2.1.0, as a JSON Schema, written after the specification's property lists.

Sections: §3.13 log, §3.14 run, §3.19 tool component, §3.27 result, §3.28 location, §3.29 physical
location, §3.30 region, §3.49 reporting descriptor. Properties that slim does not use are refused here,
so that a misspelt one is found; bounds are those of GitHub's code scanning.
"""

from __future__ import annotations

from typing import Any

from jsonschema.validators import validator_for  # type: ignore[import-untyped]

TEXT = {"type": "string", "minLength": 1}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "additionalProperties": False,
        "properties": properties,
    }


MESSAGE = _object("text", text=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
NUMBER = {"type": "integer", "minimum": 1}
REGION = _object(
    "startLine startColumn endLine endColumn",
    startLine=NUMBER,
    startColumn=NUMBER,
    endLine=NUMBER,
    endColumn=NUMBER,
)
URI = {
    "type": "string",
    # RFC 3986: a relative reference without a root, and no colon in its first segment.
    "pattern": r"^(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$",
    "not": {"pattern": "^/"},
}
PHYSICAL = _object(
    "artifactLocation region",
    artifactLocation=_object("uri uriBaseId", uri=URI, uriBaseId={"const": "SRCROOT"}),
    region=REGION,
)
LOGICAL = _object("fullyQualifiedName", fullyQualifiedName=TEXT, kind={"const": "resource"})
RULE = _object(
    "id shortDescription fullDescription help",
    id=TEXT,
    name={"type": "string"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    helpUri=TEXT,
    defaultConfiguration=_object("level", level=LEVEL),
    properties=_object(
        "tags precision problem.severity",
        tags={"type": "array", "maxItems": 10, "items": {"type": "string"}},
        precision={"enum": ["very-high", "high", "medium", "low"]},
        **{"problem.severity": {"enum": ["error", "warning", "recommendation"]}},
    ),
)
GUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    baselineState={"enum": ["new", "unchanged", "updated"]},
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object(
            "physicalLocation",
            physicalLocation=PHYSICAL,
            logicalLocations={"type": "array", "items": LOGICAL, "maxItems": 1000},
        ),
    },
    partialFingerprints=_object("primaryLocationLineHash", primaryLocationLineHash=TEXT),
    suppressions={
        "type": "array",
        "items": _object(
            "kind",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=TEXT,
        ),
    },
    properties={"type": "object"},
)
DRIVER = _object(
    "name version rules",
    name=TEXT,
    version={"type": "string"},
    rules={"type": "array", "items": RULE, "uniqueItems": True},
)
RUN = _object(
    "tool results",
    tool=_object("driver", driver=DRIVER),
    automationDetails=_object("id guid", id={"type": "string", "pattern": "^slim/.+/$"}, guid=GUID),
    baselineGuid=GUID,
    originalUriBaseIds={"type": "object"},
    results={"type": "array", "items": RESULT, "maxItems": 5000},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    properties={"type": "object"},
)
SCHEMA = _object(
    "$schema version runs",
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN, "minItems": 1, "maxItems": 20},
    **{"$schema": {"type": "string", "format": "uri"}},
)

SARIF = validator_for(SCHEMA)(SCHEMA)
"""Made once: `jsonschema.validate` looks through the schema each time."""
