"""`slim compare`: what changed from one image to another, each an image or a report of one."""

from __future__ import annotations

from typing import Annotated

import typer

from slim.cli_grouped import grouped
from slim.cli_groups import (
    GateOptions,
    IgnoreOptions,
    ImageOptions,
    PageOptions,
    ReportOptions,
    SettingsOptions,
    ShowOptions,
    VoiceOptions,
    WorkOptions,
)
from slim.cli_measure import measure
from slim.cli_options import Outputs, Top
from slim.cli_registry import RegistryOptions

comparisons = typer.Typer()


@comparisons.command(
    epilog="Examples:\n\n"
    "  slim compare main.json app.tar --dockerfile Dockerfile -o markdown=comment.md\n\n"
    "  slim compare main.json branch.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim compare registry.example.com/app:main registry.example.com/app:branch\n\n"
    "  slim compare main/{}.json api.tar web.tar --key {} -o json=size-{}.json"
)
@grouped
def compare(
    before: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="What to compare with: an image in any form that `slim analyze` reads, or the JSON"
            " report of one. {} in it becomes the short name of IMAGE.",
            show_default=False,
        ),
    ],
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE…", help="What changed, in the same forms.", show_default=False
        ),
    ],
    output: Outputs = None,
    *,
    choice: ImageOptions,
    reports: ReportOptions,
    ignoring: IgnoreOptions,
    show: ShowOptions,
    top: Top = 1_000,
    gates: GateOptions,
    settings: SettingsOptions,
    pages: PageOptions,
    work: WorkOptions,
    registry: RegistryOptions,
    voice: VoiceOptions,
) -> None:
    """Say what changed from BASE to IMAGE, and because of what.

    A limit that BASE exceeds already is no reason to fail; `new:` in front of a level or rule of
    --fail-on means findings that BASE does not have.

    Of several images each is compared with BASE. {} in BASE, in the key and in the path of an output
    becomes the image's short name: api for api.tar, out/api.json and registry.example.com/team/api.
    """
    voice.begin()
    measure(
        images,
        before,
        output,
        choice=choice,
        registry=registry,
        reports=reports,
        ignoring=ignoring,
        show=show,
        work=work,
        gates=gates,
        settings=settings,
        pages=pages,
        top=top,
        changes=top,
    )
