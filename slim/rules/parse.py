"""One TOML text becomes a pack and its faults.

Examples, and names across all files, are checked afterwards by `pack`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection

from msgspec import Struct

from slim.patterns import regex
from slim.rules.faults import Fault
from slim.rules.fields import Fields, Notes
from slim.rules.reader import RULE_ID, Surroundings, read_rule
from slim.rules.rule import Pack, Rule
from slim.rules.suggestions import suggestion
from slim.rules.toml_text import Positions, read_toml
from slim.rules.vocabulary import Vocabulary

MAX_RULES = 1000
"""Most rules of one file."""

PACK_KEYS = ("name", "prefix", "title")

_PACK_NAME = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_PREFIX = regex(r"[A-Z][A-Z0-9]{2}", re.ASCII)


class Located(Struct, frozen=True):
    """A rule and its place; `notes` takes the faults that are found later."""

    rule: Rule
    notes: Notes


class Parsed(Struct, frozen=True):
    """What came out of one file."""

    file: str
    claims: tuple[str, ...] = ()
    """The pack's name and prefixes, as `name elixir`, which no other pack may have."""
    rules: tuple[Located, ...] = ()
    """All rules, also those with faults."""
    pack: Pack | None = None
    """None when the file has a fault."""


def parse_pack(
    file: str, text: str, vocabulary: Vocabulary, snippets: Collection[str], faults: list[Fault]
) -> Parsed:
    """Read one file, adding its faults to `faults`.

    `file` is its name, for messages; its stem must be the pack's name.
    """
    before = len(faults)
    document = read_toml(file, text, faults)
    if document is None:
        return Parsed(file)
    positions = Positions(text)
    notes = Notes(file, positions, ("pack", 0), "", faults)
    header = _header(document, file.rpartition("/")[2].removesuffix(".toml"), notes)
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        notes.add("write each rule as a table `[[rule]]`")
        tables = []
    if len(tables) > MAX_RULES:
        notes.add(f"{len(tables):,} rules, the limit is {MAX_RULES:,}")
        tables = tables[:MAX_RULES]
    around = Surroundings(header[0], header[1], snippets) if header else None
    rules: list[Located] = []
    for index, values in enumerate(tables):
        name = values.get("id")
        known = isinstance(name, str) and RULE_ID.fullmatch(name)
        label = str(name) if known else f"rule {index + 1}"
        place = Notes(file, positions, ("rule", index), label, faults)
        rules.append(Located(read_rule(Fields(values, place.add, vocabulary), around), place))
    if header is None:
        return Parsed(file, (), tuple(rules))
    name, prefix, title = header
    claims = (f"name {name}", *(f"prefix {each}" for each in prefix))
    if len(faults) > before:
        return Parsed(file, claims, tuple(rules))
    pack = Pack(name, prefix, title, tuple(located.rule for located in rules), _digest(document))
    return Parsed(file, claims, tuple(rules), pack)


def _header(
    document: dict[str, object], stem: str, notes: Notes
) -> tuple[str, tuple[str, ...], str] | None:
    """Name, prefixes and title of the `[pack]` table, or None when something is wrong with it."""
    for key in document:
        if key not in ("pack", "rule"):
            notes.add(f"unknown table `{key[:64]}`{suggestion(key, ('pack', 'rule'))}")
    values = document.get("pack")
    if not isinstance(values, dict):
        notes.add("the table `[pack]` with name, prefix and title is missing")
        return None
    fields = Fields(values, notes.add)
    fields.unknown(PACK_KEYS)
    name = fields.text("name", required=True)
    prefix = fields.texts("prefix", required=True)
    title = fields.text("title", required=True)
    if name and not _PACK_NAME.fullmatch(name):
        fields.note("`name` is lower-case words joined by hyphens", "name")
    elif name and name != stem:
        fields.note(f"`name` must be the file's name: `{stem}`", "name")
    if fields.raw("prefix") == []:
        fields.note('`prefix` needs at least one prefix, as ["ELX"]', "prefix")
    for each in prefix:
        if not _PREFIX.fullmatch(each):
            reason = f"the prefix {each[:64]!r} must be three capitals (digits after the first)"
            fields.note(reason, "prefix")
    return None if notes.keys else (name, prefix, title)


def _digest(document: dict[str, object]) -> str:
    # Dates are the only TOML values that JSON lacks; a valid pack has none.
    content = json.dumps(document, sort_keys=True, ensure_ascii=True, default=str)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
