"""`slim fleet report`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Annotated

import click

from slim.cli.command import command, option
from slim.cli.environment import read_now
from slim.cli.fleet_scan import StorePlace
from slim.cli.options import ExitZero, SettingsOptions, UnitsName, read_units
from slim.cli.output import Output, Text, write_outputs
from slim.cli.progress import MessageOptions, print_warning
from slim.cli.write import STDOUT
from slim.errors import UsageError
from slim.fleet.folder import folder_of
from slim.fleet.pages import FORMATS, to_csv, to_html, to_json, to_markdown
from slim.fleet.report import FleetReport, make_report
from slim.fleet.store import Store
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean

_LENGTHS = click.IntRange(min=1, max=1_000_000)


@command(
    name="report",
    epilog="Examples:\n\n"
    "  slim fleet report --store fleet -o html=fleet.html -o json=fleet.json\n\n"
    "  slim fleet report --store fleet -o csv=layers.csv --table layers --top 100000\n\n"
    "  slim fleet report --store fleet --pulls pulls.csv -o markdown",
)
def report(
    store: StorePlace,
    output: Annotated[
        Sequence[str],
        option(
            "--output -o",
            "html, markdown, json or csv; repeat it for several. Default: markdown.",
            "FORMAT[=PATH]",
            multiple=True,
        ),
    ],
    table: Annotated[
        str, option("--table", "The table of csv, such as layers.", "NAME", default="images")
    ],
    pulls: Annotated[
        str | None,
        option(
            "--pulls",
            "CSV of image names and how often each is pulled; others count once.",
            "FILE",
            file=True,
        ),
    ],
    top: Annotated[int, option("--top", "Length of each table.", "N", kind=_LENGTHS, default=500)],
    units: UnitsName,
    settings: SettingsOptions,
    exit_zero: ExitZero,
    messages: MessageOptions,
) -> None:
    """Report on a fleet: what is shared and what is not, bases, and what to fix first.

    Exits with 1 if a team of slim.toml exceeds its budget.
    """
    messages.begin()
    config = settings.read(None)
    outputs = [_output(value) for value in output or ("markdown",)]
    opened = Store(folder_of(store))
    opened.check()
    result = make_report(opened, config.teams, _pulls(pulls), top, read_now().date())
    options = RenderOptions(units=read_units(units, config.image.units))
    write_outputs([Text(_page(result, each.format, table, options), each) for each in outputs])
    for each in result.exceeded:
        size = options.units.size
        print_warning(
            f"slim: team {clean(each.team)}: {each.budget} is {size(each.value_bytes)},"
            f" at most {size(each.limit_bytes)}"
        )
    if result.exceeded and not exit_zero:
        raise click.exceptions.Exit(1)


def _output(value: str) -> Output:
    name, _, path = value.partition("=")
    if name not in FORMATS:
        raise UsageError(
            "unknown-format", f"--output: {name[:40]!r} is not one of {', '.join(FORMATS)}"
        )
    return Output(name, "" if path in STDOUT else path)


def _page(report: FleetReport, name: str, table: str, options: RenderOptions) -> str:
    if name == "csv":
        return to_csv(report, table)
    pages = {"html": to_html, "markdown": to_markdown, "json": to_json}
    return pages[name](report, options)


def _pulls(path: str | None) -> dict[str, int]:
    """Name → pulls; a first line that has no number is a heading.

    Raises:
        UsageError: it cannot be read, or a line has no number.
    """
    if path is None:
        return {}
    found: dict[str, int] = {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if len(row) >= 2 and row[1].strip().isdecimal() and len(row[1]) < 16:
                    found[row[0].strip()] = int(row[1])
                elif row and number > 1:
                    raise UsageError(
                        "bad-pulls", f"{path}:{number}: not a name and a number", "write NAME,PULLS"
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("no-file", f"cannot read {path!r}: {error}") from None
    return found
