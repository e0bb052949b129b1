"""Packs of the user's own: files, or folders of files, checked together with those of slim.

An id, slug, prefix or name that slim has already is a fault, and so is a rule that reaches what no rule
may propose to delete: user packs add, and never weaken.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slim.rules.builtin import builtin_never, builtin_snippets, builtin_sources
from slim.rules.faults import Fault, faulty_rules
from slim.rules.files import NEVER_FILE, read_text, snippets_in
from slim.rules.pack import MAX_PACKS, Source, read_packs
from slim.rules.rule import Pack
from slim.rules.vocabulary import Vocabulary


def load_user_packs(
    paths: Sequence[str], vocabulary: Vocabulary
) -> tuple[tuple[Pack, ...], dict[str, str]]:
    """The packs, and the Dockerfile fragments beside them, by name.

    Raises:
        Faulty: a file cannot be read, or with all faults of all files.
    """
    given: list[Source] = []
    faults: list[Fault] = []
    snippets: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        try:
            files = _files_in(folder) if Path(path).is_dir() else [Path(path)]
            if len(given) + len(files) > MAX_PACKS:
                faults.append(Fault(path, 0, "", f"more than {MAX_PACKS} files of rules"))
                break
            given += [(str(one), read_text(one)) for one in files]
            snippets.update(snippets_in(folder))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(path, 0, "", f"cannot be read: {error}"))
    fragments = {**snippets, **builtin_snippets()}
    _, found = read_packs(
        [*builtin_sources(), *given], vocabulary, snippets=fragments, never=builtin_never()
    )
    names = {name for name, _ in given}
    faults += [one for one in found if one.file in names or not one.file]
    if faults:
        raise faulty_rules(sorted(faults))
    packs, _ = read_packs(given, vocabulary, snippets=fragments, check=False)
    return packs, snippets


def _files_in(folder: Path) -> list[Path]:
    files = sorted(one for one in folder.iterdir() if one.suffix == ".toml" and one.is_file())
    return [one for one in files if one.name != NEVER_FILE]
