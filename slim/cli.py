"""The command line: arguments → calls. The only module that prints results and reads the environment."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

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
from slim.cli_measure import CHANGES, measure
from slim.cli_options import Against, Outputs, Top
from slim.cli_registry import RegistryOptions
from slim.errors import UsageError
from slim.version import VERSION

CallError = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What the command-line library raises for a wrong call: typer brings a copy of click, or older
versions the package itself; this is the class of either."""

_ELSEWHERE = {
    "render": ("slim.cli_reports", "reports"),
    "check": ("slim.cli_reports", "reports"),
    "compare": ("slim.cli_compare", "comparisons"),
    "comment": ("slim.cli_comment", "commenting"),
    "plugin": ("slim.cli_plugin", "plugins"),
    "explain": ("slim.cli_explain", "explaining"),
    "config": ("slim.cli_config", "configuring"),
    "rules": ("slim.cli_explain", "rule_commands"),  # adds `rules try`
    "cache": ("slim.cli_cache", "cache"),
}
"""Command → the module and the name of the typer app that has it."""


class _Commands(TyperGroup):
    """Imports a command when it is called or listed: `analyze` does not pay for the others' options."""

    def list_commands(self, ctx: Any) -> list[str]:
        here = [name for name in super().list_commands(ctx) if name not in _ELSEWHERE]
        return [*here, *_ELSEWHERE]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # Of a name that there is not, all others are looked at for one that is like it.
        for name in (cmd_name,) if cmd_name in self.list_commands(ctx) else _ELSEWHERE:
            if name not in self.commands:
                self.add_command(_load(name), name)
        return super().get_command(ctx, cmd_name)


def _load(name: str) -> Any:
    module, attribute = _ELSEWHERE[name]
    holder = typer.Typer(rich_markup_mode=None, add_completion=False)
    holder.add_typer(getattr(import_module(module), attribute))
    group: Any = get_command(holder)
    return group.commands[name]


app = typer.Typer(
    name="slim",
    cls=_Commands,
    help="Where every byte of a container image comes from, which are waste, and what to change.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 usage, 3 unreadable or unsupported, 4 integrity,"
    " 5 limit, 6 network, 70 internal, 130 interrupted.\n\n"
    "Examples:\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile\n\n"
    "  slim compare main.json app.tar\n\n"
    "  slim explain ELX009 app.tar",
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
    "  slim analyze web.tar worker.tar --key {} -o json=report-{}.json\n\n"
    "  slim analyze app.tar --max-size 340MB --fail-on high -o markdown=comment.md\n\n"
    "  slim analyze app.tar --against main.json --max-growth 5%,1MB -o json=size.json -o"
    " report=app.json\n\n"
    "  slim analyze oci-dir:build/layout --platform linux/arm64 --base debian.tar\n\n"
    "  slim analyze registry.example.com/team/app:1.2 --platform linux/amd64\n\n"
    "  slim analyze localhost:5000/app:1 --plain-http localhost:5000 --manifest-only"
)
@grouped
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
    *,
    choice: ImageOptions,
    reports: ReportOptions,
    ignoring: IgnoreOptions,
    show: ShowOptions,
    top: Top = 20,
    gates: GateOptions,
    settings: SettingsOptions,
    pages: PageOptions,
    work: WorkOptions,
    registry: RegistryOptions,
    voice: VoiceOptions,
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
    from slim.console import print_output
    from slim.report.wire import render_schema

    print_output(render_schema())


@app.command(
    epilog="Examples:\n\n"
    "  slim completion bash > ~/.local/share/bash-completion/completions/slim\n\n"
    "  slim completion fish > ~/.config/fish/completions/slim.fish"
)
def completion(
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", help="bash, zsh, fish, powershell or pwsh.")
    ],
) -> None:
    """Print what makes a shell complete commands and options."""
    from typer._completion_shared import Shells, get_completion_script

    from slim.console import print_output

    known = [one.value for one in Shells]
    if shell not in known:
        raise UsageError(
            "bad-choice", f"there is no completion for {shell!r}", f"{', '.join(known)}"
        )
    script = get_completion_script(prog_name="slim", complete_var="_SLIM_COMPLETE", shell=shell)
    print_output(f"{script}\n")
