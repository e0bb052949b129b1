"""One bound for what all layers of an image keep in memory, shared by the threads that read them.

A layer may be small, and a thousand of them not. What is counted is an estimate of the most that a thing
takes from here to the report: rows of the overlay, paths of packages and lists of a report included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from slim.files.extract.found import Archive, Beam, Elf
from slim.files.table import LayerTable
from slim.limits import Limits, exceeded

ROW, DIRECTORY, LINK = 304, 640, 192
"""Bytes that a row, a directory and a link target take beside their names, measured on a million of each."""
WARNING = 512
MARK = 24
"""A checkpoint of a decompressor."""
PARSED = 640
"""A file that was looked into, beside its texts."""
TEXT = 160
"""A text that is kept, beside its bytes."""
OF_ALL_LAYERS = "limit-memory-bytes"
"""The error that is about all layers together."""
LAYER = 32 << 10
"""A layer without any entry: its table, its part of the report."""


class Budget:
    """Bytes that are left, counted down by several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.memory_bytes
        self._spent = 0
        self._lock = Lock()

    def spend(self, count: int) -> None:
        """Count `count` bytes more; a negative number gives some back.

        Raises:
            LimitError: all layers together take more than allowed.
        """
        with self._lock:
            self._spent += count
            spent = self._spent
        if count > 0 and spent > self._limit:
            raise exceeded("memory_bytes", spent, self._limit, "the image")


class Account:
    """What one layer has spent so far of the budget of its image."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._spent = 0

    @contextmanager
    def beside(self) -> Iterator[Account]:
        """An account in the same budget, for what is gone when the block ends."""
        other = Account(self._budget)
        try:
            yield other
        finally:
            other.update(0)

    def update(self, weight: int) -> None:
        """The layer takes `weight` bytes by now.

        Raises:
            LimitError: all layers together take more than allowed.
        """
        self._budget.spend(weight - self._spent)
        self._spent = weight


def weight(table: LayerTable) -> int:
    """About how many bytes of memory a table that is complete takes, from here to the report."""
    names = sum(map(len, table.name)) + sum(len(name) for _, name, _ in table.dirs)
    return weight_of_names(table, names + sum(map(len, table.links.values()))) + contents(table)


def weight_of_names(table: LayerTable, name_bytes: int) -> int:
    """The same without contents, where the length of all names and link targets is known."""
    warnings = sum(WARNING + 2 * len(warning.path) for warning in table.warnings.values())
    rows = ROW * len(table) + DIRECTORY * len(table.dirs) + LINK * len(table.links)
    return LAYER + rows + name_bytes + warnings


def contents(table: LayerTable) -> int:
    """The contents that a table has, and what is known of files that were looked into."""
    texts = (*table.texts.values(), *table.named.values())
    parsed: list[Elf | Beam | Archive] = [*table.elfs.values(), *table.beams.values()]
    parsed += table.archives.values()
    kept = sum(len(text) + TEXT for text in texts)
    return kept + sum(2 * known.weight + PARSED for known in parsed)
