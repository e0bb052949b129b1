"""Protected paths and packages: package databases, licences and what a running system needs.

The list is data (rules/protected.toml). Rules that select one of its examples are rejected when they are
read, and matching leaves these paths out in any case, since a query or an unforeseen path may reach them.
"""

from __future__ import annotations

from msgspec import Struct

from slim.rules.faults import Fault
from slim.rules.fields import Fields, Notes
from slim.rules.glob_syntax import TextGlob
from slim.rules.toml_text import Positions, read_toml

PROTECTED_KEYS = ("what", "why", "match", "packages", "by_name", "examples")


class Protected(Struct, frozen=True):
    """One `[[protected]]` table."""

    what: str
    """Name for the files, such as "package databases"."""
    why: str
    match: tuple[str, ...]
    """Path globs without variables."""
    packages: tuple[TextGlob, ...]
    """Packages that must stay installed."""
    by_name: bool
    """Protected only from globs that select files by name; a glob for a whole directory (`dir/**`) may
    include them, as a library's licence is removed with the library."""
    examples: tuple[str, ...]
    """Paths, or names of packages, that rules are tested against."""


def parse_protected(file: str, text: str) -> tuple[tuple[Protected, ...], tuple[Fault, ...]]:
    """Read the list; all its faults come back with it."""
    faults: list[Fault] = []
    document = read_toml(file, text, faults)
    if document is None:
        return (), tuple(faults)
    positions = Positions(text)
    entries: list[Protected] = []
    tables = document.get("protected", [])
    if not isinstance(tables, list) or set(document) - {"protected"}:
        faults.append(Fault(file, 0, "", "holds only tables `[[protected]]`"))
        tables = []
    for index, values in enumerate(tables):
        notes = Notes(file, positions, ("protected", index), "", faults)
        fields = Fields(values, notes.add)
        fields.unknown(PROTECTED_KEYS)
        entries.append(
            Protected(
                what=fields.text("what", required=True),
                why=fields.text("why", required=True, multiline=True),
                match=fields.globs("match"),
                packages=fields.text_globs("packages"),
                by_name=fields.flag("by_name"),
                examples=fields.texts("examples", required=True),
            )
        )
    return tuple(entries), tuple(faults)
