"""Queries about packages of Node: copies, declarations of types, source maps."""

from __future__ import annotations

from collections import defaultdict

from slim.ecosystems.model import Subject
from slim.ecosystems.shared import beside
from slim.rules.match import QueryResult

_DECLARATIONS = tuple(
    end + more for end in (b".d.ts", b".d.mts", b".d.cts") for more in (b"", b".map")
)
_PACKED = (b".gz", b".br", b".zst")


def nested_duplicates(subject: Subject) -> QueryResult:
    """All but one copy of a package of the same name and version: that with the shortest path stays."""
    packages = subject.owned.packages
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, package in enumerate(packages):
        if package.manager == "node" and package.version:
            groups[package.name, package.version].append(index)
    copies = [
        index
        for same in groups.values()
        for index in sorted(same, key=lambda index: (len(packages[index].record), index))[1:]
    ]
    return QueryResult(rows=subject.owned.rows(copies))


def type_declarations(subject: Subject) -> QueryResult:
    """What TypeScript reads of packages: `@types/…` whole, declarations of others."""
    owned, names = subject.owned, subject.files.name
    node = [index for index, package in enumerate(owned.packages) if package.manager == "node"]
    types = {index for index in node if owned.packages[index].name.startswith("@types/")}
    rows = [
        row
        for row in owned.rows(node)
        if owned.owner[row] in types or names[row].endswith(_DECLARATIONS)
    ]
    return QueryResult(rows=rows)


def source_maps(subject: Subject) -> QueryResult:
    """`x.map` where `x` exists beside it, with the map's own compressed twins."""
    view = subject.view
    maps = beside(view, (b".map",))
    twins = []
    for row in maps:
        here = view.names[view.files.directory[row]]
        for ending in _PACKED:
            found = here.get(view.files.name[row] + ending, -1)
            if found >= 0:
                twins.append(found)
    return QueryResult(rows=sorted({*maps, *twins}))
