"""What the plans of interpreted languages share: the interpreter, and the application's directory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.documents import load_object, object_of
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM, PackageWarnings
from slim.rebuild.model import Given
from slim.rebuild.quoting import PLAIN_VERSION

_FOR_APPLICATIONS = frozenset((b"srv", b"var/www", b"data", b"home"))
"""Shared directories that hold nothing of the system: an application may lie right in one."""


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
    """The directory of the application: of the project that holds the file that runs, else the working
    directory, which for these languages is where modules are found."""
    homes = given.facts.roots.projects_of(stack)
    for file in command.files:
        path = encoded(file)
        found = [home for home in homes if path.startswith(home + b"/")]
        if found:
            return max(found, key=len)
    workdir = given.view.real(encoded(given.config.working_dir))
    if workdir and (workdir in homes or not given.facts.roots.is_system(workdir)):
        return workdir
    files = [encoded(file) for file in command.files]
    if workdir in _FOR_APPLICATIONS and any(path.startswith(workdir + b"/") for path in files):
        return workdir
    return homes[0] if len(homes) == 1 else None


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
