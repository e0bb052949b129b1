"""The command line: arguments → calls. The only module that prints results and reads the environment."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from slim.cli_compare import comparisons
from slim.cli_reports import (
    ExitZero,
    FailOn,
    MaxLayers,
    MaxPullSize,
    MaxReclaimable,
    MaxSize,
    OutputOption,
    finish,
    parse_gates,
    parse_outputs,
    reports,
)
from slim.cli_rules import rules
from slim.version import VERSION

CallError = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What the command-line library raises for a wrong call: typer brings a copy of click, or older
versions the package itself; this is the class of either."""

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
    "  slim analyze app.tar --dockerfile Dockerfile --target release\n\n"
    "  slim analyze app.tar -o text -o json=report.json\n\n"
    "  slim analyze app.tar --max-size 340MB --fail-on high -o markdown=comment.md\n\n"
    "  slim analyze oci-dir:build/layout --platform linux/arm64 --base debian.tar"
)
def analyze(
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE",
            help="A docker save archive, OCI archive or OCI layout directory, plain or compressed;"
            " docker-archive:, oci-archive: or oci-dir: in front says which.",
            show_default=False,
        ),
    ],
    output: OutputOption = None,
    dockerfile: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            envvar="SLIM_DOCKERFILE",
            help="The Dockerfile that built the image: findings name its lines.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            envvar="SLIM_TARGET",
            help="The stage that was built, as in docker build.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="IMAGE",
            envvar="SLIM_BASE",
            help="The base image, in any form IMAGE can have: keeps its bytes apart exactly.",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(envvar="SLIM_TAG", help="Choose an image by its tag.")
    ] = None,
    image_index: Annotated[
        int | None,
        typer.Option(envvar="SLIM_IMAGE_INDEX", help="Choose an image by position, from 0."),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(
            metavar="OS/ARCH[/VARIANT]", envvar="SLIM_PLATFORM", help="Choose an image by platform."
        ),
    ] = None,
    advice: Annotated[
        bool,
        typer.Option(
            "--advice/--no-advice",
            envvar="SLIM_ADVICE",
            help="Apply the rules: what to change, and how big the image is then.",
        ),
    ] = True,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            envvar="SLIM_ROLE",
            help="What the image is for, where the signs mislead:"
            " release, builder, dev, base, tool or unknown.",
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify/--no-verify",
            envvar="SLIM_VERIFY",
            help="Check every digest, diff id and size.",
        ),
    ] = True,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact/--no-redact", envvar="SLIM_REDACT", help="Hide values that look like secrets."
        ),
    ] = True,
    top: Annotated[
        int, typer.Option(min=1, max=100_000, envvar="SLIM_TOP", help="Length of each list.")
    ] = 20,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, max=256, envvar="SLIM_JOBS", help="Layers to read at once."
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            envvar="SLIM_LIMIT",
            help="Raise or lower a limit on what is read, such as layer-bytes=100GiB.",
            show_default=False,
        ),
    ] = None,
    show_progress: Annotated[
        bool,
        typer.Option(
            "--progress/--no-progress",
            envvar="SLIM_PROGRESS",
            help="A bar on stderr for long work, on a terminal.",
        ),
    ] = True,
    max_size: MaxSize = None,
    max_pull_size: MaxPullSize = None,
    max_reclaimable: MaxReclaimable = None,
    max_layers: MaxLayers = None,
    fail_on: FailOn = None,
    exit_zero: ExitZero = False,
) -> None:
    """Say where an image's bytes are from, and which are dead weight."""
    # What reads images is imported only here: --help and --version stay quick.
    from slim import console, pipeline
    from slim.limits import with_limits

    outputs = parse_outputs(output)
    gates = parse_gates(max_size, max_pull_size, max_reclaimable, max_layers, fail_on)
    with console.progress(show_progress) as progress:
        report = pipeline.analyze(
            image,
            tag=tag,
            image_index=image_index,
            platform=platform,
            base=base,
            dockerfile=dockerfile,
            target=target,
            advice=advice,
            role=role,
            verify=verify,
            redact=redact,
            top=top,
            jobs=jobs,
            limits=with_limits(limit or []),
            progress=progress,
        )
    finish(report, gates, outputs, exit_zero=exit_zero, private=not redact)


app.add_typer(reports)
app.add_typer(comparisons)
app.add_typer(rules, name="rules")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    from slim.console import print_output
    from slim.report.wire import render_schema

    print_output(render_schema())
