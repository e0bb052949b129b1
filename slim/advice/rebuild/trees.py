"""Rows of the final filesystem below a directory, and the row that a path leads to [pure]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.advice.facts.paths import View
from slim.files.table import ROOT


def below(view: View, directory: bytes) -> Iterator[int]:
    """Rows of all names below a directory, links and empty ones included; links are not followed."""
    start = directory_id(view, directory)
    if start is None:
        return
    todo = [start]
    while todo:
        for node in view.names[todo.pop()].values():
            if node >= 0:
                yield node
            else:
                todo.append(~node)


def directory_id(view: View, path: bytes) -> int | None:
    """The directory at a path, its own links followed."""
    real = view.real(path)
    if real is None:
        return None
    here = ROOT
    for name in filter(None, real.split(b"/")):
        node = view.names[here].get(name, 0)
        if node >= 0:
            return None
        here = ~node
    return here


def row_at(view: View, path: bytes) -> int | None:
    """The row of the file that a path leads to, links followed."""
    real = view.real(path)
    if not real:
        return None
    above, _, name = real.rpartition(b"/")
    home = directory_id(view, above)
    node = -1 if home is None else view.names[home].get(name, -1)
    return node if node >= 0 else None


def rows_at(view: View, paths: Iterable[bytes]) -> list[int]:
    """The rows of those paths that lead to files."""
    found = (row_at(view, path) for path in paths)
    return [row for row in found if row is not None]
