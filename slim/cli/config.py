"""`slim config`: which settings hold, where each is from, and the variable that sets it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from slim.cli import groups

if TYPE_CHECKING:
    from slim.config.load import Config

_DEFAULT = "default"
_ALONE = ("SLIM_CACHE_DIR", "SLIM_CACHE_SIZE", "SLIM_TRACEBACK")
_SECRET = ("SLIM_TOKEN", "SLIM_REGISTRY_PASSWORD")
_ADDED = ("--ignore", "--limit", "--rules")
"""Options that add to what the file says; the others replace it."""


class _Row(NamedTuple):
    """One value of an option."""

    option: str
    value: str
    source: str
    variable: str


@click.command(
    epilog="Examples:\n\n  slim config\n\n  SLIM_TOP=5 slim config --key api | grep -v default",
)
@groups.SettingsOptions.options
@click.pass_context
def config(context: click.Context, settings: groups.SettingsOptions) -> None:
    """Print the settings that hold, and where each is from.

    Each has its environment variable beside it. An option of the command line counts before its variable,
    that before slim.toml, that before the default.
    """
    from tabulate import tabulate

    from slim.cli.console import print_notice, print_output
    from slim.formats.terminal import clean
    from slim.rules.suggestions import suggestion

    read = settings.read(settings.key)
    here = {
        f"--{name.replace('_', '-')}": _said(value)
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    found = [*_rows(context.find_root(), here, _told(read), read.file), *_variables()]
    rows = [(one.option, clean(one.value), clean(one.source), one.variable) for one in found]
    known = {one.variable for one in found} | {*_ALONE, *_SECRET}
    for name in sorted(os.environ):
        if name.startswith("SLIM_") and name not in known:
            print_notice(f"slim: nothing reads the variable {clean(name)}{suggestion(name, known)}")
    header = ("option", "value", "from", "environment")
    print_output(tabulate(rows, header, tablefmt="plain", disable_numparse=True) + "\n")


def _rows(
    root: click.Context, here: dict[str, str], told: dict[str, str], file: str
) -> Iterator[_Row]:
    """The options of all commands, each once; `here` are values of this call, `told` those of the file."""
    seen = set[str]()
    for command in _commands(root, root.command):
        for one in command.params:
            flag, variable = one.opts[0], one.envvar
            if not isinstance(one, click.Option) or not isinstance(variable, str) or flag in seen:
                continue
            seen.add(flag)
            given = os.environ.get(variable)
            if flag in here:
                yield _Row(flag, here[flag], "command line", variable)
                continue
            if flag == "--config" and not given and file:
                yield _Row(flag, file, "found", variable)
                continue
            if given:
                yield _Row(flag, _hidden(given), variable, variable)
            if flag in told and (not given or flag in _ADDED):
                yield _Row(flag, told[flag], file, variable)
            if not given and flag not in told:
                yield _Row(flag, _default(one), _DEFAULT, variable)


def _variables() -> Iterator[_Row]:
    """Variables that are no option's, where they are set."""
    from slim.limits import limits_in

    for name, value in sorted(os.environ.items()):
        if name in _ALONE:
            yield _Row("", value, name, name)
        elif name in _SECRET:
            yield _Row("", "(set)", name, name)
        elif name.startswith("SLIM_LIMIT_") and (found := limits_in({name: value})):
            yield _Row("--limit", found[0], name, name)


def _commands(context: click.Context, command: click.Command) -> Iterator[click.Command]:
    """Every command that has no commands of its own."""
    if not isinstance(command, click.Group):
        yield command
        return
    for name in command.list_commands(context):
        if (found := command.get_command(context, name)) is not None:
            yield from _commands(context, found)


def _default(option: click.Option) -> str:
    """What holds where nobody says anything: of what the file may say, only the help knows it."""
    return option.show_default if isinstance(option.show_default, str) else _said(option.default)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _hidden(value: str) -> str:
    """Without the user and password of an address."""
    scheme, mark, rest = value.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else value


def _told(read: Config) -> dict[str, str]:
    """What the file says, by the options that say the same."""
    image, gates = read.image, read.image.gates
    growth = gates.growth and f"{gates.growth.percent:g}%,{gates.growth.bytes}B"
    sizes = {
        "--max-size": gates.size,
        "--max-pull-size": gates.pull_size,
        "--max-reclaimable": gates.reclaimable,
    }
    values: dict[str, Any] = {
        "--dockerfile": image.dockerfile,
        "--target": image.target,
        "--base": image.base,
        "--platform": image.platform,
        "--role": image.role,
        "--units": image.units,
        "--rules-url": image.rules_url,
        "--trust-labels": None if image.trust_labels is None else _said(image.trust_labels),
        "--behavior": image.behavior,
        "--when": image.when,
        "--output": " ".join(image.output),
        "--fail-on": ",".join(gates.fail_on),
        "--max-layers": gates.layers,
        "--max-growth": growth,
        **{flag: None if size is None else f"{size}B" for flag, size in sizes.items()},
        "--ignore": " ".join(map(str, image.ignores)),
        "--limit": " ".join(read.limits),
        "--rules": " ".join(read.packs),
    }
    return {flag: str(value) for flag, value in values.items() if value not in (None, "")}
