"""Commands on reports, without the image: render one again, judge it. And how all commands end.

The exit code of a gate is decided after all outputs are written, and by nothing else: 1 is a failed gate
alone, and a reader of stdout that has gone away changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from slim.cli_options import (
    BaseHead,
    ConfigFile,
    ExitZero,
    FailOn,
    Flavor,
    Head,
    Key,
    LimitSettings,
    MaxGrowth,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    NoConfig,
    Outputs,
    ReportUrl,
    Run,
    RunUrl,
    Timeout,
)
from slim.cli_options import (
    CommentKey as PageKey,
)
from slim.cli_outputs import Text, parse_outputs, rendered, write_outputs
from slim.cli_settings import read_config, read_limits
from slim.errors import InputError, UsageError

if TYPE_CHECKING:
    from slim.report.gate import Gates
    from slim.report.model import Verdict

T = TypeVar("T")
reports = typer.Typer()

ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json",
        help="A report that `slim analyze IMAGE -o json=REPORT.json` wrote, or a comparison.",
        show_default=False,
    ),
]
ReportFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="REPORT.json…",
        help="Reports or comparisons that slim wrote as json; of several there is one page.",
        show_default=False,
    ),
]


@reports.command(
    epilog="Examples:\n\n"
    "  slim render report.json -o markdown=comment.md -o sarif=slim.sarif\n\n"
    '  slim render api.json web.json -o summary=+"$GITHUB_STEP_SUMMARY"'
)
def render(
    report: ReportFiles,
    output: Outputs = None,
    flavor: Flavor = "github",
    key: PageKey = "",
    base_head: BaseHead = "",
    head: Head = "",
    run: Run = "",
    report_url: ReportUrl = "",
    run_url: RunUrl = "",
    limit: LimitSettings = None,
    timeout: Timeout = None,
) -> None:
    """Write any output from a report or comparison, without images."""
    from slim.deadline import deadline
    from slim.report.comparison import Comparison
    from slim.report.formats import render_together
    from slim.report.load import load_document

    limits = read_limits(limit, timeout)
    labels = labels_of(flavor, key, base_head, head, run, report_url, run_url)
    with deadline(limits.timeout):
        documents = [load_document(one, limits=limits) for one in report]
        if len(documents) == 1:
            compared = isinstance(documents[0], Comparison)
            texts = rendered(documents[0], parse_outputs(output, compared=compared), labels)
        else:
            texts = [
                Text(render_together(documents, one.format, **labels), one)
                for one in parse_outputs(output, several=True)
            ]
    write_outputs(texts)


@reports.command(
    epilog="Examples:\n\n"
    "  slim check report.json --max-size 340MB --fail-on high,SEC001\n\n"
    "  slim check comparison.json --max-growth 5%,1MB --fail-on new:high"
)
def check(
    report: ReportFile,
    output: Outputs = None,
    max_size: MaxSize = None,
    max_pull_size: MaxPullSize = None,
    max_reclaimable: MaxReclaimable = None,
    max_layers: MaxLayers = None,
    max_growth: MaxGrowth = None,
    fail_on: FailOn = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    no_config: NoConfig = False,
    key: Key = None,
    limit: LimitSettings = None,
    timeout: Timeout = None,
) -> None:
    """Judge a report or comparison by budgets and findings.

    No output unless -o asks for one. --max-growth and `new:` in --fail-on are for comparisons.
    """
    from slim.deadline import deadline
    from slim.report.comparison import Comparison
    from slim.report.gate import judge, judge_comparison
    from slim.report.load import load_document

    set_ = read_config(config, no_config, key)
    limits = read_limits(limit, timeout, set_.limits)
    with deadline(limits.timeout):
        document = load_document(report, limits=limits)
        compared = isinstance(document, Comparison)
        gates = parse_gates(
            max_size,
            max_pull_size,
            max_reclaimable,
            max_layers,
            fail_on,
            max_growth=max_growth,
            set_=set_.image.gates,
            compared=compared,
        )
        if not gates:
            raise UsageError(
                "no-gate",
                "there is nothing to check",
                "give a limit or --fail-on: --max-size 340MB, or [budget] in slim.toml",
            )
        outputs = parse_outputs(output, compared=compared) if output else []
        judged = (
            judge_comparison(document, gates)
            if isinstance(document, Comparison)
            else judge(document, gates)
        )
        texts = rendered(judged, outputs, {"key": key or ""})
    write_outputs(texts)
    conclude([judged.verdict], exit_zero)


def labels_of(
    flavor: str,
    key: str | None,
    base_head: str,
    head: str,
    run: str,
    report_url: str,
    run_url: str,
) -> dict[str, str]:
    """What pages say of where they come from; without the empty ones.

    Raises:
        UsageError: there is no such flavor.
    """
    from slim.report.page import flavor_of

    flavor_of(flavor)
    labels = {
        "flavor": flavor,
        "key": key or "",
        "base_head": base_head,
        "head": head,
        "run": run,
        "report_url": report_url,
        "run_url": run_url,
    }
    return {name: value for name, value in labels.items() if value}


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

    if max_growth is not None and not compared:
        raise UsageError(
            "no-base", "--max-growth needs something to compare with", "slim analyze --against BASE"
        )
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
