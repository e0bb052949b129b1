"""What `$NAME`, `${NAME:-word}`, `$1` and `"$@"` stand for, as far as it can be known.

Source: POSIX.1-2017, Shell Command Language §2.6.2; the Bash manual for arrays and substrings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct, field

from slim.patterns import regex

MAX_WORD = 4096
"""Characters of a word or of a variable's value."""
_MAX_ARGUMENTS = 1000
_MAX_PARAMETER = 512
_MAX_DEFAULTS = 4

_NAME = regex(r"\$(?:[A-Za-z_][A-Za-z0-9_]{0,255}|[0-9@*#?$!-])", re.ASCII)
_BRACED = regex(
    r"([A-Za-z_][A-Za-z0-9_]{0,255}|[0-9]{1,3}|[@*])(\[[@*0-9]\])?(.*)", re.ASCII | re.DOTALL
)
_DEFAULT = regex(r":?([-=+?])(.*)", re.DOTALL)


class Shell(Struct):
    """What is known at one place of a script."""

    variables: dict[str, str]
    arguments: tuple[str, ...]
    zero: str
    known: bool
    """Whether the first argument names a program."""
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def set_arguments(self, words: Sequence[str], *, always: bool) -> None:
        """`set -- …`; `always`: it stands in no condition.

        A condition is mostly "the first argument is an option", or "is not a program": believed where that
        holds.
        """
        first = self.arguments[:1]
        if always or not first or first[0].startswith("-") or not self.known:
            self.arguments = tuple(words[:_MAX_ARGUMENTS])
            self.known = True

    def shift(self, count: str) -> None:
        """`shift`, or `shift COUNT`."""
        if not count:
            self.arguments = self.arguments[1:]
        elif count.isascii() and count.isdecimal() and len(count) < 4:
            self.arguments = self.arguments[int(count) :]


def parameter_end(text: str, at: int) -> int:
    """The end of the parameter that begins with the `$` at `at`; a lone `$` is its own end."""
    if text.startswith("${", at):
        close = at + 1
        limit = at + _MAX_PARAMETER
        for _ in range(_MAX_DEFAULTS):
            before, close = close, text.find("}", close + 1, limit)
            if close < 0:
                return at + 2
            # Each `${` inside needs a brace of its own.
            if "${" not in text[before + 1 : close]:
                return close + 1
        return close + 1
    found = _NAME.match(text, at)
    return found.end() if found is not None else at + 1


def expand(parameter: str, shell: Shell) -> str | tuple[str, ...]:
    """The value of one parameter; a tuple for those that stand for several words.

    Unknown parameters are returned as they are.

    >>> expand("${APP_PORT:-${PORT:-80}}", Shell({"PORT": "4000"}, (), "sh", True))
    '4000'
    """
    for _ in range(_MAX_DEFAULTS):
        if parameter.startswith("${") and parameter.endswith("}"):
            found = _BRACED.fullmatch(parameter[2:-1])
            if found is None:
                return parameter
            name, index, rest = found[1], found[2], found[3]
        else:
            name, index, rest = parameter[1:], None, ""
        value = _value(name, index, shell)
        if isinstance(value, tuple):
            return _slice(value, rest)
        default = _DEFAULT.fullmatch(rest)
        if default is None:
            # Substrings, prefixes and replacements are not worked out.
            return parameter if value is None or (rest and index is None) else value
        sign, word = default[1], default[2].strip("\"'")
        if sign == "+" and not value:
            return ""
        if sign == "+" and word in ("$@", "$*"):
            return shell.arguments
        if sign == "+":
            return _plain(word)
        if value:
            return value
        if sign == "?":
            return parameter
        if not word.startswith("$") or parameter_end(word, 0) != len(word):
            return _plain(word)
        parameter = word
    return parameter


def _value(name: str, index: str | None, shell: Shell) -> str | tuple[str, ...] | None:
    if name in ("@", "*"):
        return shell.arguments
    if index is not None and name in shell.arrays:
        return shell.arrays[name]
    if name in ("0", "BASH_SOURCE"):
        return shell.zero
    if name.isdecimal():
        place = int(name) - 1
        return shell.arguments[place] if place < len(shell.arguments) else None
    return shell.variables.get(name)


def _slice(words: tuple[str, ...], rest: str) -> tuple[str, ...]:
    """`${@:2}`: the arguments from the second on."""
    begin = rest[1:]
    if rest.startswith(":") and begin.isascii() and begin.isdecimal() and len(begin) < 4:
        return words[max(int(begin) - 1, 0) :]
    return words


def _plain(word: str) -> str:
    return word[:MAX_WORD]
