"""The options: what click makes of each has the type that the command's function says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

import click
import pytest
from msgspec import Struct

from slim.cli.app import app
from slim.cli.command import argument, command, flag, option
from tests.support.commands import run


def commands(group: click.Group, words: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, f"{words}{name} ")
        else:
            yield f"{words}{name}", found


COMMANDS = dict(commands(app))


def type_of(parameter: click.Parameter) -> Any:
    """The type of the values that click gives."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return bool
    kinds = {"integer": int, "integer range": int, "text": str, "path": str}
    kind: Any = kinds[parameter.type.name]
    if parameter.nargs == -1 or parameter.multiple:
        return Sequence[kind]
    default = parameter.to_info_dict()["default"]
    return kind if parameter.required or default is not None else kind | None


def declared(name: str, hint: Any) -> Iterator[tuple[str, Any]]:
    if get_origin(hint) is Annotated:
        yield name, get_args(hint)[0]
    else:
        hints = get_type_hints(hint, include_extras=True)
        for field, inner in hints.items():
            if get_origin(inner) is ClassVar:
                continue
            yield from declared(field, inner)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_function_takes_what_its_options_give(name: str) -> None:
    callback: Any = COMMANDS[name].callback
    hints = get_type_hints(callback.__wrapped__, include_extras=True)
    del hints["return"]
    types = {field: kind for hint in hints.items() for field, kind in declared(*hint)}
    assert types == {parameter.name: type_of(parameter) for parameter in COMMANDS[name].params}


class Inner(Struct, frozen=True):
    level: Annotated[int, option("--level", "How high.", "N", kind=int, default=3)]


class Group(Struct, frozen=True):
    """Options that belong together."""

    inner: Inner
    loud: Annotated[bool, flag("--loud -l", "Louder.")]


def test_a_group_is_filled_from_its_options() -> None:
    calls: list[object] = []

    @command(epilog="")
    def call(word: Annotated[str, argument("WORD", "A word.")], group: Group) -> None:
        """Call."""
        calls.append((word, group))

    call.main(["a", "-l", "--level", "5"], standalone_mode=False)
    call.main(["b"], standalone_mode=False)
    assert calls == [("a", Group(Inner(5), True)), ("b", Group(Inner(3), False))]
    assert [parameter.name for parameter in call.params] == ["word", "level", "loud"]


def test_a_variable_sets_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Inner] = []

    @command(epilog="")
    def call(inner: Inner) -> None:
        """Call."""
        calls.append(inner)

    monkeypatch.setenv("SLIM_LEVEL", "7")
    call.main([], standalone_mode=False)
    call.main(["--level", "8"], standalone_mode=False)
    assert calls == [Inner(7), Inner(8)]


def test_a_command_is_imported_when_it_is_called() -> None:
    code = (
        "import sys; from slim.cli.app import app; app.get_command(None, 'compare');"
        "print(*sorted(name for name in sys.modules if 'slim.cli' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "slim.cli.measure" in loaded
    for name in ("analyze", "comment", "config", "explain", "plugin", "render", "rules"):
        assert f"slim.cli.{name}" not in loaded


def test_the_help_has_its_options_under_headings() -> None:
    command = COMMANDS["analyze"]
    text = command.get_help(click.Context(command))
    sections = re.findall(r"^([A-Z][^\n]*):$", text, re.MULTILINE)
    assert sections[:2] == ["Positional arguments", "Options"]
    assert sections[-1:] == ["Messages and help"]
    assert len(sections) > 8
    longest = max(
        part.count("\n  -") for part in re.split(r"^[A-Z][^\n]*:$", text, flags=re.MULTILINE)
    )
    assert longest <= 12


@pytest.mark.parametrize("option", ["--rules", "--dockerfile", "--config"])
def test_no_file_has_an_empty_name(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As `--rules "$RULES"` would have where the variable is not set: it is not the current folder."""
    assert run("analyze", "app.tar", option, "") == 2
    assert "the name is empty" in capsys.readouterr().err
