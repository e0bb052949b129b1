"""`slim schema`."""

from __future__ import annotations

from typing import Annotated

from slim.cli.command import argument, command
from slim.cli.write import print_output
from slim.errors import UsageError
from slim.formats.certificate.schema import render_certificate_schema
from slim.report.schema import render_schema


@command(
    epilog="Examples:\n\n"
    "  slim schema > report.schema.json\n\n"
    "  slim schema certificate > certificate.schema.json"
)
def schema(
    document: Annotated[
        str | None,
        argument("[report|certificate]", "Which document; the report by default.", required=False),
    ],
) -> None:
    """Print the JSON Schema of the report, or of the certificate that slim repack writes."""
    if document in (None, "report"):
        print_output(render_schema(), exact=True)
    elif document == "certificate":
        print_output(render_certificate_schema(), exact=True)
    else:
        raise UsageError("bad-choice", f"unknown document {document!r}", "report or certificate")
