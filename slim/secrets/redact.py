"""Values that look like secrets, out of everything that is printed [pure].

History entries keep build arguments and ENV in clear text; whoever can read a pull request must not
read them there. A name decides, never a value: guessing at values would hide the wrong half. Where a
value's end cannot be known, as that of a build argument with blanks, more is hidden rather than less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slim.secrets.names import is_secret

REDACTED = "[redacted]"
_ARGUMENT = re.compile(r"(?<!\S)([A-Za-z_][A-Za-z0-9_.-]{0,99})=")
_VALUE = re.compile(r"""(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"';&|])+""")
_NAMES = (
    re.compile(r"(?<![\w.-])([A-Za-z_][A-Za-z0-9_.-]{0,99})="),
    re.compile(r"""(?<![\w-])(--?[A-Za-z][A-Za-z0-9-]{0,60})(?:["']?,?[ \t]{1,4}|=)"""),
    re.compile(r"(?<![\w-])([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]{1,4}"),
)
"""Assignments, options with their value, headers."""
_USER = re.compile(r"(\s(?:-u|--user)[ =]?[^\s:=]{1,100}:)[^\s\"']+")
_USERINFO = re.compile(r"(://)[^\s/@:]{0,200}:[^\s/@]{1,500}@")
_SHELL = re.compile(r"/bin/[a-z]{0,3}sh (?:-\S{1,20} (?:pipefail )?){0,8}-c ")
_ASSIGNING = re.compile(r"(?:/bin/sh -c )?(?:#\(nop\)\s+)?(?:ENV|ARG|LABEL)\s")
_ARGUMENTS = re.compile(r"(?:RUN )?\|\d+ ")


def value(name: str, text: str) -> str:
    """The value of a variable, or `[redacted]`."""
    return REDACTED if text and is_secret(name) else _everywhere(text)


def words(items: Iterable[str]) -> list[str]:
    """A command as a list of words: the one after an option that looks secret is its value."""
    shown: list[str] = []
    after_option = False
    for word in items:
        shown.append(REDACTED if after_option and word else command(word))
        after_option = word.startswith("-") and "=" not in word and is_secret(word)
    return shown


def command(text: str) -> str:
    """An instruction without the values of assignments, options, headers and URLs that look secret."""
    head, shell = _parts(text)
    return _everywhere(_arguments(head)) + _everywhere(shell)


def _parts(text: str) -> tuple[str, str]:
    """(assignments whose values may have blanks in them, shell command)."""
    if _ASSIGNING.match(text):
        return text, ""
    if _ARGUMENTS.match(text) is None:
        return "", text
    shell = _SHELL.search(text)
    return (text[: shell.start()], text[shell.start() :]) if shell else (text, "")


def _arguments(text: str) -> str:
    """`A=b C=d e`: a value ends at its closing quote, or where the next name begins."""
    parts: list[str] = []
    at = 0
    while found := _ARGUMENT.search(text, at):
        parts.append(text[at : found.end()])
        at = found.end()
        if not is_secret(found[1]):
            continue
        quote = text[at : at + 1]
        end = text.find(quote, at + 1) + 1 if quote in ("'", '"') else 0
        following = _ARGUMENT.search(text, end or at)
        at = following.start() if following else len(text)
        parts.append(REDACTED + (" " if text[at - 1] == " " else ""))
    return "".join(parts) + text[at:]


def _everywhere(text: str) -> str:
    for names in _NAMES:
        text = _hide(names, text)
    text = _USER.sub(rf"\1{REDACTED}", text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def _hide(names: re.Pattern[str], text: str) -> str:
    """Without the values that follow names; a name in quotes has its value up to the closing one."""
    parts: list[str] = []
    at = 0
    while found := names.search(text, at):
        parts.append(text[at : found.end()])
        at = found.end()
        if not is_secret(found[1]):
            continue
        before = text[found.start() - 1 : found.start()]
        if before in ("'", '"') and before not in found[0]:
            end = text.find(before, at)
            end = len(text) if end < 0 else end
        else:
            value = _VALUE.match(text, at)
            end = value.end() if value else at
        if end > at:
            parts.append(REDACTED)
        at = end
    return "".join(parts) + text[at:]
