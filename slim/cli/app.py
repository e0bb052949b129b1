"""The program `slim`: all its commands."""

from __future__ import annotations

import click

from slim.cli.command import Commands
from slim.version import VERSION

_NAMES = (
    "analyze",
    "schema",
    "completion",
    "render",
    "check",
    "compare",
    "comment",
    "repack",
    "verify",
    "plugin",
    "explain",
    "config",
    "rules",
    "cache",
    "fleet",
    "attach",
)


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"slim {VERSION}")
        context.exit()


app = Commands(
    "slim",
    "Shows where every byte of a container image comes from, which bytes are waste, and what to"
    " change.",
    modules={name: f"slim.cli.{name}" for name in _NAMES},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_print_version,
            help="Print the version.",
        )
    ],
    settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 usage, 3 unreadable or unsupported, 4 integrity,"
    " 5 limit, 6 network, 70 internal, 130 interrupted.\n\n"
    "Examples:\n\n"
    "  slim analyze app.tar --dockerfile Dockerfile\n\n"
    "  slim compare main.json app.tar\n\n"
    "  slim explain ELX009 app.tar",
)
