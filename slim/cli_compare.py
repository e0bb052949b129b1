"""`slim compare`: what changed from one image to another, each an image or a report of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from slim.cli_options import (
    Dockerfile,
    ExitZero,
    FailOn,
    MaxGrowth,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    Outputs,
    Platform,
    Target,
    Top,
)
from slim.cli_reports import conclude, parse_gates, parse_outputs, write_outputs

if TYPE_CHECKING:
    from slim.report.model import Report

comparisons = typer.Typer()


@comparisons.command(
    epilog="Examples:\n\n"
    "  slim compare main.json app.tar --dockerfile Dockerfile -o markdown=comment.md\n\n"
    "  slim compare main.json branch.json --max-growth 5%,1MB --fail-on new:high"
)
def compare(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="What to compare with: an image in any form that `slim analyze` reads, or the JSON"
            " report of one.",
            show_default=False,
        ),
    ],
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE", help="What changed, in the same forms.", show_default=False
        ),
    ],
    output: Outputs = None,
    dockerfile: Dockerfile = None,
    target: Target = None,
    platform: Platform = None,
    top: Top = 1_000,
    max_size: MaxSize = None,
    max_pull_size: MaxPullSize = None,
    max_reclaimable: MaxReclaimable = None,
    max_layers: MaxLayers = None,
    max_growth: MaxGrowth = None,
    fail_on: FailOn = None,
    exit_zero: ExitZero = False,
) -> None:
    """Say what changed from BASE to IMAGE, as text, json or markdown.

    A limit that BASE exceeds already is no reason to fail; `new:` in front of a level or rule of
    --fail-on means findings that BASE does not have.
    """
    from slim import pipeline
    from slim.errors import UsageError
    from slim.report.delta import compare as compare_reports
    from slim.report.gate import judge_comparison
    from slim.report.load import is_report, load_report

    def report_of(source: str, lines: str | None) -> Report:
        if not is_report(source):
            stage = target if lines else None
            return pipeline.analyze(
                source, platform=platform, dockerfile=lines, target=stage, top=top
            )
        if lines:
            raise UsageError(
                "no-image", "--dockerfile is for images", f"{source!r} is a report already"
            )
        return load_report(source)

    outputs = parse_outputs(output, compared=True)
    gates = parse_gates(
        max_size,
        max_pull_size,
        max_reclaimable,
        max_layers,
        fail_on,
        max_growth=max_growth,
        compared=True,
    )
    before, after = report_of(base, None), report_of(image, dockerfile)
    comparison = compare_reports(before, after)
    if gates:
        comparison = judge_comparison(comparison, before, after, gates)
    write_outputs(comparison, outputs)
    if gates:
        conclude(comparison.verdict, exit_zero)
