"""Commands on reports, without the image: render one again, judge it. And how all commands end.

The exit code of a gate is decided after all outputs are written, and by nothing else: 1 is a failed gate
alone, and a reader of stdout that has gone away changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from slim.cli_options import (
    ConfigFile,
    ExitZero,
    FailOn,
    Key,
    LimitSettings,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    NoConfig,
    Outputs,
    Timeout,
)
from slim.cli_settings import read_config, read_limits
from slim.errors import InputError, UsageError

if TYPE_CHECKING:
    from slim.report.comparison import Comparison
    from slim.report.gate import Gates
    from slim.report.model import Report, Verdict

T = TypeVar("T")
reports = typer.Typer()

Output = tuple[str, str]
"""(format, path; empty for stdout); once rendered (text, path)."""

ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json",
        help="A report that `slim analyze IMAGE -o json=REPORT.json` wrote.",
        show_default=False,
    ),
]


@reports.command(
    epilog="Example:\n\n  slim render report.json -o markdown=comment.md -o sarif=slim.sarif"
)
def render(
    report: ReportFile,
    output: Outputs = None,
    limit: LimitSettings = None,
    timeout: Timeout = None,
) -> None:
    """Write any output from a report or comparison, without images."""
    from slim.deadline import deadline
    from slim.report.comparison import Comparison
    from slim.report.load import load_document

    limits = read_limits(limit, timeout)
    with deadline(limits.timeout):
        document = load_document(report, limits=limits)
        outputs = parse_outputs(output, compared=isinstance(document, Comparison))
        texts = rendered(document, outputs)
    write_outputs(texts)


@reports.command(
    epilog="Example:\n\n  slim check report.json --max-size 340MB --fail-on high,SEC001"
)
def check(
    report: ReportFile,
    output: Outputs = None,
    max_size: MaxSize = None,
    max_pull_size: MaxPullSize = None,
    max_reclaimable: MaxReclaimable = None,
    max_layers: MaxLayers = None,
    fail_on: FailOn = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    no_config: NoConfig = False,
    key: Key = None,
    limit: LimitSettings = None,
    timeout: Timeout = None,
) -> None:
    """Judge a report by budgets and findings, without the image.

    No output unless -o asks for one.
    """
    from slim.deadline import deadline
    from slim.report.gate import judge
    from slim.report.load import load_report

    set_ = read_config(config, no_config, key)
    gates = parse_gates(
        max_size, max_pull_size, max_reclaimable, max_layers, fail_on, set_=set_.image.gates
    )
    if not gates:
        raise UsageError(
            "no-gate",
            "there is nothing to check",
            "give a limit or --fail-on: --max-size 340MB, or [budget] in slim.toml",
        )
    outputs = parse_outputs(output) if output else []
    limits = read_limits(limit, timeout, set_.limits)
    with deadline(limits.timeout):
        judged = judge(load_report(report, limits=limits), gates)
        texts = rendered(judged, outputs)
    write_outputs(texts)
    conclude([judged.verdict], exit_zero)


def parse_gates(
    max_size: str | None,
    max_pull_size: str | None,
    max_reclaimable: str | None,
    max_layers: int | None,
    fail_on: Sequence[str] | None,
    *,
    max_growth: str | None = None,
    set_: Gates | None = None,
    compared: bool = False,
) -> Gates:
    """The gates that the options ask for, else the settings (`set_`); `compared`: there is a base, so
    that growth and `new:` mean something.

    Raises:
        UsageError: a size, number or level that is none.
    """
    from slim.report.gate import Gates, parse_fail_on, parse_growth
    from slim.units import parse_bytes

    def parsed(flag: str, text: str | None, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(text) if text is not None else None
        except ValueError as error:
            raise UsageError("bad-budget", f"{flag}: {error}") from None

    if max_layers is not None and max_layers < 0:
        raise UsageError("bad-budget", f"--max-layers: {max_layers} is no number of layers")
    asked = Gates(
        size=parsed("--max-size", max_size, parse_bytes),
        pull_size=parsed("--max-pull-size", max_pull_size, parse_bytes),
        reclaimable=parsed("--max-reclaimable", max_reclaimable, parse_bytes),
        layers=max_layers,
        growth=parsed("--max-growth", max_growth, parse_growth),
        fail_on=parse_fail_on(fail_on or (), compared=compared),
    )
    return asked.over(set_ if compared else set_.of_one_image()) if set_ else asked


def conclude(verdicts: Sequence[Verdict], exit_zero: bool) -> None:
    """Say on stderr and by the exit code what the gates said, once all outputs are written.

    Raises:
        typer.Exit: with 1, a gate failed.
        InputError: a report does not hold what would decide a gate.
    """
    from slim.console import print_message
    from slim.report.terminal import clean

    for verdict in verdicts:
        if verdict.result != "unknown":
            print_message(f"slim: {clean(verdict.headline)}")
    for verdict in verdicts:
        if verdict.result == "unknown":
            raise InputError(
                "gate-undecided",
                verdict.headline,
                "make the report of an archive that holds all layers, with rules and a larger --top",
            )
    if any(verdict.result == "fail" for verdict in verdicts) and not exit_zero:
        raise typer.Exit(1)


def parse_outputs(values: Sequence[str] | None, *, compared: bool = False) -> list[Output]:
    """`FORMAT[=PATH]` → (format, path or "" for stdout).

    Raises:
        UsageError: an unknown format, two outputs for stdout or for one file.
    """
    from slim.console import is_terminal
    from slim.report.formats import COMPARISON_FORMATS, FORMATS, check_format

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
        check_format(name, COMPARISON_FORMATS if compared else FORMATS)
    return pairs


def rendered(report: Report | Comparison, outputs: Sequence[Output]) -> list[Output]:
    """(text, path) of all outputs: none is written before all are made."""
    from slim.report.formats import render

    return [(render(report, name), path) for name, path in outputs]


def write_outputs(texts: Sequence[Output], *, private: bool = False) -> None:
    """Write what was rendered, stdout last: when a file cannot be written, nothing has been printed.

    `private` files are for the user's eyes only: they may hold secrets.
    """
    from slim.console import print_output, write_output

    for text, path in sorted(texts, key=lambda one: not one[1]):
        if path:
            write_output(text, path, private=private)
        else:
            print_output(text)
