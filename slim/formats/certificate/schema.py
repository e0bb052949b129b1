"""The JSON Schema of certificates, made from their types."""

from __future__ import annotations

from slim.repack.certificate import SCHEMA_VERSION, Certificate
from slim.report.schema import rendered, schema_of


def render_certificate_schema() -> str:
    """The schema as it is committed."""
    return rendered(schema_of([Certificate], "certificate", SCHEMA_VERSION))
