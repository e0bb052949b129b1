"""The manual pages: what `--help` says, in the man macros of roff, one page for each command.

Source of the macros: groff_man(7), man-pages(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slim.version import VERSION


def pages(root: Any, commands: Mapping[str, Any]) -> dict[str, str]:
    """File name → page: of `slim` itself, and of every command by its words."""
    names = {words: words.replace(" ", "-") for words in commands}
    made = {"slim.1": _page("slim", root, "COMMAND", sorted(names.values()), _list(commands))}
    for words, command in commands.items():
        made[f"{names[words]}.1"] = _page(words, command, _arguments(command), ["slim"])
    return made


def _page(
    words: str, command: Any, rest: str, others: list[str], listed: Iterable[str] = ()
) -> str:
    name = words.replace(" ", "-")
    first, *more = _paragraphs(command.help)
    status, notes, examples = _epilog(command.epilog or "")
    lines = [
        f'.TH "{_plain(name.upper())}" 1 "" "slim {VERSION}" "User Commands"',
        *(".SH NAME", f"{_plain(name)} \\- {_text(first.removesuffix('.'))}"),
        *(".SH SYNOPSIS", f"\\fB{_plain(words)}\\fR [\\fIOPTIONS\\fR] {_plain(rest)}".rstrip()),
        *(".SH DESCRIPTION", _text(first)),
        *(line for one in more for line in (".PP", _text(one))),
        *_section("COMMANDS", listed),
        *_section("ARGUMENTS", _parameters(command, "argument")),
        *_section("OPTIONS", _parameters(command, "option")),
        *_section("EXIT STATUS", (_text(one) for one in status)),
        *_section("NOTES", (line for one in notes for line in (".PP", _text(one)))),
        *_section("EXAMPLES", (line for one in examples for line in (".PP", ".EX", one, ".EE"))),
        *(".SH SEE ALSO", ", ".join(f"\\fB{_plain(one)}\\fR(1)" for one in others)),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f".SH {title}", *found] if found else []


def _list(commands: Mapping[str, Any]) -> Iterator[str]:
    for words, command in commands.items():
        yield from (".TP", f"\\fB{_plain(words)}\\fR", _text(_paragraphs(command.help)[0]))


def _arguments(command: Any) -> str:
    return " ".join(one.metavar for one in command.params if one.param_type_name == "argument")


def _parameters(command: Any, kind: str) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name != kind:
            continue
        if kind == "argument":
            yield from (".TP", f"\\fI{_plain(one.metavar)}\\fR", _text(one.help or ""))
            continue
        flags = sorted((*one.opts, *one.secondary_opts), key=lambda flag: flag.startswith("--"))
        value = "" if one.is_flag or one.count else f" \\fI{_plain(one.metavar or 'N')}\\fR"
        yield from (".TP", ", ".join(f"\\fB{_plain(flag)}\\fR" for flag in flags) + value)
        yield _text(" ".join([one.help, *_facts(one)]))


def _facts(option: Any) -> Iterator[str]:
    default = option.show_default
    if default is True and option.default not in (None, True, False, "", 0):
        default = str(option.default)
    if isinstance(default, str):
        yield f"Default: {default}."
    if option.envvar:
        yield f"Environment: {option.envvar}."


def _epilog(text: str) -> tuple[list[str], list[str], list[str]]:
    """What is said below the options: exit codes, further sentences, examples."""
    parts = [one for one in text.split("\n\n") if one not in ("", "Example:", "Examples:")]
    said = [" ".join(one.split()) for one in parts if not one.startswith("  ")]
    status = [one for one in said if one.startswith("Exit codes: ")]
    examples = [_plain(one.strip()) for one in parts if one.startswith("  ")]
    return status, [one for one in said if one not in status], examples


def _paragraphs(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.strip().split("\n\n")]


def _text(text: str) -> str:
    """A paragraph; what stands in backquotes is bold."""
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _plain(text))


def _plain(text: str) -> str:
    """Nothing in it is a request, an escape, a hyphen that is typeset or a character beyond ASCII."""
    said = text.replace("\\", "\\[rs]").replace("-", "\\-").replace('"', "\\[dq]")
    said = said.replace("'", "\\[aq]").replace("^", "\\[ha]").replace("~", "\\[ti]")
    said = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in said)
    return f"\\&{said}" if said.startswith(".") else said
