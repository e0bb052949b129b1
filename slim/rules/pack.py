"""Packs of rules from TOML texts: read everything, report all faults of all files at once. Pure.

texts ─parse─→ Parsed, faults of each file ─checks─→ faults over all files ─→ packs, or raise
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from slim.rules.checks import check_packs
from slim.rules.faults import Fault
from slim.rules.parse import parse_pack
from slim.rules.protected import Protected
from slim.rules.rule import Pack

MAX_PACKS = 256
"""Most files of one load."""

Source = tuple[str, str]
"""File name and TOML text."""


def read_packs(
    sources: Iterable[Source],
    *,
    snippets: Collection[str] = (),
    protected: Sequence[Protected] = (),
    check: bool = True,
) -> tuple[tuple[Pack, ...], tuple[Fault, ...]]:
    """The valid packs, in the order of the sources, and all faults, sorted by file and line.

    Args:
        sources: name and text of each file.
        snippets: names that `fix.snippet` may have.
        protected: what no rule may reach.
        check: whether to check examples, `protected`, and names over all packs too.
    """
    given = list(sources)
    if len(given) > MAX_PACKS:
        return (), (Fault("", 0, "", f"{len(given)} rule files, the limit is {MAX_PACKS}"),)
    faults: list[Fault] = []
    parsed = [parse_pack(file, text, snippets, faults) for file, text in given]
    if check:
        check_packs(parsed, protected, faults)
    return tuple(one.pack for one in parsed if one.pack is not None), tuple(sorted(faults))
