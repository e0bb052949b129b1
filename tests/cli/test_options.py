"""The options: what click makes of each has the type that the command's function says."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any, get_type_hints

import click
import pytest

from slim.cli.app import app
from slim.cli.grouped import Grouped


def commands(group: click.Group, words: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{words}{name} ")
        else:
            yield f"{words}{name}", command


COMMANDS = dict(commands(app))


def type_of(parameter: click.Parameter) -> Any:
    """The type of the values that click gives."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return bool
    kinds = {"integer": int, "integer range": int, "text": str, "path": str}
    one: Any = kinds[parameter.type.name]
    if parameter.nargs == -1 or parameter.multiple:
        return Sequence[one]
    default = parameter.to_info_dict()["default"]
    return one if parameter.required or default is not None else one | None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_function_takes_what_its_options_give(name: str) -> None:
    callback = COMMANDS[name].callback
    assert callback is not None
    wanted: dict[str, Any] = {}
    for parameter, kind in get_type_hints(inspect.unwrap(callback)).items():
        if isinstance(kind, type) and issubclass(kind, Grouped):
            assert parameter == kind.parameter
            wanted |= {name: get_type_hints(kind)[name] for name in kind.__annotations__}
        elif kind is not click.Context:
            wanted[parameter] = kind
    del wanted["return"]
    assert wanted == {one.name: type_of(one) for one in COMMANDS[name].params}


def test_a_command_is_imported_when_it_is_called() -> None:
    code = (
        "import sys, slim.cli.app; print(*sorted(one for one in sys.modules if 'slim.cli' in one))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "slim.cli.measure" in loaded
    for command in ("comment", "compare", "config", "explain", "plugin", "reports", "rules"):
        assert f"slim.cli.{command}" not in loaded
