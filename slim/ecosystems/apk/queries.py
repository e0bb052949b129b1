"""Query about virtual packages of apk: what was installed for a build and never removed."""

from __future__ import annotations

from collections.abc import Iterable

from slim.ecosystems.model import Subject
from slim.packages.graph import Graph
from slim.rules.match import QueryResult

_RUNTIME = ("rundeps", "run-deps", "runtime")
"""Parts of the names of virtual packages that hold what the application needs when it runs."""


def virtual_left(subject: Subject) -> QueryResult:
    """What virtual packages (`.build-deps`) brought, and nothing else needs."""
    virtual = [
        index
        for index, package in enumerate(subject.graph.packages)
        if package.manager == "apk"
        and package.name.startswith(".")
        and not any(part in package.name for part in _RUNTIME)
    ]
    if not virtual:
        return QueryResult()
    return QueryResult(rows=subject.owned.rows(_only_for(subject.graph, virtual)))


def _only_for(graph: Graph, roots: Iterable[int]) -> set[int]:
    """What is reached from these packages, and from no other root."""
    reached = _reach(graph, roots)
    others = [
        index
        for index, package in enumerate(graph.packages)
        if index not in reached or (package.auto is False and not package.name.startswith("."))
    ]
    return reached - _reach(graph, others)


def _reach(graph: Graph, roots: Iterable[int]) -> set[int]:
    """Packages, and all that they depend on."""
    reached: set[int] = set()
    pending = list(roots)
    while pending:
        index = pending.pop()
        if index not in reached:
            reached.add(index)
            pending += [
                at
                for names in graph.depends[index]
                for name in names
                for at in graph.providers[name]
            ]
    return reached
