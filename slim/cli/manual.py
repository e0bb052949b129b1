"""The manual pages: what `--help` says, in the man macros of roff, one page for each command.

They are made when a wheel is built. Source of the macros: groff_man(7), man-pages(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import click

from slim.version import VERSION


def pages(root: click.Group) -> dict[str, str]:
    """File name → page: of `slim` itself, and of every command by its words."""
    commands = dict(all_commands(root, "slim"))
    names = {words: words.replace(" ", "-") for words in commands}
    first = _page("slim", root, "COMMAND", sorted(names.values()), _list(commands))
    return {"slim.1": first} | {
        f"{names[words]}.1": _page(words, command, _arguments(command), ["slim"])
        for words, command in commands.items()
    }


def all_commands(group: click.Group, words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, those of inner groups behind the others."""
    context = click.Context(group)
    found = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    for name, command in found:
        if command and not isinstance(command, click.Group):
            yield f"{words} {name}", command
    for name, command in found:
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{words} {name}")


def _page(
    words: str, command: click.Command, rest: str, others: list[str], listed: Iterable[str] = ()
) -> str:
    name = words.replace(" ", "-")
    first, *more = _paragraphs(command.help or "")
    status, notes, examples = _epilog(command.epilog or "")
    lines = [
        f'.TH "{_plain(name.upper())}" 1 "" "slim {VERSION}" "User Commands"',
        *(".SH NAME", f"{_plain(name)} \\- {_text(first.removesuffix('.'))}"),
        *(".SH SYNOPSIS", f"\\fB{_plain(words)}\\fR [\\fIOPTIONS\\fR] {_plain(rest)}".rstrip()),
        *(".SH DESCRIPTION", _text(first)),
        *(line for text in more for line in (".PP", _text(text))),
        *_section("COMMANDS", listed),
        *_section("ARGUMENTS", _argument_list(command)),
        *_section("OPTIONS", _option_list(command)),
        *_section("EXIT STATUS", map(_text, status)),
        *_section("NOTES", (line for text in notes for line in (".PP", _text(text)))),
        *_section("EXAMPLES", (line for text in examples for line in (".PP", ".EX", text, ".EE"))),
        *(".SH SEE ALSO", ", ".join(f"\\fB{_plain(other)}\\fR(1)" for other in others)),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f".SH {title}", *found] if found else []


def _list(commands: Mapping[str, click.Command]) -> Iterator[str]:
    for words, command in commands.items():
        yield from (".TP", f"\\fB{_plain(words)}\\fR", _text(_paragraphs(command.help or "")[0]))


def _arguments(command: click.Command) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    return " ".join(argument.metavar or "" for argument in arguments)


def _argument_list(command: click.Command) -> Iterator[str]:
    for argument in command.params:
        if isinstance(argument, click.Argument):
            yield from (".TP", f"\\fI{_plain(argument.metavar or '')}\\fR")
            yield _text(argument.help or "")


def _option_list(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option):
            flags = sorted(
                (*option.opts, *option.secondary_opts), key=lambda flag: flag.startswith("--")
            )
            has_value = not (option.is_flag or option.count)
            value = f" \\fI{_plain(option.metavar or 'N')}\\fR" if has_value else ""
            yield from (".TP", ", ".join(f"\\fB{_plain(flag)}\\fR" for flag in flags) + value)
            yield _text(" ".join([option.help or "", *_facts(option)]))


def _facts(option: click.Option) -> Iterator[str]:
    default = option.show_default
    if default is True and option.default not in (None, True, False, "", 0):
        default = str(option.default)
    if isinstance(default, str):
        yield f"Default: {default}."
    if option.envvar:
        yield f"Environment: {option.envvar}."


def _epilog(text: str) -> tuple[list[str], list[str], list[str]]:
    """What is said below the options: exit codes, further sentences, examples."""
    parts = [part for part in text.split("\n\n") if part not in ("", "Example:", "Examples:")]
    sentences = [" ".join(part.split()) for part in parts if not part.startswith("  ")]
    status = [sentence for sentence in sentences if sentence.startswith("Exit codes: ")]
    examples = [_plain(part.strip()) for part in parts if part.startswith("  ")]
    return status, [sentence for sentence in sentences if sentence not in status], examples


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]


def _text(text: str) -> str:
    """A paragraph; what stands in backquotes is bold."""
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _plain(text))


def _plain(text: str) -> str:
    """Nothing in it is a request, an escape, a hyphen that is typeset or a character beyond ASCII."""
    safe = text.replace("\\", "\\[rs]").replace("-", "\\-").replace('"', "\\[dq]")
    safe = safe.replace("'", "\\[aq]").replace("^", "\\[ha]").replace("~", "\\[ti]")
    safe = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in safe)
    return f"\\&{safe}" if safe.startswith(".") else safe
