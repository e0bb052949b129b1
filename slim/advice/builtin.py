"""Finds the rule files that come with slim: in an installed wheel, else in the checkout."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from slim.advice.faults import RuleFaults
from slim.advice.never import Protected, parse_never
from slim.advice.pack import Source, read_packs
from slim.advice.rule import Pack

NEVER_FILE = "never.toml"
"""The list of what no rule may propose to delete; not a pack."""


def rules_folder() -> Traversable:
    """`slim/_rules` of a wheel, else `rules` of the checkout."""
    packaged = files("slim") / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rules"


def builtin_sources() -> tuple[Source, ...]:
    """Name and text of every built-in pack, by name."""
    folder = sorted(rules_folder().iterdir(), key=lambda entry: entry.name)
    packs = [one for one in folder if one.name.endswith(".toml") and one.name != NEVER_FILE]
    return tuple((one.name, one.read_text("utf-8")) for one in packs)


def builtin_snippets() -> dict[str, str]:
    """The built-in Dockerfile fragments by name."""
    folder = rules_folder() / "snippets"
    found = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
    return {
        one.name.removesuffix(".Dockerfile"): one.read_text("utf-8")
        for one in found
        if one.name.endswith(".Dockerfile")
    }


@cache
def builtin_never() -> tuple[Protected, ...]:
    """The built-in list of what no rule may propose to delete.

    Raises:
        RuleFaults: the list has faults.
    """
    file = rules_folder() / NEVER_FILE
    entries, faults = parse_never(NEVER_FILE, file.read_text("utf-8"))
    if faults:
        raise RuleFaults(faults)
    return entries


@cache
def builtin_packs() -> tuple[Pack, ...]:
    """The built-in packs. Their examples are not run here, at each start: the tests do it.

    Raises:
        RuleFaults: with every fault of every file.
    """
    packs, faults = read_packs(builtin_sources(), snippets=builtin_snippets(), check=False)
    if faults:
        raise RuleFaults(faults)
    return packs
