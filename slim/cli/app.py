"""The command line: arguments → calls. The only module that prints results and reads the environment."""

from __future__ import annotations

from collections.abc import Sequence

import click

from slim.cli import groups, options
from slim.cli.commands import Commands
from slim.cli.measure import CHANGES, measure
from slim.cli.registry import RegistryOptions
from slim.errors import UsageError
from slim.version import VERSION

_ELSEWHERE = {
    "render": "slim.cli.reports",
    "check": "slim.cli.reports",
    "compare": "slim.cli.compare",
    "comment": "slim.cli.comment",
    "plugin": "slim.cli.plugin",
    "explain": "slim.cli.explain",
    "config": "slim.cli.config",
    "rules": "slim.cli.explain",  # adds `rules try`
    "cache": "slim.cli.cache",
}
_SHELLS = {one: one for one in ("bash", "zsh", "fish", "powershell")} | {"pwsh": "powershell"}
"""Shell → what click calls it."""


@click.group(
    cls=Commands,
    elsewhere=_ELSEWHERE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 usage, 3 unreadable or unsupported, 4 integrity,"
    " 5 limit, 6 network, 70 internal, 130 interrupted.\n\n"
    "Examples:\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile\n\n"
    "  slim compare main.json app.tar\n\n"
    "  slim explain ELX009 app.tar",
)
@click.version_option(VERSION, message="slim %(version)s", help="Print the version.")
def app() -> None:
    """Where every byte of a container image comes from, which are waste, and what to change."""


@app.command(
    epilog="Examples:\n\n"
    "  docker save app:1 -o app.tar && slim analyze app.tar\n\n"
    "  docker save app:1 | slim analyze -      slim analyze podman:app:1\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile --target release\n\n"
    "  slim analyze app.tar -o text -o json=report.json\n\n"
    "  slim analyze web.tar worker.tar --key {} -o json=report-{}.json\n\n"
    "  slim analyze app.tar --max-size 340MB --fail-on high -o markdown=comment.md\n\n"
    "  slim analyze app.tar --against main.json --max-growth 5%,1MB -o json=size.json -o"
    " report=app.json\n\n"
    "  slim analyze oci-dir:build/layout --platform linux/arm64 --base debian.tar\n\n"
    "  slim analyze registry.example.com/team/app:1.2 --platform linux/amd64\n\n"
    "  slim analyze localhost:5000/app:1 --plain-http localhost:5000 --manifest-only"
)
@click.argument(
    "images",
    metavar="IMAGE…",
    nargs=-1,
    required=True,
    shell_complete=options.files,
    help="A docker save archive, OCI archive or OCI layout directory, plain or compressed"
    " (docker-archive:, oci-archive: or oci-dir: in front says which); - for an archive at"
    " stdin; docker:NAME, podman:NAME, containerd:NAME or buildah:NAME. Or an image in a registry:"
    " HOST/NAME:TAG or NAME@DIGEST, in front registry: where it could be a file.",
)
@options.output
@options.against
@groups.ImageOptions.options
@groups.ReportOptions.options
@groups.IgnoreOptions.options
@groups.ShowOptions.options
@options.top(20)
@groups.GateOptions.options
@groups.SettingsOptions.options
@groups.PageOptions.options
@groups.WorkOptions.options
@RegistryOptions.options
@groups.VoiceOptions.options
def analyze(
    images: Sequence[str],
    output: Sequence[str],
    against: str | None,
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
    """Say where an image's bytes are from, and which are waste.

    Of several images each has a report: {} in the path of an output, in the key and in --against becomes
    the image's short name. What layers they share is read once.
    """
    voice.begin()
    measure(
        images,
        against,
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
        changes=max(top, CHANGES),
    )


@app.command(epilog="Example:\n\n  slim schema > report.schema.json")
def schema() -> None:
    """Print the JSON Schema of the report."""
    from slim.cli.console import print_output
    from slim.report.schema import render_schema

    print_output(render_schema())


@app.command(
    epilog="Examples:\n\n"
    "  slim completion bash > ~/.local/share/bash-completion/completions/slim\n\n"
    "  slim completion fish > ~/.config/fish/completions/slim.fish\n\n"
    '  eval "$(slim completion zsh)"      # in ~/.zshrc, after compinit\n\n'
    "  slim completion pwsh | Out-String | Invoke-Expression      # in $PROFILE"
)
@click.argument("shell", metavar="SHELL", help="bash, zsh, fish, powershell or pwsh.")
def completion(shell: str) -> None:
    """Print what makes a shell complete commands and options."""
    from click.shell_completion import get_completion_class

    from slim.cli.console import print_output

    found = get_completion_class(_SHELLS.get(shell, ""))
    if found is None:
        known = ", ".join(_SHELLS)
        raise UsageError("bad-choice", f"there is no completion for {shell!r}", known)
    print_output(found(app, {}, "slim", "_SLIM_COMPLETE").source())
