"""What the image runs: entry point, command and health check, resolved.

`follow` does the work; here is where it begins.
"""

from __future__ import annotations

from slim.entrypoint.follow import MAX_COMMANDS, MAX_WORDS, Walk, search_path
from slim.entrypoint.init_scripts import starts_service
from slim.entrypoint.makefiles import TOOLS
from slim.entrypoint.runners import NO_TOOLS, Tools
from slim.entrypoint.runs import Runs, environment
from slim.entrypoint.services import buildpack_processes
from slim.entrypoint.shell import MAX_TEXT, read_shell
from slim.files.view import View, below, encoded
from slim.image.model import Config

_MAX_PLACES = 8
"""Directories of PATH in which a script is expected."""


def runs_of(config: Config, view: View, tools: Tools = NO_TOOLS) -> Runs:
    """Resolve entry point, command and health check of an image.

    Args:
        tools: those of languages that start commands.
    """
    words = (*config.entrypoint, *config.cmd)
    env = environment(config)
    cwd = encoded(config.working_dir.strip("/"))
    walk = Walk(view, env, cwd, tools)
    walk.put(words, "ENTRYPOINT" if config.entrypoint else "CMD", main=True)
    for line in buildpack_processes(config.labels):
        walk.put_text(line, "buildpack process", main=True)
    check = config.healthcheck
    health = Walk(view, env, cwd, tools)
    if check[:1] == ("CMD-SHELL",):
        health.put_text(" ".join(check[1:]), "HEALTHCHECK", main=True)
    elif check[:1] == ("CMD",):
        health.put(check[1:], "HEALTHCHECK", main=True)
    return Runs(words, walk.work(), health.work())


def script_paths(config: Config) -> frozenset[bytes]:
    """Paths at which the files that a config names may lie, before the image has been read.

    For keeping the contents of scripts with unusual names. Some hundred paths at most, without leading
    slash, links not followed.
    """
    env = environment(config)
    cwd = encoded(config.working_dir.strip("/"))
    lines: list[tuple[str, ...]] = [(*config.entrypoint, *config.cmd), config.healthcheck]
    for line in list(lines):
        for word in line[:MAX_WORDS]:
            if " " in word.strip():
                commands = read_shell(word[:MAX_TEXT], variables=env)
                lines += [command.words for command in commands[:MAX_WORDS]]
    found: dict[bytes, None] = {}
    for line in lines:
        if line and (service := starts_service(line)):
            found[_lexical(encoded(f"/etc/init.d/{service}"))] = None
        for word in line[:MAX_WORDS]:
            for file in TOOLS.get(word.rpartition("/")[2], ()):
                found[_lexical(below(cwd, encoded(file)))] = None
            if word and not word.startswith("-"):
                found[_lexical(below(cwd, encoded(word)))] = None
                if "/" not in word:
                    for place in search_path(env)[:_MAX_PLACES]:
                        found[_lexical(encoded(f"{place}/{word}"))] = None
    found.pop(b"", None)
    return frozenset(list(found)[:MAX_COMMANDS])


def _lexical(path: bytes) -> bytes:
    """A path without `.` and `..`, as far as it can be told without the image."""
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)
