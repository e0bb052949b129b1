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
from slim.rebuild.named_paths import above
from slim.rebuild.trees import below_any, directory_id

_MOST = 32
_SYSTEM = (
    b"usr/",
    b"lib/",
    b"lib64/",
    b"bin/",
    b"sbin/",
    b"etc/",
    b"proc/",
    b"sys/",
    b"dev/",
    b"run/",
)
"""Below these are packages and tools, which stay for other reasons."""
_OWN = (b"usr/src/", b"usr/local/src/")


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
        tops = [
            place for place in sorted(places) if not any(map(places.__contains__, above(place)))
        ]
        found |= dict.fromkeys(tops[: _MOST - len(found)])
        inside = below_any(view, (*homes, *found))
    return tuple(found)


def _is_own(given: Given, place: bytes) -> bool:
    """Whether it is a directory that neither a system has nor its packages fill."""
    view, owner, packages = given.view, given.owned.owner, given.graph.packages
    if not view.is_dir(place) or given.facts.roots.is_system(place):
        return False
    if (place + b"/").startswith(_SYSTEM) and not place.startswith(_OWN):
        return False
    rows = view.rows_below(place)
    return all(owner[row] == NOBODY or packages[owner[row]].manager not in SYSTEM for row in rows)
