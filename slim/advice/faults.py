"""Faults of rule files, and where in the TOML text they are.

`tomllib` gives no positions, so the text is scanned once more for the lines where tables and keys
begin. The scan knows strings and brackets and nothing else of TOML; it only ever sees text that
`tomllib` has accepted. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Table:
    """A table header and the lines of its keys."""

    name: str
    line: int
    keys: dict[str, int] = field(default_factory=dict)


class Positions:
    """Lines of tables, keys and values of one TOML text."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._tables = _scan(self._lines)

    def table(self, name: str, index: int = 0) -> Table:
        """The `index`-th table called `name`; a table at line 0 when there is none."""
        found = [table for table in self._tables if table.name == name]
        return found[index] if index < len(found) else Table(name, 0)

    def tables(self, name: str) -> list[Table]:
        """All tables called `name`, in order."""
        return [table for table in self._tables if table.name == name]

    def line(self, table: Table, key: str = "", value: str = "") -> int:
        """The line of `value` inside `key`, else of `key`, else of the table."""
        start = table.keys.get(key)
        if start is None:
            return table.line
        if value:
            later = [line for line in self._starts() if line > start]
            end = min(later, default=len(self._lines) + 1)
            for number in range(start, end):
                if value in self._lines[number - 1]:
                    return number
        return start

    def _starts(self) -> list[int]:
        tables = self._tables
        return [table.line for table in tables] + [n for t in tables for n in t.keys.values()]


def _scan(lines: list[str]) -> list[Table]:
    tables = [Table("", 0)]
    quote, depth = "", 0
    for number, line in enumerate(lines, 1):
        if not quote and not depth:
            text = line.strip()
            if text.startswith("["):
                name = text.partition("#")[0].strip().strip("[] ")
                _open_table(tables, name, number, is_array=text.startswith("[["))
                continue
            key = text.partition("=")[0].strip().strip("\"'")
            if key and not key.startswith("#"):
                tables[-1].keys.setdefault(key.split(".")[0], number)
        quote, depth = _after(line, quote, depth)
    return tables


def _open_table(tables: list[Table], name: str, number: int, *, is_array: bool) -> None:
    # `[rule.roles]` after `[[rule]]` is the key `roles` of that rule.
    parent, _, key = name.partition(".")
    if key and not is_array and tables[-1].name.split(".")[0] == parent:
        owner = next((t for t in reversed(tables) if t.name == parent), None)
        if owner is not None:
            owner.keys.setdefault(key.split(".")[0], number)
    tables.append(Table(name, number))


def _after(line: str, quote: str, depth: int) -> tuple[str, int]:
    """The open quote and the bracket depth at the end of `line`, from those at its start."""
    at = 0
    while at < len(line):
        if quote:
            if line[at] == "\\" and quote[0] == '"':
                at += 2
            elif line.startswith(quote, at):
                at += len(quote)
                quote = ""
            else:
                at += 1
            continue
        char = line[at]
        if char == "#":
            break
        if char in "\"'":
            quote = char * 3 if line.startswith(char * 3, at) else char
            at += len(quote)
            continue
        depth += (char in "[{") - (char in "]}")
        at += 1
    return (quote if len(quote) == 3 else ""), depth
