"""Rows of cells as lines of a terminal, in aligned columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slim.formats.terminal import columns

HEADER_ROOM = 2
"""How much wider than its header a column is at least: headers of narrow columns stand apart then."""
_BETWEEN = "  "


def aligned(
    rows: Sequence[Sequence[str]], header: Sequence[str], align: str = "", *, rule: bool = False
) -> str:
    """Lines of a header and of rows, whose cells were cleaned before.

    Args:
        align: `l` or `r` for each column; without it all are aligned to the left.
        rule: draw a line below the header.

    >>> print(aligned([["disk", "7"], ["pull", "12"]], ["", "MB"], "lr"))
            MB
    disk     7
    pull    12
    """
    widths = [
        max([columns(name) + HEADER_ROOM if name else 0, *(columns(row[at]) for row in rows)])
        for at, name in enumerate(header)
    ]
    lines = [header, *([["-" * width for width in widths]] if rule else []), *rows]
    return "\n".join(
        _BETWEEN.join(_padded(line, widths, align or "l" * len(header))).rstrip() for line in lines
    )


def _padded(cells: Sequence[str], widths: Sequence[int], align: str) -> Iterator[str]:
    for cell, width, side in zip(cells, widths, align, strict=True):
        blanks = " " * (width - columns(cell))
        yield blanks + cell if side == "r" else cell + blanks
