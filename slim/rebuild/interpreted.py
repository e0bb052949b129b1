"""What the plans of interpreted languages share: the interpreter, and the application's directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.documents import load_object, object_of
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM, PackageWarnings
from slim.rebuild.model import Given
from slim.rebuild.quoting import PLAIN_VERSION
from slim.rebuild.trees import below, row_at

_FOR_APPLICATIONS = frozenset((b"srv", b"var/www", b"data", b"home"))
"""Shared directories that hold nothing of the system: an application may lie right in one."""
_TEMPORARY = (b"tmp/", b"var/tmp/")
"""Where a list of requirements may lie, and no application does."""
_OF_SYSTEM = tuple(path + b"/" for path in b"etc bin sbin lib proc sys dev run".split())
"""Where no application lies, although one may be started there: `cd /etc/apache2`."""
_MOST_PLACES = 32
_INSIDE = frozenset((b"bin", b"src", b"lib"))
"""Names of directories of an application in which its programs lie: it is one above them."""


def main_command(
    given: Given, family: str, runners: frozenset[str] = frozenset()
) -> Command | None:
    """What runs in the end, in the language `family`: rather what a package runner starts than the runner,
    which is a program of that language as well.

    Args:
        runners: names of package runners.
    """
    facts = given.facts
    found = [command for command in facts.runs.final if facts.families[command] == family]
    through = {
        command.path for command in facts.runs.main if command.path and command.name in runners
    }
    started = [command for command in found if through.isdisjoint(command.files)]
    return next(iter(started or found), None)


def home_of(given: Given, command: Command, stack: str) -> bytes | None:
    """The directory of the application; the first that there is of

    1. the project that holds the file that runs,
    2. the directory in which it is started, where modules are looked for,
    3. the only project of the language,
    4. the directory of the file, or of the script that starts it,
    5. a directory that the command names (`--chdir /srv/app`).
    """
    homes = [
        home
        for home in given.facts.roots.projects_of(stack)
        if not (home + b"/").startswith(_TEMPORARY)
    ]
    for file in command.files:
        path = encoded(file)
        found = [home for home in homes if path.startswith(home + b"/")]
        if found:
            return max(found, key=len)
    files = [encoded(file) for file in command.files]
    for place in (command.cwd, given.config.working_dir):
        workdir = given.view.real(encoded(place))
        if workdir and (workdir in homes or may_be_home(given, workdir)):
            return workdir
        if workdir in _FOR_APPLICATIONS and any(path.startswith(workdir + b"/") for path in files):
            return workdir
    if len(homes) == 1:
        return homes[0]
    programs = [*files, encoded(command.how)]
    own = next((home for path in programs if (home := own_directory(given, path))), None)
    return own or next(_named_directories(given, command), None)


def _named_directories(given: Given, command: Command) -> Iterator[bytes]:
    """Directories that are no system's, among the words of a command."""
    for word in command.words[1:]:
        path = word.partition("=")[2] if word.startswith("-") else word
        place = given.view.real(encoded(path)) if path.startswith("/") else None
        if place and given.view.is_dir(place) and may_be_home(given, place):
            yield place


def own_directory(given: Given, path: bytes) -> bytes:
    """The directory of a program or of a directory of archives that no package owns; empty where it lies
    among the system's files."""
    row = row_at(given.view, path)
    if row is not None and given.owned.owner[row] != NOBODY:
        return b""
    if row is None and not given.view.is_dir(path):
        return b""
    home, _, last = path.rpartition(b"/")[0].rpartition(b"/")
    home = home if last in _INSIDE else join(home, last)
    return home if may_be_home(given, home) else b""


def may_be_home(given: Given, path: bytes) -> bool:
    """Whether an application may lie in a directory: in none of the system's."""
    return not given.facts.roots.is_system(path) and not (path + b"/").startswith(_OF_SYSTEM)


def in_the_root(given: Given, command: Command) -> list[bytes]:
    """What lies right in the root directory beside a program there: files and directories that steps on top
    of the base put there, and not every system has. Nothing for a program that lies elsewhere.
    """
    own = (row_at(given.view, encoded(file)) for file in command.files if "/" not in file)
    if not any(row is not None and given.owned.owner[row] == NOBODY for row in own):
        return []
    start = given.view.files.starts[max(given.base_layers, 1)]
    found: list[bytes] = []
    for name in given.view.children(b""):
        rows = (
            list(below(given.view, name)) if given.view.is_dir(name) else [row_at(given.view, name)]
        )
        if not given.facts.roots.is_system(name) and any(
            row is not None and row >= start and given.owned.owner[row] == NOBODY for row in rows
        ):
            found.append(name)
    return found


def search_path(given: Given, variable: str, homes: Iterable[bytes]) -> list[bytes]:
    """The directories outside of `homes` in which a variable has modules looked for: `PYTHONPATH`."""
    inside = tuple(home + b"/" for home in homes)
    found: dict[bytes, None] = {}
    texts = [given.facts.env.get(variable, "")]
    texts += [
        value
        for command in given.facts.runs.commands
        for name, _, value in (setting.partition("=") for setting in command.sets)
        if name == variable
    ]
    for word in ":".join(texts).split(":")[:_MOST_PLACES]:
        place = given.view.real(encoded(word)) if word.startswith("/") else None
        if not place or not given.view.is_dir(place) or (place + b"/").startswith(inside):
            continue
        if not given.facts.roots.is_system(place):
            found[place] = None
    return list(found)


def system_owner(given: Given, row: int) -> int | None:
    """The system package that a file is of."""
    owner = given.owned.owner[row]
    known = owner != NOBODY and given.graph.packages[owner].manager in SYSTEM
    return owner if known else None


def named(given: Given, names: Iterable[str]) -> list[int]:
    """System packages of these names, as far as they are installed."""
    chosen = frozenset(names)
    return [
        index
        for index, package in enumerate(given.graph.packages)
        if package.manager in SYSTEM and package.name in chosen
    ]


def children(given: Given, home: bytes, names: Iterable[bytes]) -> list[bytes]:
    """Those of some names that are in a directory, as paths."""
    here = frozenset(given.view.names_in(home))
    return [join(home, name) for name in names if name in here]


def version(given: Given, variable: str) -> str:
    """The version that a variable of an official image says; empty where it says none."""
    value = given.facts.env.get(variable, "")
    return value if PLAIN_VERSION.fullmatch(value) else ""


def script_names(content: bytes | None) -> frozenset[str]:
    """The scripts of a `package.json`."""
    if content is None:
        return frozenset()
    document = load_object(content, b"package.json", PackageWarnings()) or {}
    return frozenset(object_of(document.get("scripts")))


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown


def copied(home: bytes, paths: Iterable[bytes]) -> tuple[tuple[str, str], ...]:
    """(path, path) for a Dockerfile whose build stage has the application in the same directory."""
    return tuple((f"/{decoded(path)}", f"/{decoded(path)}") for path in paths or (home,))
