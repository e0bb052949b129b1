"""The user's own packs: files, or folders of files, checked together with the built-in ones.

User packs can only add: an id, slug, prefix or name that a built-in pack has is a fault, and so is a rule
that selects protected paths or packages.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from slim.rules.builtin import builtin_rules
from slim.rules.faults import Fault, faulty_rules
from slim.rules.files import PROTECTED_FILE, read_text, snippets_in
from slim.rules.folder import builtin_sources
from slim.rules.pack import MAX_PACKS, Source, read_packs
from slim.rules.rule import Rules
from slim.rules.vocabulary import Vocabulary


def load_user_packs(paths: Sequence[str], builtin: Rules, vocabulary: Vocabulary) -> Rules:
    """The user's packs alone, with all that is protected, and their Dockerfile fragments beside those of
    slim, which win.

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
            given += [(str(file), read_text(file)) for file in files]
            snippets.update(snippets_in(folder))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(path, 0, "", f"cannot be read: {error}"))
    fragments = {**snippets, **builtin.snippets}
    sources = [*builtin_sources(), *given]
    _, found = read_packs(sources, vocabulary, snippets=fragments, protected=builtin.protected)
    names = {name for name, _ in given}
    faults += [fault for fault in found if fault.file in names or not fault.file]
    if faults:
        raise faulty_rules(sorted(faults))
    packs, _ = read_packs(given, vocabulary, snippets=fragments, check=False)
    return Rules(packs, builtin.protected, fragments)


def with_user_packs(builtin: Rules, paths: Sequence[str], vocabulary: Vocabulary) -> Rules:
    """The built-in rules and those in `paths`; errors as for `load_user_packs`."""
    if not paths:
        return builtin
    own = load_user_packs(paths, builtin, vocabulary)
    return replace(own, packs=(*builtin.packs, *own.packs))


def lint(paths: Sequence[Path], vocabulary: Vocabulary) -> tuple[Fault, ...]:
    """The faults of `paths`, checked together with the built-in packs that are not among them.

    Snippets may also be in `snippets` next to a file.
    """
    given: list[Source] = []
    faults: list[Fault] = []
    builtin = builtin_rules(vocabulary)
    snippets = set(builtin.snippets)
    for path in paths:
        try:
            given.append((path.name, read_text(path)))
            snippets.update(snippets_in(path.parent))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(Fault(path.name, 0, "", f"cannot be read: {error}"))
    names = {name for name, _ in given}
    others = [source for source in builtin_sources() if source[0] not in names]
    _, found = read_packs(
        [*given, *others], vocabulary, snippets=snippets, protected=builtin.protected
    )
    return tuple(sorted([*faults, *(fault for fault in found if fault.file in names)]))


def _files_in(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix == ".toml" and file.is_file())
    return [file for file in files if file.name != PROTECTED_FILE]
