"""Faults of files that users write: collected, sorted, and reported all at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slim.errors import UsageError

MAX_FAULTS_SHOWN = 200
"""Most faults that one error message prints."""


class Fault(Struct, frozen=True, order=True):
    """One thing to repair in a file of rules or settings."""

    file: str
    line: int
    """From 1; 0 when the fault is not at a line."""
    rule: str
    """The rule's id, else `rule N` or `ignore N` (from 1), else empty."""
    text: str
    """What is wrong and what to do, one line."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.rule}: {self.text}" if self.rule else f"{place}: {self.text}"


class Faulty(UsageError):
    """A file of the user is not valid; `faults` are all faults of all files."""

    def __init__(self, slug: str, what: str, faults: Sequence[Fault], hint: str) -> None:
        lines = [str(fault) for fault in faults[:MAX_FAULTS_SHOWN]]
        if len(faults) > MAX_FAULTS_SHOWN:
            lines.append(f"… and {len(faults) - MAX_FAULTS_SHOWN:,} more")
        count = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        super().__init__(slug, f"{count} in {what}", hint, tuple(lines))
        self.faults = tuple(faults)


def faulty_rules(faults: Sequence[Fault]) -> Faulty:
    """The error for files of rules."""
    return Faulty(
        "rules-invalid", "files of rules", faults, "`slim rules new` writes one to begin with"
    )
