"""`slim compare`: what changed from one image to another, each an image or a report of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from slim.cli_options import (
    BaseHead,
    ConfigFile,
    Dockerfile,
    ExitZero,
    FailOn,
    Flavor,
    Head,
    Ignored,
    Key,
    LimitSettings,
    MaxGrowth,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    NoConfig,
    NoIgnore,
    Outputs,
    Platform,
    ReportUrl,
    RulePacks,
    Run,
    RunUrl,
    Target,
    Timeout,
    Top,
)
from slim.cli_outputs import failure_pages, parse_outputs, rendered, write_outputs
from slim.cli_registry import ReadRegistry, as_anybody, registry_options
from slim.cli_reports import conclude, labels_of, parse_gates
from slim.cli_settings import read_config, read_day, read_ignores, read_limits

if TYPE_CHECKING:
    from slim.report.model import Report

comparisons = typer.Typer()


@comparisons.command(
    epilog="Examples:\n\n"
    "  slim compare main.json app.tar --dockerfile Dockerfile -o markdown=comment.md\n\n"
    "  slim compare main.json branch.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim compare registry.example.com/app:main registry.example.com/app:branch"
)
@registry_options
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
    flavor: Flavor = "github",
    base_head: BaseHead = "",
    head: Head = "",
    run: Run = "",
    report_url: ReportUrl = "",
    run_url: RunUrl = "",
    target: Target = None,
    platform: Platform = None,
    registry: ReadRegistry = as_anybody,
    top: Top = 1_000,
    rules: RulePacks = None,
    ignore: Ignored = None,
    no_ignore: NoIgnore = False,
    limit: LimitSettings = None,
    timeout: Timeout = None,
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
) -> None:
    """Say what changed from BASE to IMAGE, and because of what.

    A limit that BASE exceeds already is no reason to fail; `new:` in front of a level or rule of
    --fail-on means findings that BASE does not have.
    """
    from slim import pipeline
    from slim.deadline import deadline
    from slim.errors import UsageError
    from slim.report.delta import compare as compare_reports
    from slim.report.gate import judge_comparison
    from slim.report.load import is_report, load_report

    read = read_config(config, no_config, key)
    told = read.image
    limits = read_limits(limit, timeout, read.limits)
    access = registry(limits.timeout)
    ignores = read_ignores(ignore, no_ignore, told.ignores)
    day = read_day()

    def report_of(source: str, lines: str | None, stage: str | None) -> Report:
        if is_report(source):
            return load_report(source, limits=limits)
        return pipeline.analyze(
            source,
            platform=platform or told.platform,
            registry=access,
            dockerfile=lines,
            target=stage if lines else None,
            role=told.role,
            rules=[*read.packs, *(rules or [])],
            ignores=ignores,
            obey_label=not no_ignore,
            today=day,
            top=top,
            all_files=True,
            limits=limits,
        )

    outputs = parse_outputs(output or told.output, compared=True)
    gates = parse_gates(
        max_size,
        max_pull_size,
        max_reclaimable,
        max_layers,
        fail_on,
        max_growth=max_growth,
        set_=told.gates,
        compared=True,
    )
    if dockerfile and is_report(image):
        raise UsageError("no-image", "--dockerfile is for images", f"{image!r} is a report already")
    labels = labels_of(flavor, key, base_head, head, run, report_url, run_url)
    with failure_pages(outputs, labels, image), deadline(limits.timeout):
        before = report_of(base, None, None)
        after = report_of(image, dockerfile or told.dockerfile, target or told.target)
        comparison = compare_reports(before, after, top=top)
        if gates:
            comparison = judge_comparison(comparison, gates)
        texts = rendered(comparison, outputs, labels, report=after, files=top)
    write_outputs(texts)
    if gates:
        conclude([comparison.verdict], exit_zero)
