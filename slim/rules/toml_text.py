"""TOML within limits, and the lines of its tables and keys.

`tomllib` gives no positions, so the text is scanned once more for the lines where tables and keys
begin. The scan knows strings and brackets and nothing else of TOML; it only ever sees text that
`tomllib` has accepted.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from msgspec import Struct, field

from slim.patterns import regex
from slim.rules.faults import Fault
from slim.toml import parse_toml

MAX_FILE_BYTES = 1 << 20
"""Longest rule file."""
MAX_KEY_DOTS = 64
"""Most dots of a dotted key: `tomllib` takes quadratic time over them."""

_TOML_PLACE = regex(r" \(at line (\d+), column \d+\)$")


def read_toml(file: str, text: str, faults: list[Fault]) -> dict[str, object] | None:
    """Parse within the limits; None, and a fault in `faults`, when that fails."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_FILE_BYTES:
        faults.append(Fault(file, 0, "", f"{size:,} bytes, the limit is {MAX_FILE_BYTES:,}"))
        return None
    for number, line in enumerate(text.split("\n"), 1):
        if _key_dots(line) > MAX_KEY_DOTS:
            reason = f"more than {MAX_KEY_DOTS} dots in a key"
            faults.append(Fault(file, number, "", reason))
            return None
    try:
        return parse_toml(text)
    except RecursionError:
        faults.append(Fault(file, 0, "", "not TOML that can be read: nested too deeply"))
    except ValueError as error:  # TOMLDecodeError, and numbers of too many digits
        place = _TOML_PLACE.search(str(error))
        line_number = int(place[1]) if place else text.count("\n") + 1
        reason = f"not TOML: {_TOML_PLACE.sub('', str(error))}"
        faults.append(Fault(file, line_number, "", reason))
    return None


def _key_dots(line: str) -> int:
    # A key stands in front of `=` or, in a header, between brackets, always on one line. Strings
    # are counted too: a text with so many dots in front of a `=` is not a loss.
    *keys, rest = line.split("=")
    if line.lstrip().startswith("["):
        keys.append(rest)
    return max((key.count(".") for key in keys), default=0)


class Table(Struct, frozen=True):
    """A table header and the lines of its keys."""

    name: str
    line: int
    keys: dict[str, int] = field(default_factory=dict)


class Positions:
    """Lines of tables, keys and values of one TOML text, scanned when first asked for."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    @cached_property
    def _tables(self) -> dict[str, list[Table]]:
        tables: dict[str, list[Table]] = {}
        for table in _scan(self._lines):
            tables.setdefault(table.name, []).append(table)
        return tables

    @cached_property
    def _starts(self) -> list[int]:
        """The lines at which a table or a key starts, ascending."""
        tables = [table for named in self._tables.values() for table in named]
        return sorted({line for table in tables for line in (table.line, *table.keys.values())})

    def table(self, name: str, index: int = 0) -> Table:
        """The `index`-th table called `name`; a table at line 0 when there is none."""
        found = self._tables.get(name, [])
        return found[index] if index < len(found) else Table(name, 0)

    def line(self, name: str, index: int = 0, key: str = "", value: str = "") -> int:
        """The line of `value` inside `key` of a table, else of `key`, else of the table."""
        table = self.table(name, index)
        start = table.keys.get(key)
        if start is None:
            return table.line
        if value:
            after = bisect_right(self._starts, start)
            last = after == len(self._starts)
            end = len(self._lines) + 1 if last else self._starts[after]
            for number in range(start, end):
                if value in self._lines[number - 1]:
                    return number
        return start


def _scan(lines: list[str]) -> list[Table]:
    tables = [Table("", 0)]
    last: dict[str, Table] = {}
    quote, depth = "", 0
    for number, line in enumerate(lines, 1):
        if not quote and not depth:
            text = line.strip()
            if text.startswith("["):
                name = text.partition("#")[0].strip().strip("[] ")
                table = Table(name, number)
                _name_in_owner(table, tables[-1], last, is_array=text.startswith("[["))
                tables.append(table)
                last[name] = table
                continue
            key = text.partition("=")[0].strip().strip("\"'")
            if key and not key.startswith("#"):
                tables[-1].keys.setdefault(key.split(".")[0], number)
        quote, depth = _after(line, quote, depth)
    return tables


def _name_in_owner(table: Table, before: Table, last: dict[str, Table], *, is_array: bool) -> None:
    # `[rule.roles]` after `[[rule]]` is the key `roles` of that rule; `last` has tables by name.
    parent, _, key = table.name.partition(".")
    if key and not is_array and before.name.split(".")[0] == parent and parent in last:
        last[parent].keys.setdefault(key.split(".")[0], table.line)


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
