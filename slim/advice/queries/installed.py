"""Queries about installed packages: what only came along, what only builds, what is there twice [pure]."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from slim.facts.gather import Facts
from slim.files.table import Files
from slim.packages.closure import recommends_only
from slim.packages.graph import Graph
from slim.packages.owners import NOBODY, Ownership
from slim.rules.match import QueryResult

if TYPE_CHECKING:
    from slim.ecosystems.elixir.otp import Release

_TOOLS = frozenset(
    {
        "curl", "wget", "gnupg", "gpg", "unzip", "xz-utils", "lsb-release",
        "software-properties-common", "apt-transport-https",
    }
)  # fmt: skip
_DECLARATIONS = tuple(
    end + more for end in (b".d.ts", b".d.mts", b".d.cts") for more in (b"", b".map")
)
_RUNTIME = ("rundeps", "run-deps", "runtime")
"""Parts of the names of virtual packages that hold what the application needs when it runs."""


def weak(graph: Graph, owned: Ownership, manager: str) -> QueryResult:
    """Packages that are there only because another recommends them."""
    chosen = [one for one in recommends_only(graph) if graph.packages[one].manager == manager]
    return QueryResult(rows=owned.rows(chosen))


def development(graph: Graph, owned: Ownership) -> QueryResult:
    """dpkg's `-dev` packages, by name and section: headers and static libraries."""
    chosen = [
        index
        for index, package in enumerate(graph.packages)
        if package.manager == "dpkg"
        and package.name.endswith("-dev")
        and package.section.rpartition("/")[2] in ("libdevel", "devel", "")
    ]
    return QueryResult(rows=owned.rows(chosen))


def unneeded_tools(graph: Graph, owned: Ownership, facts: Facts) -> QueryResult:
    """Download and unpack tools that nothing needs: no other package, and nothing that the image runs."""
    wanted = {
        provider
        for needs in graph.depends
        for names in needs
        for name in names
        for provider in graph.providers[name]
    }
    run = {command.name for command in facts.runs.all}
    chosen = [
        index
        for index, package in enumerate(graph.packages)
        if package.manager == "dpkg"
        and package.name in _TOOLS
        and index not in wanted
        and package.name not in run
    ]
    return QueryResult(rows=owned.rows(chosen))


def virtual_left(graph: Graph, owned: Ownership) -> QueryResult:
    """What virtual packages of apk (`.build-deps`) brought, and nothing else needs."""
    virtual = [
        index
        for index, package in enumerate(graph.packages)
        if package.manager == "apk"
        and package.name.startswith(".")
        and not any(part in package.name for part in _RUNTIME)
    ]
    if not virtual:
        return QueryResult()
    return QueryResult(rows=owned.rows(_only_for(graph, virtual)))


def development_only(owned: Ownership, manager: str) -> QueryResult:
    """Packages that npm's `.package-lock.json` or Composer's `installed.json` marks as dev."""
    chosen = [i for i, one in enumerate(owned.packages) if one.manager == manager and one.dev]
    return QueryResult(rows=owned.rows(chosen))


def nested_duplicates(owned: Ownership) -> QueryResult:
    """All but one copy of a node package of the same name and version."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, package in enumerate(owned.packages):
        if package.manager == "node" and package.version:
            groups[package.name, package.version].append(index)
    copies = [index for same in groups.values() for index in _all_but_shortest(owned, same)]
    return QueryResult(rows=owned.rows(copies))


def type_declarations(files: Files, owned: Ownership) -> QueryResult:
    """What TypeScript reads of node packages: `@types/…` whole, declarations of others."""
    types = bytearray(
        one.manager == "node" and one.name.startswith("@types/") for one in owned.packages
    )
    node = bytearray(one.manager == "node" for one in owned.packages)
    rows = [
        row
        for row, owner in enumerate(owned.owner)
        if owner != NOBODY
        and node[owner]
        and (types[owner] or files.name[row].endswith(_DECLARATIONS))
    ]
    return QueryResult(rows=rows)


def not_in_releases(owned: Ownership, releases: Sequence[Release]) -> QueryResult:
    """Erlang applications that no `.rel` file of the image lists; nothing where there is none."""
    if not releases:
        return QueryResult()
    booted = {name for release in releases for name, _ in release.applications}
    chosen = [
        index
        for index, package in enumerate(owned.packages)
        if package.manager == "otp" and package.name not in booted
    ]
    return QueryResult(rows=owned.rows(chosen))


def old_versions(owned: Ownership, releases: Sequence[Release]) -> QueryResult:
    """Applications in a version that no `.rel` lists, where another version of them is listed."""
    listed: dict[str, set[str]] = defaultdict(set)
    for release in releases:
        for name, version in release.applications:
            listed[name].add(version)
    chosen = [
        index
        for index, package in enumerate(owned.packages)
        if package.manager == "otp"
        and listed.get(package.name)
        and package.version not in listed[package.name]
    ]
    return QueryResult(rows=owned.rows(chosen))


def _only_for(graph: Graph, roots: Iterable[int]) -> set[int]:
    """What is reached from these packages, and from no other root."""
    reached: set[int] = set()
    pending = list(roots)
    while pending:
        index = pending.pop()
        if index in reached:
            continue
        reached.add(index)
        for names in graph.depends[index]:
            for name in names:
                pending += graph.providers[name]
    kept: set[int] = set()
    pending = [index for index in range(len(graph.packages)) if index not in reached]
    pending += [
        index
        for index in reached
        if graph.packages[index].auto is False and not graph.packages[index].name.startswith(".")
    ]
    while pending:
        index = pending.pop()
        if index in kept:
            continue
        kept.add(index)
        for names in graph.depends[index]:
            for name in names:
                pending += graph.providers[name]
    return reached - kept


def _all_but_shortest(owned: Ownership, same: list[int]) -> list[int]:
    return sorted(same, key=lambda index: (len(owned.packages[index].record), index))[1:]
