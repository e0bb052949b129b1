"""A build stage's instructions as text: the image's own steps, and what is deleted before files are copied.

All of it comes from the image, so that each value is quoted for the place where it stands. A command is
meant to be one and stays it: it cannot end its line, continue on the next, or open a here-document.
Source: Dockerfile reference, "Shell and exec form", "Here-Documents", "RUN --mount=type=cache".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap

from slim.files.view import decoded
from slim.patterns import regex
from slim.rebuild.model import Building, BuildStep, Rebuild
from slim.rebuild.quoting import (
    NAME,
    USER,
    directory,
    expanded_words,
    fits_on_line,
    literal,
    one_line,
    quoted,
    words,
)
from slim.secrets import redact

_MOST_NAMES = 1_000
"""Most packages that one command takes out."""
_GUESSED = "# The history does not say where this is from: the build context, or another stage.\n"
_FLAG = regex(r"--(?:chown=[A-Za-z0-9_.:-]{1,64}|chmod=[0-7]{3,4})", re.ASCII)


def any_of(patterns: Sequence[str]) -> Callable[[str], object]:
    """Searches a text for any of some regular expressions; nothing is found with none."""
    return re.compile("|".join(patterns) or r"(?!)").search


def written_steps(rebuild: Rebuild, redacted: bool, placed: Mapping[int, str]) -> list[str]:
    """The instructions in order; empty where one of them cannot be written down.

    Args:
        placed: index of a history entry → its instruction in the user's own Dockerfile.
    """
    lines: list[str] = []
    root = True
    for step in rebuild.steps:
        own = placed.get(step.entry, "")
        if own and step.keyword != "ARG" and not (redacted and redact.command(own) != own):
            line = own
        else:
            line = _written(step, rebuild.building, redacted, root)
        if not line:
            return []
        lines.append(line)
        if step.keyword == "USER":
            root = step.value.partition(":")[0] in ("root", "0")
    return lines


def _written(step: BuildStep, building: Building, redacted: bool, root: bool) -> str:
    value = step.value
    if step.keyword in ("ENV", "ARG"):
        return (
            "\n".join(assignment(step.keyword, name, text, redacted) for name, text in step.pairs)
            or "# A variable that the image does not have any more."
        )
    if step.keyword == "RUN":
        return _run(value, building, redacted, root)
    if step.keyword in ("COPY", "ADD"):
        flags = "".join(f" {flag}" for flag in step.flags if _FLAG.fullmatch(flag))
        if not fits_on_line("".join((*step.words, value))):
            return ""
        names = (*step.words, value)
        shown = " ".join(names) if all(map(literal, names)) else expanded_words(names)
        return f"{_GUESSED if step.guessed else ''}{step.keyword}{flags} {shown}"
    if step.keyword == "WORKDIR":
        place = directory(value)
        return f"WORKDIR {place}" if place else ""
    if step.keyword == "USER":
        return f"USER {value}" if USER.fullmatch(value) else ""
    if step.keyword == "SHELL":
        return _shell(value)
    return ""


def assignment(keyword: str, name: str, value: str, redacted: bool) -> str:
    """`ENV A="b"`; a comment for a value that looks like a secret or does not fit on a line."""
    if not NAME.fullmatch(name):
        return "# A variable whose name is none."
    if redacted and redact.value(name, value) != value:
        return f"# {name} looks like a secret: give it when the container starts."
    if not fits_on_line(value):
        return f"# {name} has a value that does not fit on a line."
    return f"{keyword} {name}={quoted(value)}"


def _run(command: str, building: Building, redacted: bool, root: bool) -> str:
    if redacted and redact.command(command) != command:
        return "# A command with something like a secret in it stood here: use `RUN --mount=type=secret`."
    mounts = [
        f"--mount=type=cache,target={place} "
        for pattern, places in building.caches
        if root and re.search(pattern, command[:4096])
        for place in places
    ]
    if "\0" in command:
        return ""
    shown = one_line(command) or json.dumps(["/bin/sh", "-c", command])
    return f"RUN {''.join(mounts)}{shown}"


def _shell(value: str) -> str:
    try:
        found = json.loads(value)
    except ValueError:
        found = value.strip("[]").split()
    if not found or not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return ""
    return f"SHELL {words(found)}"


def prune(rebuild: Rebuild) -> str:
    """What is left out of directories that are copied whole."""
    lines: list[str] = []
    done = rebuild.transfer
    for each, packages in done.uninstalled:
        names = [name for name in packages if literal(name)] if each.by_name else []
        names = names[:_MOST_NAMES]
        names.sort(key=lambda name: (name.lower() in each.last, name))
        if names or not each.by_name:
            text = " ".join(names)
            parts = [f"RUN {each.command}", *wrap(text, 90, break_on_hyphens=False)]
            comment = f"# {each.why}\n" if each.why else ""
            lines.append(comment + " \\\n    ".join(parts))
    paths = [shlex.quote(path) for path in done.deleted if fits_on_line(path)]
    if paths:
        lines.append("RUN rm -rf " + " \\\n    ".join(paths))
    programs = ["/" + decoded(path) for path in rebuild.strips]
    quoted_programs = [shlex.quote(path) for path in programs if fits_on_line(path)]
    if quoted_programs:
        comment = "# Symbols and debugging information stay behind."
        lines.append(f"{comment}\nRUN strip {' '.join(quoted_programs)}")
    return "\n".join(lines)


def as_root(steps: Sequence[BuildStep]) -> str:
    """For what follows the image's own steps, where these end as another user."""
    users = [step.value.partition(":")[0] for step in steps if step.keyword == "USER"]
    return "USER root" if users and users[-1] not in ("root", "0") else ""


def account(rebuild: Rebuild) -> str:
    """Makes the user that the image runs as, with the same numbers; empty where the base has it."""
    user = rebuild.transfer.account
    if user is None or rebuild.origin == "scratch":
        return ""
    known = (user.name, *user.ids, user.home, user.shell)
    if not all(map(literal, known)) or not USER.fullmatch(user.name) or ":" in user.name:
        return ""
    if not all(text.isascii() and text.isdigit() for text in user.ids):
        return ""
    uid, gid = user.ids
    # Where the image's file of groups is not known, the user has one of its own.
    own_group = user.group in ("", user.name)
    if rebuild.manager == "apk":
        group = f"addgroup -g {gid} {user.name} && " if own_group else ""
        home = "" if user.has_home else "-H "
        in_group = f"-G {user.group or user.name} " if literal(user.group or user.name) else ""
        return f"RUN {group}adduser -D {home}-u {uid} {in_group}-h {user.home} -s {user.shell} {user.name}"
    group = f"groupadd --gid {gid} {user.name} && " if own_group else ""
    home = "--create-home " if user.has_home else ""
    return (
        f"RUN {group}useradd --uid {uid} --gid {gid} {home}--home-dir {user.home} "
        f"--shell {user.shell} {user.name}"
    )


def removed(rebuild: Rebuild) -> str:
    """What the image's steps deleted of packages that are installed anew."""
    paths = [shlex.quote(path) for path in rebuild.transfer.removed if fits_on_line(path)]
    shell = rebuild.origin != "scratch" and rebuild.packages
    return "RUN rm -rf " + " ".join(paths) if paths and shell else ""


def links(rebuild: Rebuild) -> str:
    """Links that the image's steps made: COPY would copy what they lead to."""
    commands = [
        f"ln -sfn {shlex.quote(target)} {shlex.quote(path)}"
        for target, path in rebuild.transfer.links
        if fits_on_line(target + path) and not target.startswith("-")
    ]
    return "RUN " + " \\\n && ".join(commands) if commands and rebuild.origin != "scratch" else ""
