"""Faults of rule files: collected, sorted, and reported all at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from slim.errors import UsageError

MAX_FAULTS_SHOWN = 200
"""Most faults that one error message prints."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to repair in a rule file."""

    file: str
    line: int
    """From 1; 0 when the fault is not at a line."""
    rule: str
    """The rule's id, else `rule N` (from 1), else empty."""
    text: str
    """What is wrong and what to do, one line."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.rule}: {self.text}" if self.rule else f"{place}: {self.text}"


class RuleFaults(UsageError):
    """Rule files are not valid; `faults` are all faults of all files."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        lines = [str(fault) for fault in faults[:MAX_FAULTS_SHOWN]]
        if len(faults) > MAX_FAULTS_SHOWN:
            lines.append(f"… and {len(faults) - MAX_FAULTS_SHOWN} more")
        super().__init__("rules-invalid", "\n".join(lines), "see rules/FORMAT.md")
        self.faults = faults
