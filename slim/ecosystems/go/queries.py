"""Query about programs of Go that an equal name hides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from slim.ecosystems.model import Subject
from slim.facts.gather import run_rows
from slim.files.table import Fate
from slim.files.view import below, encoded

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for if the image does not say."""


def hidden_programs(subject: Subject) -> Iterator[int]:
    """Programs with the name and the main package of another one, which PATH leads to instead.

    What commands name stays, and so do all where PATH leads to none.
    """
    files, view, facts = subject.files, subject.view, subject.facts
    groups: dict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    for row, elf in files.elfs.items():
        if elf.go is not None and elf.go.main and files.fate[row] == Fate.LIVE:
            groups[files.name[row], elf.go.main].append(row)
    named = frozenset(run_rows(view, facts))
    places = [encoded(place) for place in facts.env.get("PATH", _PATH).split(":") if place]
    for (name, _), rows in groups.items():
        if len(rows) < 2:
            continue
        found = (view.row(below(place, name)) for place in places)
        first = next((row for row in found if row is not None), None)
        if first in rows:
            yield from (row for row in rows if row != first and row not in named)
