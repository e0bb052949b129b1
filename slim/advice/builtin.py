"""Finds the rule files that come with slim: in an installed wheel, else in the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.advice import compiled

if TYPE_CHECKING:
    from slim.advice.glob_syntax import Choices
    from slim.advice.never import Protected
    from slim.advice.pack import Source
    from slim.advice.rule import Pack

NEVER_FILE = "never.toml"
"""The list of what no rule may propose to delete; not a pack."""


def rules_folder() -> Path:
    """`slim/_rules` of a wheel, else `rules` of the checkout."""
    slim = Path(__file__).parents[1]
    packaged = slim / "_rules"
    return packaged if packaged.is_dir() else slim.parent / "rules"


def sources_in(folder: Path) -> tuple[Source, ...]:
    """Name and text of every pack in a folder, by name. A text ends where it gets too long to load.

    Raises:
        OSError: a file cannot be read.
        UnicodeDecodeError: a file is not UTF-8.
    """
    found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    packs = [one for one in found if one.name.endswith(".toml") and one.name != NEVER_FILE]
    return tuple((one.name, read_text(one)) for one in packs)


def snippets_in(folder: Path) -> dict[str, str]:
    """The Dockerfile fragments of a rules folder by name; none without `snippets` in it.

    Raises: as `sources_in`.
    """
    snippets = folder / "snippets"
    found = sorted(snippets.iterdir(), key=lambda entry: entry.name) if snippets.is_dir() else []
    return {
        one.name.removesuffix(".Dockerfile"): read_text(one)
        for one in found
        if one.name.endswith(".Dockerfile")
    }


def read_text(file: Path) -> str:
    """The text of a file, up to just more than a rule file may have."""
    from slim.advice.toml_text import MAX_FILE_BYTES

    with file.open("rb") as stream:
        content: bytes = stream.read(MAX_FILE_BYTES + 1)
    return content.decode("utf-8")


def builtin_sources() -> tuple[Source, ...]:
    """Name and text of every built-in pack, by name."""
    return sources_in(rules_folder())


class _Builtin(Struct, frozen=True):
    packs: tuple[Pack, ...]
    never: tuple[Protected, ...]
    snippets: dict[str, str]
    globs: dict[str, Choices]


def builtin_snippets() -> dict[str, str]:
    """The built-in Dockerfile fragments by name."""
    return _builtin().snippets


def builtin_never() -> tuple[Protected, ...]:
    """The built-in list of what no rule may propose to delete.

    Raises:
        Faulty: the list has faults.
    """
    return _builtin().never


def builtin_packs() -> tuple[Pack, ...]:
    """The built-in packs. Their examples are not run here, at each start: the tests do it.

    Raises:
        Faulty: with every fault of every file.
    """
    return _builtin().packs


def builtin_globs() -> dict[str, Choices]:
    """What the patterns of the built-in packs stand for, of those that have no variables."""
    return _builtin().globs


@cache
def _builtin() -> _Builtin:
    folder = rules_folder()
    # What is kept belongs to the rules, and to the modules that say what a rule is.
    place = compiled.place_of(folder, [folder, folder / "snippets", Path(__file__).parent])
    known = compiled.load(place)
    if isinstance(known, _Builtin):
        return known
    parsed = _parse(folder)
    compiled.store(place, parsed)
    return parsed


def _parse(folder: Path) -> _Builtin:
    # What parses is imported only where there is something to parse.
    from slim.advice.faults import faulty_rules
    from slim.advice.glob_syntax import parse_glob
    from slim.advice.never import parse_never
    from slim.advice.pack import read_packs
    from slim.advice.rule import rules_of
    from slim.advice.variables import variables_of

    snippets = snippets_in(folder)
    packs, faults = read_packs(sources_in(folder), snippets=snippets, check=False)
    if faults:
        raise faulty_rules(faults)
    entries, faults = parse_never(NEVER_FILE, read_text(folder / NEVER_FILE))
    if faults:
        raise faulty_rules(faults)
    texts = [text for one in rules_of(packs) for text in (*one.match, *one.except_paths)]
    fixed = [text for text in texts if not variables_of(text)]
    fixed += [text for entry in entries for text in entry.match]
    globs = {text: parse_glob(text) for text in fixed}
    return _Builtin(packs, entries, snippets, globs)
