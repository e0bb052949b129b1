"""The command line: arguments → calls. The only module that prints results and reads the environment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import typer

from slim.cli_cache import cache as cache_commands
from slim.cli_cache import open_cache
from slim.cli_comment import commenting
from slim.cli_compare import comparisons
from slim.cli_explain import explaining
from slim.cli_options import (
    AdviceWanted,
    Against,
    AllFiles,
    BaseHead,
    BaseImage,
    CacheWanted,
    ConfigFile,
    Dockerfile,
    ExitZero,
    FailOn,
    Flavor,
    Full,
    Head,
    Ignored,
    ImageIndex,
    Jobs,
    Key,
    LimitSettings,
    ManifestOnly,
    MaxGrowth,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    NoConfig,
    NoIgnore,
    Outputs,
    Platform,
    Redact,
    ReportUrl,
    RoleName,
    RulePacks,
    Run,
    RunUrl,
    ShowProgress,
    ShowSuppressed,
    Tag,
    Target,
    Timeout,
    Top,
    Verify,
)
from slim.cli_outputs import (
    Text,
    failure_pages,
    needs_all_files,
    parse_outputs,
    rendered,
    write_outputs,
)
from slim.cli_plugin import plugins
from slim.cli_registry import ReadRegistry, as_anybody, registry_options
from slim.cli_reports import conclude, labels_of, parse_gates, reports
from slim.cli_rules import rules
from slim.cli_settings import read_config, read_day, read_ignores, read_limits
from slim.cli_several import apart, outputs_of
from slim.errors import UsageError
from slim.version import VERSION

if TYPE_CHECKING:
    from slim.report.comparison import Comparison
    from slim.report.model import Report, Verdict

CallError = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What the command-line library raises for a wrong call: typer brings a copy of click, or older
versions the package itself; this is the class of either."""

_COMPARED = 1_000
"""Findings at least that are kept of images that are compared: one that is left out seems new or fixed."""


app = typer.Typer(
    name="slim",
    help="Where every byte of a container image comes from, which are waste, and what to change.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 usage, 3 unreadable or unsupported, 4 integrity,"
    " 5 limit, 6 network, 70 internal, 130 interrupted.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"slim {VERSION}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Say what holds for all commands."""


@app.command(
    epilog="Examples:\n\n"
    "  docker save app:1 -o app.tar && slim analyze app.tar\n\n"
    "  docker save app:1 | slim analyze -      slim analyze podman:app:1\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile --target release\n\n"
    "  slim analyze app.tar -o text -o json=report.json\n\n"
    "  slim analyze web.tar worker.tar -o json=report-{}.json\n\n"
    "  slim analyze app.tar --max-size 340MB --fail-on high -o markdown=comment.md\n\n"
    "  slim analyze app.tar --against main.json --max-growth 5%,1MB -o json=size.json -o"
    " report=app.json\n\n"
    "  slim analyze oci-dir:build/layout --platform linux/arm64 --base debian.tar\n\n"
    "  slim analyze registry.example.com/team/app:1.2 --platform linux/amd64\n\n"
    "  slim analyze localhost:5000/app:1 --plain-http localhost:5000 --manifest-only"
)
@registry_options
def analyze(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE…",
            help="A docker save archive, OCI archive or OCI layout directory, plain or compressed"
            " (docker-archive:, oci-archive: or oci-dir: in front says which); - for an archive at"
            " stdin; docker:NAME, podman:NAME, containerd:NAME or buildah:NAME. Or an image in a registry:"
            " HOST/NAME:TAG or NAME@DIGEST, in front registry: where it could be a file.",
            show_default=False,
        ),
    ],
    output: Outputs = None,
    against: Against = None,
    dockerfile: Dockerfile = None,
    target: Target = None,
    base: BaseImage = None,
    tag: Tag = None,
    image_index: ImageIndex = None,
    platform: Platform = None,
    manifest_only: ManifestOnly = False,
    full: Full = False,
    registry: ReadRegistry = as_anybody,
    advice: AdviceWanted = True,
    role: RoleName = None,
    rules: RulePacks = None,
    ignore: Ignored = None,
    no_ignore: NoIgnore = False,
    show_suppressed: ShowSuppressed = False,
    verify: Verify = True,
    redact: Redact = True,
    top: Top = 20,
    all_files: AllFiles = False,
    jobs: Jobs = None,
    limit: LimitSettings = None,
    timeout: Timeout = None,
    cache: CacheWanted = True,
    progress: ShowProgress = True,
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
    flavor: Flavor = "github",
    base_head: BaseHead = "",
    head: Head = "",
    run: Run = "",
    report_url: ReportUrl = "",
    run_url: RunUrl = "",
) -> None:
    """Say where an image's bytes are from, and which are dead weight.

    Of several images each has a report: {} in the path of an output becomes the image's short name. What
    layers they share is read once.
    """
    # What reads images is imported only here: --help and --version stay quick.
    from slim import console, pipeline
    from slim.deadline import deadline
    from slim.report.comparison import Comparison
    from slim.report.delta import compare
    from slim.report.gate import judge, judge_comparison
    from slim.report.load import is_report, load_report

    read = read_config(config, no_config, key)
    told = read.image
    compared = against is not None
    if compared and len(images) > 1:
        raise UsageError(
            "several-images", "--against is for one image", "compare each in a run of its own"
        )
    outputs = parse_outputs(output or told.output, compared=compared)
    labels = labels_of(flavor, key, base_head, head, run, report_url, run_url)
    gates = parse_gates(
        max_size,
        max_pull_size,
        max_reclaimable,
        max_layers,
        fail_on,
        max_growth=max_growth,
        set_=told.gates,
        compared=compared,
    )
    limits = read_limits(limit, timeout, read.limits)
    ignores, day = read_ignores(ignore, no_ignore, told.ignores), read_day()
    access = registry(limits.timeout)
    tables = open_cache(kept=cache, share=len(images) > 1 or compared)
    read_image = partial(
        pipeline.analyze,
        platform=platform or told.platform,
        base=base or told.base,
        registry=access,
        full=full,
        advice=advice,
        role=role or told.role,
        rules=[*read.packs, *(rules or [])],
        ignores=ignores,
        obey_label=not no_ignore,
        today=day,
        verify=verify,
        redact=redact,
        top=max(top, _COMPARED) if compared else top,
        all_files=all_files or compared or needs_all_files(outputs),
        jobs=jobs,
        limits=limits,
        cache=tables,
    )
    texts: list[Text] = []
    verdicts: list[Verdict] = []
    with deadline(limits.timeout), console.progress(progress) as advance:
        for image, targets in zip(images, outputs_of(images, outputs), strict=True):
            document: Report | Comparison
            with failure_pages(targets, labels, image):
                report = document = read_image(
                    image,
                    tag=tag,
                    image_index=image_index,
                    manifest_only=manifest_only,
                    dockerfile=dockerfile or told.dockerfile,
                    target=target or told.target,
                    progress=advance,
                )
                if against is not None:
                    known = is_report(against)
                    before = load_report(against, limits=limits) if known else read_image(against)
                    document = compare(before, report, top=max(top, _COMPARED))
            if gates:
                document = (
                    judge_comparison(document, gates)
                    if isinstance(document, Comparison)
                    else judge(document, gates)
                )
                verdicts.append(document.verdict)
            more = rendered(
                document,
                targets,
                labels,
                report=report,
                files=None if all_files else top,
                show_suppressed=show_suppressed,
            )
            texts += apart(more) if texts else more
    if tables is not None:
        tables.prune()
    write_outputs(texts, private=not redact)
    conclude(verdicts, exit_zero)


app.add_typer(reports)
app.add_typer(comparisons)
app.add_typer(commenting)
app.add_typer(plugins)
app.add_typer(explaining)
app.add_typer(rules, name="rules")
app.add_typer(cache_commands, name="cache")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from slim.console import print_output
    from slim.report.wire import render_schema

    print_output(render_schema())
