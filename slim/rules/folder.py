"""The rules in a folder, parsed from their texts."""

from __future__ import annotations

from slim.rules.builtin import rules_folder
from slim.rules.faults import faulty_rules
from slim.rules.files import PROTECTED_FILE, read_text, snippets_in, sources_in
from slim.rules.pack import Source, read_packs
from slim.rules.protected import parse_protected
from slim.rules.rule import Rules
from slim.rules.vocabulary import Vocabulary


def builtin_sources() -> tuple[Source, ...]:
    """Name and text of every built-in pack, by name."""
    return sources_in(rules_folder())


def parse_rules(folder: str, vocabulary: Vocabulary) -> Rules:
    """The rules in a folder, from their texts; errors as for `builtin_rules`."""
    snippets = snippets_in(folder)
    packs, faults = read_packs(sources_in(folder), vocabulary, snippets=snippets, check=False)
    if faults:
        raise faulty_rules(faults)
    protected, faults = parse_protected(PROTECTED_FILE, read_text(f"{folder}/{PROTECTED_FILE}"))
    if faults:
        raise faulty_rules(faults)
    return Rules(packs, protected, snippets)
