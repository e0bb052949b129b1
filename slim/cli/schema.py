"""`slim schema`."""

from __future__ import annotations

from slim.cli.command import command
from slim.cli.write import print_output
from slim.report.schema import render_schema


@command(epilog="Example:\n\n  slim schema > report.schema.json")
def schema() -> None:
    """Print the JSON Schema of the report."""
    print_output(render_schema(), exact=True)
