"""Tests and queries that several ecosystems have: each under its own name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from slim.ecosystems.model import Subject
from slim.facts.known import Evidence, Known, Test
from slim.files.view import View
from slim.packages.closure import recommends_only
from slim.rebuild.model import Given
from slim.rebuild.trees import below
from slim.rules.match import QueryResult


def calls(commands: Mapping[str, frozenset[str]]) -> Test:
    """Whether the image runs one of some commands, main or not.

    Args:
        commands: program → first operands; none where the operand does not matter.
    """

    def test(known: Known) -> Evidence:
        found = []
        for command in known.runs.commands:
            operands = commands.get(command.name)
            operand = next((word for word in command.words[1:] if not word.startswith("-")), "")
            if operands is not None and (not operands or operand in operands):
                found.append(f"{command.how}: {command.brief}")
        return tuple(found)

    return test


def weak_only(subject: Subject, manager: str) -> QueryResult:
    """Packages that are there only because another recommends them."""
    packages = subject.graph.packages
    if not any(package.manager == manager for package in packages):
        return QueryResult()
    chosen = [
        index for index in recommends_only(subject.graph) if packages[index].manager == manager
    ]
    return QueryResult(rows=subject.owned.rows(chosen))


def development_only(subject: Subject, manager: str) -> QueryResult:
    """Packages that the manager's own record marks as needed for development only."""
    chosen = [
        index
        for index, package in enumerate(subject.owned.packages)
        if package.manager == manager and package.dev
    ]
    return QueryResult(rows=subject.owned.rows(chosen))


def beside(view: View, endings: tuple[bytes, ...]) -> list[int]:
    """Rows of files `x` and an ending where `x` exists beside them."""
    rows = []
    for directory, names in view.holding(view.every.ending(endings)):
        here = view.names[directory]
        for name in names:
            row = here[name]
            if row < 0:
                continue
            ending = next(end for end in endings if name.endswith(end))
            if here.get(name[: -len(ending)], -1) >= 0:
                rows.append(row)
    return sorted(rows)


def without(given: Given, home: bytes, names: Collection[bytes]) -> list[int]:
    """Rows of everything in a directory but files of some names, and directories of these names with all
    that is in them."""
    found: list[int] = []
    cut = len(home) + 1 if home else 0
    for row in below(given.view, home):
        parts = given.view.files.path(row)[cut:].split(b"/")
        if not any(part in names for part in parts):
            found.append(row)
    return found
