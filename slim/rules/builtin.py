"""Finds the rule files that come with slim: in an installed wheel, else in the checkout."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.rules import compiled

if TYPE_CHECKING:
    from slim.rules.glob_syntax import Choices
    from slim.rules.pack import Source
    from slim.rules.protected import Protected
    from slim.rules.rule import Pack
    from slim.rules.vocabulary import Vocabulary

_HERE = os.path.dirname(__file__)


def rules_folder() -> str:
    """`slim/_rules` of a wheel, else `rules` of the checkout."""
    slim = os.path.dirname(_HERE)
    packaged = os.path.join(slim, "_rules")
    return packaged if os.path.isdir(packaged) else os.path.join(os.path.dirname(slim), "rules")


def builtin_sources() -> tuple[Source, ...]:
    """Name and text of every built-in pack, by name."""
    from slim.rules.files import sources_in

    return sources_in(rules_folder())


class _Builtin(Struct, frozen=True):
    packs: tuple[Pack, ...]
    globs: dict[str, Choices]


@cache
def builtin_snippets() -> dict[str, str]:
    """The built-in Dockerfile fragments by name."""
    from slim.rules.files import snippets_in

    return snippets_in(rules_folder())


@cache
def builtin_never() -> tuple[Protected, ...]:
    """The built-in list of what no rule may propose to delete.

    Raises:
        Faulty: the list has faults.
    """
    from slim.rules.faults import faulty_rules
    from slim.rules.files import NEVER_FILE, read_text
    from slim.rules.protected import parse_never

    entries, faults = parse_never(NEVER_FILE, read_text(os.path.join(rules_folder(), NEVER_FILE)))
    if faults:
        raise faulty_rules(faults)
    return entries


def builtin_packs(vocabulary: Vocabulary) -> tuple[Pack, ...]:
    """The built-in packs. Their examples are not run here, at each start: the tests do it.

    Raises:
        Faulty: with every fault of every file.
    """
    return _builtin(vocabulary).packs


def builtin_globs(vocabulary: Vocabulary) -> dict[str, Choices]:
    """What the patterns of the built-in packs stand for, of those that have no variables."""
    return _builtin(vocabulary).globs


@cache
def _builtin(vocabulary: Vocabulary) -> _Builtin:
    folder = rules_folder()
    # What is kept belongs to the rules, and to the modules that say what a rule is.
    place = compiled.place_of(
        folder, [folder, os.path.join(folder, "snippets"), _HERE], vocabulary.digest
    )
    known = compiled.load(place)
    if isinstance(known, _Builtin):
        return known
    parsed = _parse(folder, vocabulary)
    compiled.store(place, parsed)
    return parsed


def _parse(folder: str, vocabulary: Vocabulary) -> _Builtin:
    # What parses is imported only where there is something to parse.
    from slim.rules.faults import faulty_rules
    from slim.rules.files import sources_in
    from slim.rules.glob_syntax import parse_glob
    from slim.rules.pack import read_packs
    from slim.rules.rule import rules_of
    from slim.rules.variables import variables_of

    packs, faults = read_packs(
        sources_in(folder), vocabulary, snippets=builtin_snippets(), check=False
    )
    if faults:
        raise faulty_rules(faults)
    texts = [text for one in rules_of(packs) for text in (*one.match, *one.except_paths)]
    fixed = [text for text in texts if not variables_of(text)]
    fixed += [text for entry in builtin_never() for text in entry.match]
    globs = {text: parse_glob(text) for text in fixed}
    return _Builtin(packs, globs)
