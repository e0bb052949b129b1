"""Queries about Debian packages: what only builds, and tools that nothing calls."""

from __future__ import annotations

from slim.ecosystems.model import Subject
from slim.rules.match import QueryResult

_TOOLS = frozenset(
    {
        "curl", "wget", "gnupg", "gpg", "unzip", "xz-utils", "lsb-release",
        "software-properties-common", "apt-transport-https",
    }
)  # fmt: skip


def development(subject: Subject) -> QueryResult:
    """The `-dev` packages, by name and section: headers and static libraries."""
    chosen = [
        index
        for index, package in enumerate(subject.graph.packages)
        if package.manager == "dpkg"
        and package.name.endswith("-dev")
        and package.section.rpartition("/")[2] in ("libdevel", "devel", "")
    ]
    return QueryResult(rows=subject.owned.rows(chosen))


def unneeded_tools(subject: Subject) -> QueryResult:
    """Download and unpack tools that nothing needs: no other package, and nothing that the image runs."""
    graph = subject.graph
    needed = {
        provider
        for needs in graph.depends
        for names in needs
        for name in names
        for provider in graph.providers[name]
    }
    run = {command.name for command in subject.facts.runs.all}
    chosen = [
        index
        for index, package in enumerate(graph.packages)
        if package.manager == "dpkg"
        and package.name in _TOOLS
        and index not in needed
        and package.name not in run
    ]
    return QueryResult(rows=subject.owned.rows(chosen))
