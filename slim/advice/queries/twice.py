"""Query about run-time systems of one language that are in the image twice, of which one is started.

A Node of the distribution beside that of an official image, two JDKs, Debian's Python in the image of
another Python: commands lead to one of them; the others are selected if nothing is known to need them.
"""

from __future__ import annotations

from slim.ecosystems import ECOSYSTEMS
from slim.ecosystems.model import Runtime, Runtimes, Subject
from slim.facts.gather import run_rows
from slim.packages.closure import removal_closure
from slim.packages.owners import NOBODY
from slim.rules.match import QueryResult


def twice(subject: Subject) -> QueryResult:
    """The run-time systems that no command leads to, where one of the same language is started.

    Of what the system's packages brought those go that the package manager would remove with the
    program's; nothing, if it would remove what was asked for besides.
    """
    languages = [ecosystem.runtimes for ecosystem in ECOSYSTEMS if ecosystem.runtimes is not None]
    used = _used(subject, languages)
    rows: set[int] = set()
    for language in languages:
        found = list(language.find(subject.view, subject.facts))
        started = [runtime for runtime in found if not used.isdisjoint(runtime.rows)]
        if len(found) < 2 or not started:
            continue
        kept = frozenset().union(*(runtime.rows for runtime in started))
        for runtime in found:
            if runtime in started:
                continue
            if subject.system_owned[runtime.program]:
                rows.update(_packaged(runtime, language, subject))
            else:
                rows.update(row for row in runtime.rows - kept if not subject.system_owned[row])
    return QueryResult(rows=sorted(rows))


def _used(subject: Subject, languages: list[Runtimes]) -> frozenset[int]:
    """Rows of the programs that commands lead to, and that languages need besides."""
    paths: list[bytes] = []
    for language in languages:
        if language.uses is not None:
            paths += language.uses(subject.view, subject.facts)
    found = (subject.view.row(path) for path in paths)
    used = frozenset(row for row in found if row is not None)
    return used.union(run_rows(subject.view, subject.facts))


def _packaged(runtime: Runtime, language: Runtimes, subject: Subject) -> list[int]:
    graph, owned = subject.graph, subject.owned
    owner = owned.owner[runtime.program]
    if owner == NOBODY:
        return []
    gone = removal_closure(graph, (owner,)) - removal_closure(graph, ())
    named = (graph.packages[index] for index in gone if graph.packages[index].auto is not True)
    if not all(package.name.startswith(language.packages) for package in named):
        return []
    return owned.rows(gone)
