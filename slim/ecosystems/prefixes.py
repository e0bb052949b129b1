"""Run-time systems that are installed in a prefix: `PREFIX/bin/node` and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.ecosystems.model import Runtime
from slim.facts.roots import Roots
from slim.files.table import Kind
from slim.files.view import View, below


def in_prefix(
    view: View, program: bytes, prefix: bytes, own: Iterable[bytes], roots: Roots
) -> Iterator[Runtime]:
    """What is in a prefix: all of it where it is the run-time system's own.

    Args:
        own: paths below the prefix that belong to it in any case.
    """
    row = view.row(program)
    if row is None:
        return
    rows = {row}
    if prefix and not roots.is_system(prefix) and not prefix.endswith(b"/.local"):
        rows.update(view.rows_below(prefix))
    for path in own:
        place = below(prefix, path)
        rows.update(view.rows_below(place))
        if not view.is_dir(place) and (file := view.row(place)) is not None:
            rows.add(file)
    yield Runtime(row, frozenset(rows))


def is_program(view: View, path: bytes) -> bool:
    """Whether there is a program itself, not a link to one."""
    elf, row = view.elf(path), view.row(path)
    return (
        elf is not None
        and elf.program
        and view.real(path) == path
        and row is not None
        and view.files.kind[row] in (Kind.FILE, Kind.HARDLINK)
    )
