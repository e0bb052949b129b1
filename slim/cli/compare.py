"""`slim compare`: what changed from one image to another, each an image or a report of one."""

from __future__ import annotations

from collections.abc import Sequence

import click

from slim.cli import groups, options
from slim.cli.measure import measure
from slim.cli.registry import RegistryOptions


@click.command(
    epilog="Examples:\n\n"
    "  slim compare main.json app.tar --dockerfile Dockerfile -o markdown=comment.md\n\n"
    "  slim compare main.json branch.json --max-growth 5%,1MB --fail-on new:high\n\n"
    "  slim compare registry.example.com/app:main registry.example.com/app:branch\n\n"
    "  slim compare main/{}.json api.tar web.tar --key {} -o json=size-{}.json"
)
@click.argument(
    "before",
    metavar="BASE",
    shell_complete=options.files,
    help="What to compare with: an image in any form that `slim analyze` reads, or the JSON"
    " report of one. {} in it becomes the short name of IMAGE.",
)
@click.argument(
    "images",
    metavar="IMAGE…",
    nargs=-1,
    required=True,
    shell_complete=options.files,
    help="What changed, in the same forms.",
)
@options.output
@groups.ImageOptions.options
@groups.ReportOptions.options
@groups.IgnoreOptions.options
@groups.ShowOptions.options
@options.top(1_000)
@groups.GateOptions.options
@groups.SettingsOptions.options
@groups.PageOptions.options
@groups.WorkOptions.options
@RegistryOptions.options
@groups.VoiceOptions.options
def compare(
    before: str,
    images: Sequence[str],
    output: Sequence[str],
    top: int,
    choice: groups.ImageOptions,
    reports: groups.ReportOptions,
    ignoring: groups.IgnoreOptions,
    show: groups.ShowOptions,
    gates: groups.GateOptions,
    settings: groups.SettingsOptions,
    pages: groups.PageOptions,
    work: groups.WorkOptions,
    registry: RegistryOptions,
    voice: groups.VoiceOptions,
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
