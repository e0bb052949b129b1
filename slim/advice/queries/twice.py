"""Query about run-time systems of one language that are in the image twice, of which one is started [pure].

A Node of the distribution beside that of an official image, two JDKs, Debian's Python in the image of
another Python: commands lead to one of them; the others are selected if nothing is known to need them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from slim.facts.gather import Facts
from slim.facts.roots import is_system
from slim.files.extract.found import Elf
from slim.files.table import Kind
from slim.files.view import View, below, encoded
from slim.packages.closure import removal_closure
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY, Ownership
from slim.packages.package import parent
from slim.rules.match import QueryResult

_BELONGING = {
    "java": ("openjdk-", "default-j", "ca-certificates-java", "java-"),
    "node": ("node", "npm", "libnode", "yarn"),
    "python": ("python3", "libpython3"),
    "ruby": ("ruby", "libruby", "rake", "bundler"),
}
"""How the names of packages begin that are there for a run-time system, and go with it."""


class _Runtime(Struct, frozen=True):
    family: str
    program: int
    """Row of the program."""
    rows: frozenset[int]
    """Everything of it that is known by its place."""


def twice(
    view: View, facts: Facts, graph: Graph, ownership: Ownership, owned: bytes
) -> QueryResult:
    """The run-time systems that no command leads to, where one of the same language is started.

    Of what the system's packages brought (`owned`: mask of rows) those go that the package manager would
    remove with the program's; nothing, if it would remove what was asked for besides.
    """
    used = _used(view, facts)
    rows: set[int] = set()
    for family in _BELONGING:
        found = list(_FINDERS[family](view, facts))
        started = [one for one in found if not used.isdisjoint(one.rows)]
        if len(found) < 2 or not started:
            continue
        kept = frozenset().union(*(one.rows for one in started))
        for one in found:
            if one in started:
                continue
            if owned[one.program]:
                rows.update(_packaged(one, graph, ownership))
            else:
                rows.update(row for row in one.rows - kept if not owned[row])
    return QueryResult(rows=sorted(rows))


def _used(view: View, facts: Facts) -> frozenset[int]:
    """Rows of the programs that commands and virtual environments lead to."""
    paths = [encoded(path) for path in facts.runs.resolved]
    for venv in facts.roots.venvs:
        for line in (view.read(below(venv, b"pyvenv.cfg")) or b"").splitlines():
            name, _, value = line.partition(b"=")
            if name.strip() == b"home":
                names = view.names_in(value.strip())
                paths += [below(value.strip(), one) for one in names if one.startswith(b"python3")]
        paths.append(below(venv, b"bin/python"))
    found = (view.row(path) for path in paths)
    return frozenset(row for row in found if row is not None)


def _packaged(one: _Runtime, graph: Graph, ownership: Ownership) -> list[int]:
    owner = ownership.owner[one.program]
    if owner == NOBODY:
        return []
    gone = removal_closure(graph, (owner,)) - removal_closure(graph, ())
    wanted = _BELONGING[one.family]
    asked = (graph.packages[index] for index in gone if graph.packages[index].auto is not True)
    if not all(package.name.startswith(wanted) for package in asked):
        return []
    return ownership.rows(gone)


def _java(view: View, facts: Facts) -> Iterator[_Runtime]:
    for home in facts.roots.javas:
        row = view.row(below(home, b"bin/java"))
        if row is not None and _is_program(view, home, b"bin/java"):
            yield _Runtime("java", row, frozenset(view.rows_below(home)))


def _node(view: View, facts: Facts) -> Iterator[_Runtime]:
    for path in view.find((b"node",))[b"node"]:
        prefix = parent(path, 2)
        if parent(path).rpartition(b"/")[2] == b"bin" and _is_program(view, path):
            own = [
                *(b"lib/node_modules/npm", b"lib/node_modules/corepack", b"include/node"),
                *(b"share/doc/node", b"share/systemtap"),
            ]
            yield from _at(view, "node", path, prefix, own)


def _python(view: View, facts: Facts) -> Iterator[_Runtime]:
    for path in view.find((b"os.py",))[b"os.py"]:
        library = parent(path)
        name = library.rpartition(b"/")[2]
        prefix = parent(library, 2)
        program = below(prefix, b"bin/" + name)
        if (
            name.startswith(b"python3.")
            and parent(library).rpartition(b"/")[2] == b"lib"
            and _is_program(view, program)
        ):
            own = [b"lib/" + name, b"include/" + name, b"include/" + name + b"m"]
            libraries = [
                b"lib/" + one
                for one in view.names_in(below(prefix, b"lib"))
                if one.startswith(b"lib" + name + b".")
            ]
            yield from _at(view, "python", program, prefix, [*own, *libraries])


def _ruby(view: View, facts: Facts) -> Iterator[_Runtime]:
    for path in view.find((b"ruby",))[b"ruby"]:
        prefix = parent(path, 2)
        if parent(path).rpartition(b"/")[2] == b"bin" and _is_program(view, path):
            yield from _at(view, "ruby", path, prefix, [b"lib/ruby", b"include/ruby-3"])


def _at(
    view: View, family: str, program: bytes, prefix: bytes, own: Iterable[bytes]
) -> Iterator[_Runtime]:
    """What is in a prefix: all of it where it is the run-time system's own."""
    row = view.row(program)
    if row is None:
        return
    rows = {row}
    if prefix and not is_system(prefix) and not prefix.endswith(b"/.local"):
        rows.update(view.rows_below(prefix))
    for path in own:
        place = below(prefix, path)
        rows.update(view.rows_below(place))
        if not view.is_dir(place) and (file := view.row(place)) is not None:
            rows.add(file)
    yield _Runtime(family, row, frozenset(rows))


def _is_program(view: View, *path: bytes) -> bool:
    """Whether there is a program itself, not a link to one."""
    at = b"/".join(path)
    elf: Elf | None = view.elf(at)
    row = view.row(at)
    return (
        elf is not None
        and elf.program
        and view.real(at) == at
        and row is not None
        and view.files.kind[row] in (Kind.FILE, Kind.HARDLINK)
    )


_FINDERS = {"java": _java, "node": _node, "python": _python, "ruby": _ruby}
