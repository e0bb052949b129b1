"""Dead bytes by class, origin and cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from itertools import compress

from slim.files.ledger import Ledger
from slim.files.table import Fate, Files, Kind, mask
from slim.report import model
from slim.report.naming import example
from slim.report.untrusted import Untrusted

_EXAMPLES = 5


def waste(
    files: Files,
    ledger: Ledger,
    created_by: Sequence[Untrusted],
    places: Sequence[model.Place | None],
    top: int,
) -> tuple[list[model.Waste], int]:
    """Dead bytes by class, origin and cause, largest first; and how many groups are left out."""
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for layer in range(len(files.starts) - 1):
        if not ledger.layers[layer].dead:
            continue
        inside = files.rows_of(layer)
        dead = mask(files.fate[inside.start : inside.stop], *(fate for fate in Fate if fate))
        for row in compress(inside, dead):
            if files.kind[row] == Kind.FILE:
                groups[files.fate[row], layer, files.ended_by[row]].append(row)
    found = []
    for (fate, origin, ended_by), rows in groups.items():
        disk = sum(files.size[row] for row in rows)
        examples = nlargest(_EXAMPLES, rows, key=lambda row: (files.size[row], -row))
        found.append(
            model.Waste(
                kind=Fate(fate).label,  # type: ignore[arg-type]
                origin_layer=origin,
                ended_by=ended_by,
                created_by=created_by[ended_by],
                dockerfile=places[ended_by],
                disk_bytes=disk,
                pull_bytes=sum(ledger.pull[row] for row in rows),
                files=len(rows),
                examples=[example(files, ledger, row) for row in examples],
            )
        )
    found.sort(
        key=lambda group: (-group.disk_bytes, group.origin_layer, group.ended_by, group.kind)
    )
    return found[:top], max(0, len(found) - top)
