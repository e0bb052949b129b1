"""Query about several versions of one thing, of which the program loads one."""

from __future__ import annotations

from slim.ecosystems import ECOSYSTEMS
from slim.ecosystems.model import Subject
from slim.rules.match import QueryResult


def several(subject: Subject) -> QueryResult:
    """The files of all versions that something else stands in for, without those of the system's packages."""
    rows = {
        row
        for ecosystem in ECOSYSTEMS
        if ecosystem.older_versions is not None
        for row in ecosystem.older_versions(subject)
    }
    return QueryResult(rows=sorted(row for row in rows if not subject.system_owned[row]))
