"""`slim config`: which settings hold, where each is from, and the variable that sets it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import click
from click.core import ParameterSource

from slim.cli.command import command
from slim.cli.options import SettingsOptions
from slim.cli.progress import print_warning
from slim.cli.write import print_output
from slim.config.load import Config
from slim.formats.columns import aligned
from slim.formats.terminal import clean
from slim.limits import limits_in
from slim.rules.suggestions import suggestion

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


@command(
    epilog="Examples:\n\n  slim config\n\n  SLIM_TOP=5 slim config --key api | grep -v default"
)
def config(settings: SettingsOptions) -> None:
    """Print the effective settings and where each one comes from.

    Each has its environment variable beside it. An option of the command line takes precedence
    over its variable, that over slim.toml, and that over the default.
    """
    context = click.get_current_context()
    read = settings.read(settings.key)
    given = {
        f"--{name.replace('_', '-')}": _text(value)
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    rows = [*_rows(context.find_root(), given, _in_file(read), read.file), *_variables()]
    known = {row.variable for row in rows} | {*_ALONE, *_SECRET}
    for name in sorted(os.environ):
        if name.startswith("SLIM_") and name not in known:
            print_warning(
                f"slim: nothing reads the variable {clean(name)}{suggestion(name, known)}"
            )
    table = [(row.option, clean(row.value), clean(row.source), row.variable) for row in rows]
    header = ("option", "value", "from", "environment")
    print_output(aligned(table, header) + "\n")


def _rows(
    root: click.Context, given: dict[str, str], in_file: dict[str, str], file: str
) -> Iterator[_Row]:
    """The options of all commands, each once; `given` are values of this call, `in_file` the file's."""
    seen = set[str]()
    for listed in _commands(root, root.command):
        for option in listed.params:
            flag, variable = option.opts[0], option.envvar
            if (
                not isinstance(option, click.Option)
                or not isinstance(variable, str)
                or flag in seen
            ):
                continue
            seen.add(flag)
            set_value = os.environ.get(variable)
            if flag in given:
                yield _Row(flag, given[flag], "command line", variable)
                continue
            if flag == "--config" and not set_value and file:
                yield _Row(flag, file, "found", variable)
                continue
            if set_value:
                yield _Row(flag, _hidden(set_value), variable, variable)
            if flag in in_file and (not set_value or flag in _ADDED):
                yield _Row(flag, in_file[flag], file, variable)
            if not set_value and flag not in in_file:
                yield _Row(flag, _default(option), _DEFAULT, variable)


def _variables() -> Iterator[_Row]:
    """Variables that belong to no option, where they are set."""
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
    return option.show_default if isinstance(option.show_default, str) else _text(option.default)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _hidden(value: str) -> str:
    """Without the user and password of an address."""
    scheme, mark, rest = value.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else value


def _in_file(read: Config) -> dict[str, str]:
    """What the file says, by the options that say the same."""
    image, gates = read.image, read.image.gates
    growth = gates.growth and f"{gates.growth.percent:g}%,{gates.growth.bytes}B"
    sizes = {
        "--max-size": gates.size,
        "--max-pull-size": gates.pull_size,
        "--max-reclaimable": gates.reclaimable,
    }
    values: dict[str, object] = {
        "--dockerfile": image.dockerfile,
        "--target": image.target,
        "--base": image.base,
        "--platform": image.platform,
        "--role": image.role,
        "--gpu": " ".join(f"sm_{gpu}" for gpu in image.gpus),
        "--units": image.units,
        "--rules-url": image.rules_url,
        "--trust-labels": None if image.trust_labels is None else _text(image.trust_labels),
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
