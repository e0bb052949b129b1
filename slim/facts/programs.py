"""Which language or server a command belongs to: by its name, its place, its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from slim.entrypoint.runs import Command
from slim.entrypoint.services import SUPERVISORS
from slim.entrypoint.tables import names
from slim.entrypoint.wrappers import SHELLS
from slim.facts.roots import Roots
from slim.files.view import View, encoded

IDLE = names("sleep tail cat true false yes pause tini dumb-init watch")
"""Programs that wait, or do nothing."""
_REPLS = names("ghci psql lua julia R swift guile utop racket nu xonsh sbcl")
"""Programs of no ecosystem that are interactive when they are given nothing to run."""
_WORKS = names("-c -e -m --eval -S -jar")
"""Options with which most of them have something to run."""


class Programs(Struct, frozen=True, kw_only=True):
    """The programs of one language or server."""

    family: str
    """What `runs.FAMILY` says."""
    names: frozenset[str] = frozenset()
    """Without version: `python`, not `python3.12`."""
    ambiguous: frozenset[str] = frozenset()
    """Those of `names` that other programs have as well: for machine code they say nothing."""
    endings: tuple[str, ...] = ()
    """How the names of its scripts and archives end."""
    is_place: Callable[[Command, Roots, View], bool] | None = None
    """Whether a command belongs to it by where its file is."""
    is_file: Callable[[bytes, View], bool] | None = None
    """Whether a file belongs to it by what it is."""
    interpreted: bool = True
    """Its applications need something beside their own file, and are given to a program as operands."""
    fact: str = ""
    """The name in `runs.…`, where it is not the family."""
    repls: frozenset[str] = frozenset()
    """Programs that are interactive when they are given nothing to run."""
    works: frozenset[str] = frozenset()
    """Options with which such a program has something to run, …"""
    valued: frozenset[str] = frozenset()
    """… and options whose value, the next word, is nothing to run."""
    servers: frozenset[str] = frozenset()
    """Programs that are servers."""
    daemons: frozenset[str] = frozenset()
    """Those that go into the background unless they are told not to."""
    builds: Mapping[str, frozenset[str]] = {}
    """Programs that build or test → the operands with which they do; `*`: always."""
    starters: frozenset[str] = frozenset()
    """Names of an application's own files that start it as a server."""


class Families(Struct, frozen=True):
    """The programs of all ecosystems."""

    all: tuple[Programs, ...]
    by_name: Mapping[str, str]
    by_ending: Mapping[str, str]
    ambiguous: frozenset[str]
    repls: frozenset[str]
    servers: frozenset[str]
    builds: Mapping[str, frozenset[str]]

    def of(self, family: str) -> Programs:
        """The programs of one family; none for a family such as `shell`."""
        return next(
            (programs for programs in self.all if programs.family == family),
            Programs(family=family, interpreted=False),
        )


def families_of(programs: Iterable[Programs]) -> Families:
    """Put the programs of all ecosystems together."""
    ordered = tuple(programs)
    return Families(
        ordered,
        {name: programs.family for programs in ordered for name in programs.names},
        {ending: programs.family for programs in ordered for ending in programs.endings},
        frozenset().union(*(programs.ambiguous for programs in ordered)),
        _REPLS.union(*(programs.repls for programs in ordered)),
        frozenset().union(*(programs.servers for programs in ordered)),
        {name: words for programs in ordered for name, words in programs.builds.items()},
    )


def base_name(name: str, families: Families) -> str:
    """A program's name without version: `python3.12` → `python`, `php-fpm8.2` → `php-fpm`."""
    if name in families.by_name or name in SHELLS:
        return name
    return name.rstrip("0123456789.").rstrip("-") or name


def family_of(command: Command, families: Families, roots: Roots, view: View) -> str:
    """The family of a command's program, or `shell`; empty where it is not known.

    A wrapper or supervisor has no family: what it starts has.
    """
    name, file = command.name, command.path.rpartition("/")[2]
    if name in SHELLS or file in SHELLS:
        return "shell" if command.leaf and name not in families.by_name else ""
    compiled = bool(command.path) and view.elf(encoded(command.path)) is not None
    for program in (base_name(name, families), base_name(file, families)):
        if program in families.by_name and not (compiled and program in families.ambiguous):
            return families.by_name[program]
    for programs in families.all:
        if programs.is_place is not None and programs.is_place(command, roots, view):
            return programs.family
    for ending, family in families.by_ending.items():
        if name.endswith(ending):
            return family
    if name in SUPERVISORS or name in IDLE or not command.leaf or not command.path:
        return ""
    path = encoded(command.path)
    for programs in families.all:
        if programs.is_file is not None and programs.is_file(path, view):
            return programs.family
    return ""


def is_interactive(command: Command, families: Families) -> bool:
    """A shell or REPL that is given nothing to run, or a program that only waits."""
    name = base_name(command.name, families)
    return is_repl(command, families) or (name in IDLE and not command.files)


def is_repl(command: Command, families: Families) -> bool:
    """A shell or REPL that is given nothing to run."""
    name = base_name(command.name, families)
    if name not in SHELLS and name not in families.repls:
        return False
    programs = families.of(families.by_name.get(name, ""))
    works = programs.works | _WORKS
    before = ""
    for word in command.words[1:]:
        if word in works or not (word.startswith("-") or before in programs.valued):
            return False
        before = word
    return True


def builds(command: Command, families: Families) -> bool:
    """A program that is started to build, to test or to install."""
    tasks = families.builds.get(base_name(command.name, families), frozenset())
    operands = [word for word in command.words[1:] if not word.startswith("-")]
    if operands[:1] in (["run"], ["run-script"], ["exec"]):
        operands = operands[1:]
    return "*" in tasks or (bool(operands) and operands[0] in tasks)
