"""`python -m slim.rules.lint FILE…`: print every fault of rule files; exit 1 if there is any."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from slim.rules.builtin import builtin_protected, builtin_snippets, builtin_sources
from slim.rules.faults import Fault
from slim.rules.files import PROTECTED_FILE, read_text, snippets_in
from slim.rules.pack import Source, read_packs


def lint(paths: Sequence[Path]) -> tuple[Fault, ...]:
    """The faults of `paths`, checked together with the built-in packs that are not among them.

    Snippets are looked for beside the files too, in `snippets`.
    """
    given: list[Source] = []
    faults: list[Fault] = []
    snippets = set(builtin_snippets())
    for path in paths:
        try:
            given.append((path.name, read_text(path)))
            snippets.update(snippets_in(path.parent))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(path.name, 0, "", f"cannot be read: {error}"))
    names = {name for name, _ in given}
    others = [source for source in builtin_sources() if source[0] not in names]
    _, found = read_packs([*given, *others], snippets=snippets, protected=builtin_protected())
    return tuple(sorted([*faults, *(fault for fault in found if fault.file in names)]))


def main(arguments: Sequence[str]) -> int:
    """Lint the files named, or all built-in packs. 0: no fault, 1: faults."""
    if arguments:
        faults = lint([Path(one) for one in arguments if Path(one).name != PROTECTED_FILE])
    else:
        sources = builtin_sources()
        _, faults = read_packs(sources, snippets=builtin_snippets(), protected=builtin_protected())
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
