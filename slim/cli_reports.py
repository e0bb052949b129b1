"""Commands on reports, without the image: render one again. And how all commands write their outputs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.report.model import Report

reports = typer.Typer()

Output = tuple[str, str]
"""(format, path; empty for stdout)."""

ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json",
        help="A report that `slim analyze IMAGE -o json=REPORT.json` wrote.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT[=PATH]",
        help="text, json, markdown, sarif, gitlab, github, junit, csv or metrics; repeat it for"
        " several. Default: text on a terminal, else json.",
        envvar="SLIM_OUTPUT",
        show_default=False,
    ),
]


@reports.command(
    epilog="Example:\n\n  slim render report.json -o markdown=comment.md -o sarif=slim.sarif"
)
def render(report: ReportFile, output: OutputOption = None) -> None:
    """Write any output from a report, without the image."""
    from slim.report.load import load_report

    outputs = parse_outputs(output)
    write_outputs(load_report(report), outputs)


def parse_outputs(values: Sequence[str] | None) -> list[Output]:
    """`FORMAT[=PATH]` → (format, path or "" for stdout).

    Raises:
        UsageError: an unknown format, two outputs for stdout or for one file.
    """
    from slim.console import is_terminal
    from slim.report.formats import check_format

    values = values or ["text" if is_terminal(sys.stdout) else "json"]
    pairs = [(name, path) for name, _, path in (value.partition("=") for value in values)]
    pairs = [(name, "" if path == "-" else path) for name, path in pairs]
    paths = [path for _, path in pairs]
    for name, path in pairs:
        if paths.count(path) > 1:
            raise UsageError(
                "two-outputs",
                f"two outputs would go to {path or 'stdout'}",
                "give each a path of its own: -o text -o json=report.json",
            )
        check_format(name)
    return pairs


def write_outputs(report: Report, outputs: Sequence[Output], *, private: bool = False) -> None:
    """Render all, then write: when one cannot be made or written, nothing has been printed.

    `private` files are for the user's eyes only: they may hold secrets.
    """
    from slim.console import print_output, write_output
    from slim.report.formats import render

    texts = [(render(report, name), path) for name, path in outputs]
    for text, path in sorted(texts, key=lambda one: not one[1]):
        if path:
            write_output(text, path, private=private)
        else:
            print_output(text)
