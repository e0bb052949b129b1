"""Tools of languages that start commands: `npm start`, `uv run web`, `conda run -n app x`.

Such a tool reads the project's own list of scripts, or looks a command up in the project's environment
(`node_modules/.bin`, `.venv/bin`). It could be left out by starting that directly. What each of them does is
known to its ecosystem; here is what a walk over commands asks it for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from slim.entrypoint.operands import behind_options
from slim.entrypoint.tables import names
from slim.files.view import View
from slim.toml import parse_toml

MAX_SCRIPT = 4_096
"""Characters that are read of a script in a project's list."""
CHANGES_DIRECTORY = names("--prefix --cwd -C --dir --working-dir -d")
"""Options of such tools that name the directory to work in."""
_VALUED = names(
    "-n --name -p --prefix -C --directory --project --with --python --package --cwd --group --extra "
    "--env-file -e --gemfile --filter --workspace -w --extra-index-url --index-url --with-requirements "
    "--with-editable --no-group --only-group --project-directory --from -P --env --manifest-path "
    "--environment"
)
"""Options whose value is the next word."""


class Documents:
    """JSON and TOML files of an image, each read once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._read: dict[bytes, dict[str, object]] = {}

    def __call__(self, path: bytes) -> dict[str, object]:
        """A file; empty where there is none, or a damaged one."""
        if path not in self._read:
            self._read[path] = _parsed(
                self.view.read(path), is_json=path.endswith((b".json", b".jsonc"))
            )
        return self._read[path]


class Call(Struct, frozen=True):
    """A command line whose program is such a tool."""

    name: str
    """Of the program, without directory."""
    words: tuple[str, ...]
    """Behind it."""
    cwd: bytes
    path: bytes | None
    """Of the program's file."""
    env: Mapping[str, str]


class Started(Struct, frozen=True):
    """What a script of a project starts."""

    text: str
    """For a shell."""
    cwd: bytes
    where: str
    """File that says so."""
    before: str = ""
    """For a shell, on the way."""


def command_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command line behind a tool's own options."""
    return behind_options(words, _VALUED)


class Runner(Struct, frozen=True, kw_only=True):
    """How one tool, or several that are called alike, start something."""

    names: frozenset[str]
    verbs: tuple[str, ...] | None = None
    """What stands in front of a command that it starts, a word or several; empty: nothing does; None: it
    starts scripts only."""
    command: Callable[[tuple[str, ...]], tuple[str, ...]] = command_of
    """What it starts, by the words behind the verb."""
    script: Callable[[Call, Documents], Started | None] | None = None
    """What the project's list of scripts says that it starts."""
    environments: Callable[[Call, View], Iterable[bytes]] | None = None
    """Directories in whose `bin` it looks for commands before it looks on the PATH."""
    moves: frozenset[str] = frozenset()
    """Options that name the directory in which the command is started."""

    def starts(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The command line in a call; nothing if it starts none."""
        if self.verbs is None:
            return ()
        if not self.verbs:
            return self.command(words)
        rest = command_of(words)
        for verb in map(str.split, self.verbs):
            if rest[: len(verb)] == tuple(verb):
                return self.command(rest[len(verb) :])
        return ()


StartScript = Callable[[View, bytes], bool]
"""Whether the program at a path is a script that a language's tools have written to start an application."""


class Tools(Struct, frozen=True):
    """What all ecosystems know of the tools that start commands."""

    runners: Mapping[str, Runner] = {}
    """By name of the program."""
    project_bins: tuple[bytes, ...] = ()
    """Where a project has the commands of its packages."""
    start_scripts: tuple[StartScript, ...] = ()
    daemons: frozenset[str] = frozenset()
    """Programs of languages that go into the background by themselves."""

    def is_start_script(self, view: View, path: bytes) -> bool:
        """Whether a program is what an application is started with, and needs no reading."""
        return any(is_start_script(view, path) for is_start_script in self.start_scripts)


NO_TOOLS = Tools()


def runner(tools: str, *verbs: str) -> Runner:
    """Tools that start the command behind one of `verbs`, and nothing else.

    >>> runner("rbenv pyenv", "exec").starts(("exec", "puma", "-p", "80"))
    ('puma', '-p', '80')
    """
    return Runner(names=names(tools), verbs=verbs)


def _parsed(content: bytes | None, *, is_json: bool) -> dict[str, object]:
    if content is None:
        return {}
    try:
        found = json.loads(content) if is_json else parse_toml(content.decode())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
