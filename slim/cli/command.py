"""How commands are declared: parameters by their annotations, groups of commands that import them late.

A command is a function. Each of its parameters is annotated with what click makes of it, or with a group: a
frozen struct whose fields are annotated in the same way, and whose class variable `heading` is what the help
says above them.

    class ImageOptions(Struct, frozen=True):
        tag: Annotated[str | None, option("--tag", "Choose an image by tag.", "TAG")]

    @command(epilog="Example:\n\n  slim explain ELX009 app.tar")
    def explain(rule: Annotated[str, argument("ID", "Rule ID or slug.")], image: ImageOptions) -> None:
        ...

Every option can be set by the variable `SLIM_<FLAG>` too; of one that can be repeated the variable holds
words.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from importlib import import_module
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

import click
from click.shell_completion import CompletionItem

Declaration = Callable[[str], click.Parameter]
"""Makes the parameter of this name."""
LAST = "Messages and help"
"""Heading of the options that every command has."""
Function = Callable[..., None]
"""What does the work of a command."""


def option(
    flags: str,
    text: str,
    metavar: str | None = None,
    *,
    kind: click.ParamType[Any] | type[int] | None = None,
    default: str | int | bool | None = None,
    shown_default: str | None = None,
    multiple: bool = False,
    count: bool = False,
    file: bool = False,
) -> Declaration:
    """An option with a value; `flags` are its long flag and then, after a blank, others.

    Args:
        flags, text, metavar: as the help shows them.
        kind: the type of the value; text by default.
        default: the value where nobody gives one.
        shown_default: the same for people, where the program finds it elsewhere.
        multiple: it can be repeated.
        count: it has no value, and counts how often it stands there.
        file: it names files, which shells complete.
    """

    def declare(name: str) -> click.Parameter:
        return click.Option(
            [name, *flags.split()],
            help=text,
            metavar=metavar,
            type=kind,
            default=default,
            show_default=shown_default or (not count and default != ""),
            multiple=multiple,
            count=count,
            envvar=_variable(flags),
            show_envvar=True,
            shell_complete=_files if file else None,
            callback=_named if file else None,
        )

    return declare


def flag(flags: str, text: str, *, default: bool = False, has_variable: bool = True) -> Declaration:
    """An option without a value (`--no-X` after a slash)."""

    def declare(name: str) -> click.Parameter:
        return click.Option(
            [name, *flags.split()],
            help=text,
            is_flag=True,
            default=default,
            show_default=has_variable,
            envvar=_variable(flags) if has_variable else None,
            show_envvar=has_variable,
        )

    return declare


def _variable(flags: str) -> str:
    long = flags.partition(" ")[0].partition("/")[0]
    return f"SLIM_{long.strip('-').upper().replace('-', '_')}"


def argument(
    metavar: str,
    text: str,
    *,
    kind: click.ParamType[Any] | None = None,
    many: bool = False,
    required: bool = True,
    file: bool = False,
) -> Declaration:
    """An argument; `many` for any number of them, `file` as for `option`."""

    def declare(name: str) -> click.Parameter:
        return click.Argument(
            [name],
            metavar=metavar,
            help=text,
            type=kind,
            nargs=-1 if many else 1,
            required=required,
            shell_complete=_files if file else None,
        )

    return declare


def _named(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """An empty name would be that of the current folder: a variable of a script that is not set."""
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise click.BadParameter("the name is empty")
    return value


def _files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def command(name: str | None = None, *, epilog: str) -> Callable[[Function], click.Command]:
    """The command that a function is; its help is the function's docstring."""

    def declare(function: Function) -> click.Command:
        hints = _hints(function)

        @wraps(function)
        def call(**values: object) -> None:
            function(**{name: _value(name, hint, values) for name, hint in hints.items()})

        declared = [each for name in hints for each in _declared(name, hints[name])]
        about = inspect.cleandoc(function.__doc__ or "")
        return Command(name or function.__name__, call, declared, about, epilog)

    return declare


@cache
def _hints(declared: object) -> dict[str, object]:
    hints: dict[str, object] = get_type_hints(declared, include_extras=True)
    hints.pop("return", None)
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def _declared(
    name: str, hint: object, heading: str = "Options"
) -> Iterator[tuple[click.Parameter, str]]:
    """The parameters that an annotation stands for, each with the heading of its group in the help."""
    if get_origin(hint) is Annotated:
        yield from ((declare(name), heading) for declare in get_args(hint)[1:])
    else:
        heading = getattr(hint, "heading", heading)
        for field, inner in _hints(hint).items():
            yield from _declared(field, inner, heading)


def _value(name: str, hint: object, values: Mapping[str, object]) -> object:
    """What the function gets: a value of click's, or a group of them."""
    if get_origin(hint) is Annotated:
        return values[name]
    assert isinstance(hint, type)  # noqa: S101
    return hint(**{field: _value(field, inner, values) for field, inner in _hints(hint).items()})


class Command(click.Command):
    """A command whose help has its options under the headings of their groups."""

    def __init__(
        self,
        name: str,
        function: Callable[..., None],
        declared: Iterable[tuple[click.Parameter, str]],
        text: str,
        epilog: str,
    ) -> None:
        """`declared` are the parameters, each with the heading of its group."""
        declared = tuple(declared)
        params = [parameter for parameter, _ in declared]
        super().__init__(name, callback=function, params=params, help=text, epilog=epilog)
        self.headings = {parameter.name: heading for parameter, heading in declared}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those without a group first and `--help` with the messages'."""
        found: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                heading = self.headings.get(parameter.name, LAST)
                found.setdefault(heading, []).append(record)
        for heading, records in found.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def get_help(self, ctx: click.Context) -> str:
        """The help, in characters that stdout can show."""
        return _shown(super().get_help(ctx))


def _shown(text: str) -> str:
    # click writes UTF-8 where the stream says ASCII.
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    return text.encode(encoding, sys.stdout.errors or "strict").decode(encoding)


class Commands(click.Group):
    """A group of commands in the order of their definition, which click would sort by name."""

    def __init__(
        self,
        name: str,
        text: str,
        commands: Iterable[click.Command] = (),
        *,
        modules: Mapping[str, str] | None = None,
        params: Sequence[click.Parameter] = (),
        settings: dict[str, object] | None = None,
        epilog: str | None = None,
    ) -> None:
        """`modules`: command → the module that has it, by the same name; it is imported when the command
        is called or listed, so that none pays for the others."""
        super().__init__(
            name,
            list(commands),
            help=text,
            params=list(params),
            context_settings=settings,
            epilog=epilog,
        )
        self.modules = modules or {}

    def run(self, words: Sequence[str]) -> int:
        """Run a command line; its exit code.

        Unlike click's `main` it leaves an interrupt and a closed pipe to its caller.

        Raises:
            click.ClickException: a wrong call.
        """
        try:
            with self.make_context("slim", list(words)) as context:
                self.invoke(context)
        except click.exceptions.Exit as stop:
            return stop.exit_code
        return 0

    def get_help(self, ctx: click.Context) -> str:
        """The help, in characters that stdout can show."""
        return _shown(super().get_help(ctx))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return [*(name for name in self.commands if name not in self.modules), *self.modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name. Where there is none all are imported: one may be meant."""
        for name in (cmd_name,) if cmd_name in self.list_commands(ctx) else self.modules:
            if name not in self.commands and name in self.modules:
                self.add_command(getattr(import_module(self.modules[name]), name))
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its whole first sentence; click's own would cut it off."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(1_000)) for name, each in found if each]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
