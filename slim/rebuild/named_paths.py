"""What the start of an image names: in words of commands, behind options (`--config=/x`, `-javaagent:/x`),
and in variables (`NODE_EXTRA_CA_CERTS=/x`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slim.files.view import encoded
from slim.packages.owners import NOBODY
from slim.patterns import regex
from slim.rebuild.model import Given
from slim.rebuild.trees import below, outermost, row_at

_ABSOLUTE = regex(r"(?<![\w./~-])/[^\s:;,=@\"'|&<>()$`]{1,1000}")
_MOST = 1_000
"""Paths that are looked at."""
_LONGEST = 32_768
"""Characters of a word or value in which paths are looked for."""


def named_by_start(given: Given) -> list[int]:
    """Rows that no package and no base image brings; of directories those that commands name, since variables
    name what builds, too."""
    runs, view = given.facts.runs, given.view
    words = [word for command in runs.all for word in (*command.words[1:], *command.sets)]
    paths = dict.fromkeys(_paths(words), True)
    for path in _paths(given.facts.env.values()):
        paths.setdefault(path, False)
    start = view.files.starts[min(max(given.base_layers, 1), len(view.files.starts) - 1)]
    found: list[int] = []
    directories: set[bytes] = set()
    for path, is_word in list(paths.items())[:_MOST]:
        real = view.real(path)
        row = row_at(view, real) if real else None
        if row is not None:
            found.append(row)
        elif is_word and real and view.is_dir(real) and not given.facts.roots.is_system(real):
            directories.add(real)
    # A directory inside of another comes with it: rows are listed once, however many words name them.
    for directory in sorted(outermost(directories)):
        found += below(view, directory)
    owner = given.owned.owner
    return [row for row in dict.fromkeys(found) if row >= start and owner[row] == NOBODY]


def _paths(texts: Iterable[str]) -> Iterator[bytes]:
    for text in texts:
        for match in _ABSOLUTE.finditer(text[:_LONGEST]):
            yield encoded(match[0].rstrip("/*").lstrip("/"))
