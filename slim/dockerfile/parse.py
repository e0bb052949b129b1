"""Reads a Dockerfile into stages and instructions, each with its line numbers.

Follows the Dockerfile reference ("Format", "Parser directives", "Here-Documents"): the result
is what a builder sees: logical lines with continuations joined and comments dropped. No
variable is substituted here, and an instruction that no builder knows is kept like any other.
"""

import json

from msgspec import Struct

from slim.dockerfile.syntax import heredoc_markers, split_flags

MAX_BYTES = 1 << 20
MAX_INSTRUCTIONS = 10_000
MAX_STAGES = 1_000

_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_TAKES_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})


class DockerfileError(ValueError):
    """A Dockerfile that cannot be used: what is wrong, and on which line (0: no line)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.message = message
        self.line = line


class Instruction(Struct, frozen=True):
    """One instruction. Lines count from 1 and include continuations and heredocs."""

    keyword: str
    """In upper case."""
    value: str
    """What follows the keyword, flags included, as one line."""
    heredocs: tuple[str, ...]
    """The bodies of its heredocs, each line ended by a newline, `<<-` already stripped of tabs."""
    line: int
    end_line: int
    stage: int
    """Index of its stage; -1 before the first FROM."""


class Stage(Struct, frozen=True):
    """One FROM and the instructions after it (without the FROM itself)."""

    index: int
    name: str
    """As written after AS; empty without one."""
    base: str
    """As written, variables and all."""
    instructions: tuple[Instruction, ...]
    line: int


class Dockerfile(Struct, frozen=True):
    """All stages in order, and the ARGs before the first one."""

    stages: tuple[Stage, ...]
    args: tuple[Instruction, ...]
    escape: str = "\\"


def parse_dockerfile(text: str) -> Dockerfile:
    """Parse the text of a Dockerfile (a byte-order mark and CRLF are fine).

    Raises DockerfileError for a text over 1 MiB, over 10,000 instructions or 1,000 stages; with a
    NUL; without a FROM; with an instruction other than ARG before it; with a FROM that is not
    `FROM image [AS name]`; with an unterminated heredoc; with a bad or repeated parser directive.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise DockerfileError("the Dockerfile is larger than 1 MiB")
    if "\0" in text:
        before = text[: text.index("\0")]
        raise DockerfileError("a NUL character: not a text file", before.count("\n") + 1)
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape, at = _directives(lines)
    args: list[Instruction] = []
    headers: list[tuple[str, str, int]] = []
    bodies: list[list[Instruction]] = []
    early: Instruction | None = None
    count = 0
    while at < len(lines):
        if _is_skipped(lines[at]):
            at += 1
            continue
        item, at = _instruction(lines, at, escape, len(bodies) - 1)
        count += 1
        if count > MAX_INSTRUCTIONS:
            raise DockerfileError(f"more than {MAX_INSTRUCTIONS:,} instructions", item.line)
        if item.keyword == "FROM":
            if len(bodies) == MAX_STAGES:
                raise DockerfileError(f"more than {MAX_STAGES:,} stages", item.line)
            headers.append(_from(item, escape))
            bodies.append([])
        elif bodies:
            bodies[-1].append(item)
        elif item.keyword == "ARG":
            args.append(item)
        else:
            early = early or item
    if not headers:
        raise DockerfileError("no FROM instruction: this is not a Dockerfile that builds an image")
    if early:
        raise DockerfileError(f"{early.keyword[:40]} before the first FROM", early.line)
    stages = tuple(
        Stage(index, name, base, tuple(body), line)
        for index, ((base, name, line), body) in enumerate(zip(headers, bodies, strict=True))
    )
    return Dockerfile(stages, tuple(args), escape)


def exec_form(value: str) -> list[str] | None:
    """The strings of a JSON (exec) form, or None if the value is not one."""
    if not value.lstrip().startswith("["):
        return None
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return items if all(isinstance(item, str) for item in items) else None


def first_word(text: str) -> tuple[str, str]:
    """A text's first word in upper case, and the rest."""
    words = text.split(None, 1)
    return words[0].upper() if words else "", words[1].strip() if len(words) > 1 else ""


def _directives(lines: list[str]) -> tuple[str, int]:
    """The escape character, and the index of the first line after the parser directives."""
    escape = "\\"
    seen: set[str] = set()
    for index, line in enumerate(lines):
        comment = line.strip()
        name, equals, value = comment[1:].partition("=")
        name, value = name.strip().lower(), value.strip()
        if not comment.startswith("#") or not equals or not value or name not in _DIRECTIVES:
            return escape, index
        if name in seen:
            raise DockerfileError(f"the parser directive {name} is repeated", index + 1)
        seen.add(name)
        if name == "escape":
            if value not in ("\\", "`"):
                raise DockerfileError("the escape directive must be \\ or `", index + 1)
            escape = value
    return escape, len(lines)


def _instruction(lines: list[str], at: int, escape: str, stage: int) -> tuple[Instruction, int]:
    """The instruction that starts at index `at`, and the index of the line after it."""
    start = at
    part, more = _continued(lines[at].lstrip(), escape)
    parts = [part]
    at += 1
    while more and at < len(lines):
        if not _is_skipped(lines[at]):
            part, more = _continued(lines[at], escape)
            parts.append(part)
        at += 1
    logical = "".join(parts).strip()
    keyword, value = first_word(logical)
    bodies: list[str] = []
    for terminator, strip_tabs in _opened(keyword, value, escape):
        body: list[str] = []
        while True:
            if at >= len(lines):
                raise DockerfileError(f"the heredoc {terminator[:40]} never ends", start + 1)
            line = lines[at].lstrip("\t") if strip_tabs else lines[at]
            at += 1
            if line == terminator:
                break
            body.append(line + "\n")
        bodies.append("".join(body))
    return Instruction(keyword, value, tuple(bodies), start + 1, at, stage), at


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """A line without its continuation character, and whether it had one.

    An escape before the last one makes both ordinary text.
    """
    trimmed = line.rstrip(" \t")
    if trimmed.endswith(escape) and not trimmed.endswith(escape * 2):
        return trimmed[:-1], True
    return line, False


def _opened(keyword: str, value: str, escape: str) -> list[tuple[str, bool]]:
    """The heredocs that an instruction opens."""
    if "<<" not in value:
        return []
    if keyword == "ONBUILD":
        keyword, value = first_word(value)
    if keyword not in _TAKES_HEREDOCS or exec_form(split_flags(value, escape)[1]) is not None:
        return []
    return heredoc_markers(value)


def _from(item: Instruction, escape: str) -> tuple[str, str, int]:
    """The (base, name, line) of a FROM."""
    words = split_flags(item.value, escape)[1].split()
    if len(words) == 1:
        return words[0], "", item.line
    if len(words) == 3 and words[1].upper() == "AS":
        return words[0], words[2], item.line
    raise DockerfileError("FROM takes an image and, optionally, AS and a name", item.line)


def _is_skipped(line: str) -> bool:
    stripped = line.lstrip()
    return not stripped or stripped.startswith("#")
