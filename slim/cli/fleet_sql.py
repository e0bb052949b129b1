"""`slim fleet sql`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

from slim.cli.command import argument, command, option
from slim.cli.fleet_scan import StorePlace
from slim.cli.progress import MessageOptions
from slim.cli.write import print_output
from slim.errors import UsageError
from slim.fleet.database import Row, database, select, tables_in
from slim.fleet.folder import folder_of
from slim.fleet.schema import TABLES
from slim.fleet.store import Store
from slim.formats.columns import aligned
from slim.formats.csv import table
from slim.formats.terminal import clean

_OUTPUTS = ("text", "csv", "json")


@command(
    epilog="Examples:\n\n"
    "  slim fleet sql --store fleet 'SELECT name, pull_bytes FROM images ORDER BY 2 DESC LIMIT 10'\n\n"
    "  slim fleet sql --store fleet -o csv \"SELECT * FROM packages WHERE name = 'gcc'\""
)
def sql(
    statement: Annotated[
        str, argument("STATEMENT", f"A single SELECT. The tables are {', '.join(TABLES)}.")
    ],
    store: StorePlace,
    output: Annotated[str, option("--output -o", "text, csv or json.", "FORMAT", default="text")],
    messages: MessageOptions,
) -> None:
    """Query a store in SQL. Only its tables can be read, and nothing can be written."""
    messages.begin()
    if output not in _OUTPUTS:
        raise UsageError(
            "bad-choice", f"--output: {output[:40]!r} is not one of {', '.join(_OUTPUTS)}"
        )
    opened = Store(folder_of(store))
    opened.check()
    with database(opened, tables=tables_in(statement)) as connection:
        names, rows = select(connection, statement)
    print_output(_text(names, rows, output), exact=output != "text")


def _cell(cell: object) -> str | int:
    """A value of DuckDB for a spreadsheet."""
    if cell is None:
        return ""
    return cell if isinstance(cell, int) else str(cell)


def _text(names: Sequence[str], rows: Sequence[Row], output: str) -> str:
    if output == "json":
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return json.dumps(found, indent=1, default=str, ensure_ascii=False) + "\n"
    if output == "csv":
        return table(names, ([_cell(cell) for cell in row] for row in rows))
    shown = [[clean(str("" if cell is None else cell), 120) for cell in row] for row in rows]
    return aligned(shown, [clean(name, 60) for name in names], rule=True) + "\n"
