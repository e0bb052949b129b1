"""Directories outside of the application's that links inside of it lead to: a library beside the project
(`npm install ../lib`, a path repository of Composer), shared templates, data.

Node and PHP load such a library through its link, so that it stays where the link does.
"""

from __future__ import annotations

from collections.abc import Collection

from slim.files.table import Kind
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.model import Given
from slim.rebuild.trees import below_any, directory_id, is_of_system, outermost

_MOST = 32


def linked_places(given: Given, homes: Collection[bytes]) -> tuple[bytes, ...]:
    """Directories to which links in `homes` lead, and those that links in these lead to."""
    view, files = given.view, given.view.files
    found: dict[bytes, None] = {}
    inside = below_any(view, homes)
    links = [row for row in files.links if files.kind[row] == Kind.SYMLINK and files.shown[row]]
    while links and len(found) < _MOST:
        places = {
            place
            for row in links
            if inside[files.directory[row]]
            and (place := view.real(files.path(row)))
            and _is_own(given, place)
            and not inside[directory_id(view, place) or 0]
        }
        if not places:
            break
        found |= dict.fromkeys(sorted(outermost(places))[: _MOST - len(found)])
        inside = below_any(view, (*homes, *found))
    return tuple(found)


def _is_own(given: Given, place: bytes) -> bool:
    """Whether it is a directory that neither a system has nor its packages fill."""
    view, owner, packages = given.view, given.owned.owner, given.graph.packages
    if not view.is_dir(place) or given.facts.roots.is_system(place):
        return False
    if is_of_system(place):
        return False
    rows = view.rows_below(place)
    return all(owner[row] == NOBODY or packages[owner[row]].manager not in SYSTEM for row in rows)
