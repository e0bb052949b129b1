"""Every fault of rule files that are being written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slim.rules.builtin import builtin_rules, builtin_sources
from slim.rules.faults import Fault
from slim.rules.files import read_text, snippets_in
from slim.rules.pack import Source, read_packs


def lint(paths: Sequence[Path]) -> tuple[Fault, ...]:
    """The faults of `paths`, checked together with the built-in packs that are not among them.

    Snippets are looked for beside the files too, in `snippets`.
    """
    given: list[Source] = []
    faults: list[Fault] = []
    builtin = builtin_rules()
    snippets = set(builtin.snippets)
    for path in paths:
        try:
            given.append((path.name, read_text(path)))
            snippets.update(snippets_in(path.parent))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(path.name, 0, "", f"cannot be read: {error}"))
    names = {name for name, _ in given}
    others = [source for source in builtin_sources() if source[0] not in names]
    _, found = read_packs([*given, *others], snippets=snippets, protected=builtin.protected)
    return tuple(sorted([*faults, *(fault for fault in found if fault.file in names)]))
