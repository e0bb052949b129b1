"""A program that a package of the system brings: that package, with the files that it is given.

Its modules are packages that were asked for by name, which stay; what it serves or runs nothing in the image
tells, so that all of the directories stay that instructions copied, without what only builds and tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import compress

from slim.entrypoint.runs import Command
from slim.files.view import encoded
from slim.packages.owners import NOBODY
from slim.patterns import regex
from slim.rebuild.application import (
    MAY_BE_READ,
    Leftover,
    beside,
    installs_packages,
    paths_of,
)
from slim.rebuild.interpreted import copied, home_of, system_owner
from slim.rebuild.mentions import programs_of, texts_of_runs
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.system import named_packages
from slim.rebuild.trees import copies, is_of_system, outermost

_ALL = Leftover(endings=())
_TEMPORARY = (b"tmp/", b"var/tmp/")
_MOST_HOMES = 32
_WORD = regex(rb"(?<![\w./=-])[\w.+-]{2,64}(?![\w./=-])")


def packaged(
    given: Given,
    command: Command,
    stack: str,
    program: int,
    modules: Iterable[int] = (),
    *,
    serves: bool = False,
) -> Plan | None:
    """What to keep; None where no package of the system has the program.

    Args:
        program: its row, or that of what interprets it.
        modules: rows of what it loads and no package has.
        serves: whether it only serves files: what made them is not needed any more.
    """
    owner = system_owner(given, program)
    if owner is None:
        return None
    own = home_of(given, command, stack)
    places = (home for home in (*_copied(given), own) if home and _is_own(given, home))
    homes = tuple(outermost(places)[:_MOST_HOMES])
    rows = beside(given, homes, _ALL)
    paths = [path for home in homes for path in paths_of(given, rows, home)]
    loaded = list(modules)
    return Plan(
        stack=stack,
        parts=(
            KeptFiles(
                "the application",
                "what instructions copied, and what steps put there",
                rows,
                loses=FROM_APPLICATION,
                paths=tuple(paths),
            ),
            KeptFiles("modules of no package", "the program looks for modules there", loaded),
        ),
        runtime=(given.view.files.path(program),),
        packages=(owner,),
        unnamed=_run_by_steps(given) - {owner} if serves else frozenset(),
        homes=homes,
        copies=copied(b"", paths),
        guesses=(MAY_BE_READ,) if rows else (),
    )


def _run_by_steps(given: Given) -> frozenset[int]:
    """Packages that were asked for by name and whose programs later instructions ran: `RUN hugo --minify`."""
    words = {
        word
        for layer, text in texts_of_runs(given)
        if not installs_packages(given, layer)
        for word in _WORD.findall(encoded(text))
    }
    packages = named_packages(given, frozenset())
    programs = programs_of(given, packages)
    return frozenset(index for index in packages if not words.isdisjoint(programs[index]))


def _copied(given: Given) -> Iterator[bytes]:
    """Directories to which instructions copied something."""
    files, owner = given.view.files, given.owned.owner
    live = files.live_names()
    for layer, entry in enumerate(given.history):
        if layer < max(given.base_layers, 1) or not copies(entry.created_by):
            continue
        rows = files.rows_of(layer)
        for directory in {
            files.directory[row]
            for row in compress(rows, live[rows.start : rows.stop])
            if owner[row] == NOBODY
        }:
            yield files.directory_path(directory)


def _is_own(given: Given, path: bytes) -> bool:
    if is_of_system(path) or given.facts.roots.is_system(path) or path == b"root":
        return False
    return not (path + b"/").startswith(_TEMPORARY) and b"/." not in path
