"""An escript: one file with all modules of Elixir and of the application, which Erlang runs.

It needs Erlang's base and those applications of Erlang that the project's `.app` files name.
Source: mix escript.build; Erlang/OTP escript(1).
"""

from __future__ import annotations

from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.application import Leftover, beside
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import row_at

_WITHIN = frozenset(("elixir", "logger", "eex", "iex", "mix", "ex_unit"))
"""Applications of Elixir: an escript holds those that it needs."""
_LEFTOVER = Leftover(
    endings=(b".ex", b".exs", b".erl", b".hrl", b".beam"),
    names=frozenset((b"mix.lock", b"_build", b"deps")),
)


def started(given: Given) -> Command | None:
    """The command that runs an escript."""
    commands = given.facts.runs.main
    return next((each for each in commands if each.name == "escript" and each.files), None)


def plan(given: Given, command: Command) -> Plan | None:
    """What to keep of an image that runs an escript; None where Erlang is in no package."""
    view = given.view
    script = row_at(view, encoded(command.files[0]))
    runtime = row_at(view, encoded(command.path))
    packages = _erlang(given, runtime)
    if script is None or runtime is None or not packages:
        return None
    files = view.files
    homes = given.facts.roots.projects_of("elixir")
    same = files.size[script], files.digest(script)
    data = [
        row
        for row in beside(given, homes, _LEFTOVER)
        if (files.size[row], files.digest(row)) != same
    ]
    return Plan(
        stack="elixir",
        parts=(
            KeptFiles(
                "the program",
                "an escript with Elixir and all of the application's modules",
                [script],
                loses=frozenset(),
                paths=(files.path(script),),
            ),
            KeptFiles(
                "files of the application",
                "what lies in the project and is no source",
                data,
                loses=FROM_APPLICATION,
                paths=tuple(homes),
            ),
        ),
        runtime=tuple(given.facts.roots.of("otp_root")),
        packages=packages,
        builds=frozenset(
            package.name
            for index, package in enumerate(given.graph.packages)
            if package.manager in SYSTEM
            and index not in packages
            and (package.name == "elixir" or package.name.startswith("erlang"))
        ),
        homes=tuple(homes),
        values={"home": f"/{decoded(homes[0])}"} if homes else {},
        guesses=("the program needs no application of Erlang that its .app files do not name",),
    )


def _erlang(given: Given, runtime: int | None) -> tuple[int, ...]:
    """System packages of the run-time system and of the applications that the project names."""
    if runtime is None:
        return ()
    packages, owner = given.graph.packages, given.owned.owner
    homes = tuple(join(home, b"_build") + b"/" for home in given.facts.roots.projects_of("elixir"))
    applications = [package for package in packages if package.manager == "otp"]
    named = {
        name.rpartition(":")[2]
        for package in applications
        if package.record.startswith(homes)
        for need in package.depends
        for name in need.names
    }
    records = (
        package.record
        for package in applications
        if package.name in named - _WITHIN and not package.record.startswith(homes)
    )
    rows = [runtime, *(row for path in records if (row := row_at(given.view, path)) is not None)]
    found = dict.fromkeys(owner[row] for row in rows if owner[row] != NOBODY)
    return tuple(index for index in found if packages[index].manager in SYSTEM)
