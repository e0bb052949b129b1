"""Canonical keys for instructions that builders spell differently, shared by forms.py and history.py.

A builder prints an instruction into the history from its parsed form (Go's `%v` and `%q`) or as it
was written; both sides are brought to the same key before they are compared. A key is
`KEYWORD NUL text`; neither side may hold a NUL of its own, so keys of different kinds never meet.
"""

from collections.abc import Iterable, Sequence

from slim.dockerfile.parse import exec_form, first_word
from slim.dockerfile.syntax import split_flags

MAX_PORTS = 256
"""Ports that one range of an EXPOSE is written out to; a wider range stays as written."""

RECORDED_FLAGS = ("--parents", "--chown", "--chmod")
"""The flags of COPY and ADD that BuildKit prints, in its order."""

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX = {"x": 2, "u": 4, "U": 8}


def key(keyword: str, text: str) -> str:
    """The key of an instruction whose text is compared as it stands, but for white space."""
    return f"{keyword}\0{squeeze(text)}"


def destination_key(keyword: str, path: str) -> str:
    """The key of a COPY or ADD of which only the destination is recorded."""
    return f"{keyword}\0@\0{tidy(path)}"


def command_key(keyword: str, argv: Sequence[str], shells: Iterable[str]) -> str:
    """The key of a CMD or ENTRYPOINT; `[SHELL… "line"]` and the shell form `line` are the same."""
    if len(argv) > 1 and " ".join(argv[:-1]) in shells:
        return shell_form_key(keyword, argv[-1])
    return f"{keyword}\0" + "\0".join(argv)


def shell_form_key(keyword: str, line: str) -> str:
    """The key of a CMD or ENTRYPOINT in shell form."""
    return f"{keyword}\0$\0{squeeze(line)}"


def ports_key(words: Iterable[str]) -> str:
    """The key of an EXPOSE: its container ports with their protocol, ranges written out, sorted."""
    ports: set[str] = set()
    for word in words:
        port, _, protocol = word.rpartition(":")[2].partition("/")
        protocol = protocol.lower() or "tcp"
        first, dash, last = port.partition("-")
        if dash and _is_port(first) and _is_port(last) and 0 <= int(last) - int(first) < MAX_PORTS:
            ports.update(f"{number}/{protocol}" for number in range(int(first), int(last) + 1))
        else:
            ports.add(f"{port}/{protocol}")
    return "EXPOSE\0" + " ".join(sorted(ports))


def health_key(value: str, escape: str = "\\") -> str:
    """The key of a HEALTHCHECK as it is written: its test, without intervals."""
    kind, command = first_word(split_flags(value, escape)[1])
    argv = exec_form(command)
    if kind == "CMD":
        command = " ".join(["CMD", *argv]) if argv is not None else f"CMD-SHELL {command}"
        return key("HEALTHCHECK", command)
    return key("HEALTHCHECK", f"{kind} {command}")


def without_shell(command: str, shells: Iterable[str]) -> str:
    """A command line without the shell it begins with; `shells` has longer ones first."""
    for shell in shells:
        if command.startswith(f"{shell} "):
            return command[len(shell) + 1 :]
    return command


def squeeze(text: str) -> str:
    """The text with each run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def tidy(path: str) -> str:
    """A destination without a trailing slash or a leading `./`.

    >>> tidy("./rel/"), tidy("./"), tidy("/")
    ('rel', '.', '/')
    """
    bare = squeeze(path).removeprefix("./").rstrip("/")
    return bare or ("/" if path.startswith("/") else ".")


def resolve(directory: str, path: str) -> str:
    """An absolute path, `.` and `..` resolved, from an absolute directory and a path in it."""
    names: list[str] = []
    for name in (path if path.startswith("/") else f"{directory}/{path}").split("/"):
        if name == "..":
            del names[-1:]
        elif name not in ("", "."):
            names.append(name)
    return "/" + "/".join(names)


def quoted_list(text: str, *, whole: bool = True) -> list[str] | None:
    """The strings of a text that is (or, not `whole`, starts with) `["a" "b"]` or `["a", "b"]`.

    None if it is not. Reads the escapes of both Go's `%q` and JSON.
    """
    if not text.startswith("["):
        return None
    strings: list[str] = []
    at = 1
    while at < len(text):
        char = text[at]
        if char == "]":
            return strings if not whole or at + 1 == len(text) else None
        at += 1
        if char in " ,":
            continue
        if char != '"':
            return None
        chars: list[str] = []
        while at < len(text) and text[at] != '"':
            if text[at] == "\\":
                char, at = _escaped(text, at + 1)
            else:
                char, at = text[at], at + 1
            chars.append(char)
        strings.append("".join(chars))
        at += 1
    return None


def _escaped(text: str, at: int) -> tuple[str, int]:
    """The character of an escape whose letter is at `at`, and the place after it."""
    letter = text[at : at + 1]
    digits = text[at + 1 : at + 1 + _HEX.get(letter, 0)]
    if digits:
        try:
            return chr(int(digits, 16)), at + 1 + len(digits)
        except (ValueError, OverflowError):
            return letter, at + 1
    return _ESCAPES.get(letter, letter), at + 1


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5
