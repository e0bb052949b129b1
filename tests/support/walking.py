"""The walk over a tar by itself: its rows as far as it goes, and what ends it."""

from __future__ import annotations

from collections.abc import Callable

from slim.errors import SlimError
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.table import LayerTable
from slim.files.tar import walk
from slim.limits import DEFAULT_LIMITS, Limits


def read_rows(
    data: bytes,
    step: int,
    *,
    limits: Limits = DEFAULT_LIMITS,
    exact: bool = False,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
) -> tuple[LayerTable, SlimError | None]:
    """The rows of a tar that comes in parts of `step` bytes, and the error; `exact` takes the slow path."""
    table = LayerTable()
    seen: Callable[[object], None] | None = (lambda _: None) if exact else None
    walker = walk(table, limits, extract=extract, keeps=keeps, seen=seen)
    next(walker)
    try:
        for at in range(0, len(data), step):
            walker.send(data[at : at + step])
        walker.send(b"")
    except StopIteration:
        return table, None
    except SlimError as error:
        return table, error
    raise AssertionError("the walk went on after the end")
