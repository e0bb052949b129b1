"""Reads the files of a folder of rules: packs and Dockerfile fragments, as texts."""

from __future__ import annotations

import os
from pathlib import Path

from slim.rules.pack import Source
from slim.rules.toml_text import MAX_FILE_BYTES

PROTECTED_FILE = "protected.toml"
"""The list of protected paths and packages; not a pack."""


def sources_in(folder: str | os.PathLike[str]) -> tuple[Source, ...]:
    """Name and text of every pack in a folder, by name. A text ends where it gets too long to load.

    Raises:
        OSError: a file cannot be read.
        UnicodeDecodeError: a file is not UTF-8.
    """
    found = sorted(Path(folder).iterdir(), key=lambda entry: entry.name)
    packs = [file for file in found if file.suffix == ".toml" and file.name != PROTECTED_FILE]
    return tuple((file.name, read_text(file)) for file in packs)


def snippets_in(folder: str | os.PathLike[str]) -> dict[str, str]:
    """The Dockerfile fragments of a rules folder by name; none without `snippets` in it.

    Raises: as `sources_in`.
    """
    snippets = Path(folder, "snippets")
    found = sorted(snippets.iterdir(), key=lambda entry: entry.name) if snippets.is_dir() else []
    return {file.stem: read_text(file) for file in found if file.suffix == ".Dockerfile"}


def read_text(file: str | os.PathLike[str]) -> str:
    """The text of a file, up to just more than a rule file may have."""
    with open(file, "rb") as stream:
        content: bytes = stream.read(MAX_FILE_BYTES + 1)
    return content.decode("utf-8")
