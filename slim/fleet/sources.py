"""The words that the user names a fleet by → archives, references and patterns of repositories.

A word is an archive, a layout, a folder with such in it, a text file with a reference on each line, a
reference, or `registry:HOST/PATTERN`, where the pattern is a repository or has `*` and `?` in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from slim.errors import UsageError
from slim.image.reference import Reference, is_name, parse_reference
from slim.image.source import PREFIXES, REGISTRY
from slim.limits import exceeded
from slim.patterns import regex

_ENDINGS = (".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2")
_DEPTH = 8
_MOST = 1_000_000
_LIST_BYTES = 64 << 20
_HOST = regex(r"[A-Za-z0-9.\[\]:-]{1,255}", re.ASCII)
_PATTERN = regex(r"[a-z0-9._/*?-]{1,255}", re.ASCII)


class ArchiveSource(Struct, frozen=True):
    """An archive or a layout: all images in it."""

    word: str
    path: str


class TagSource(Struct, frozen=True):
    """One reference."""

    word: str
    reference: Reference


class RepositorySource(Struct, frozen=True):
    """All tags of the repositories that match a pattern."""

    word: str
    host: str
    pattern: str

    @property
    def is_pattern(self) -> bool:
        """The catalogue decides which repositories there are."""
        return "*" in self.pattern or "?" in self.pattern


Source = ArchiveSource | TagSource | RepositorySource


def read_sources(words: Iterable[str]) -> list[Source]:
    """What the words stand for; a word that stands for nothing is a wrong call.

    Raises:
        UsageError: there is no such file, a folder has no images, or a reference is none.
    """
    found: list[Source] = []
    for word in words:
        found += _read(word)
        if len(found) > _MOST:
            raise exceeded("sources", len(found), _MOST, word)
    return found


def _read(word: str) -> list[Source]:
    prefix, colon, rest = word.partition(":")
    if colon and prefix in PREFIXES:
        return [ArchiveSource(word, word)]
    if os.path.isdir(word):
        found: list[Source] = [ArchiveSource(word, path) for path in _images_in(word, 0)]
        if not found:
            raise UsageError(
                "no-images",
                f"there is no image in the folder {word!r}",
                f"archives end in {', '.join(_ENDINGS)}; layouts have an index.json",
            )
        return found
    if os.path.isfile(word):
        lines = _lines_of(word)
        return [ArchiveSource(word, word)] if lines is None else _references(word, lines)
    return [_remote(word, rest if colon and prefix == REGISTRY else word, prefix == REGISTRY)]


def _images_in(folder: str, depth: int) -> Iterator[str]:
    """Archives and layouts in a folder, by name; links to folders are not followed."""
    if os.path.isfile(os.path.join(folder, "index.json")):
        yield folder
        return
    if depth > _DEPTH:
        return
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(
            "unreadable", f"cannot read the folder {folder!r}: {error.strerror}"
        ) from None
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _images_in(entry.path, depth + 1)
        elif entry.name.lower().endswith(_ENDINGS) and entry.is_file():
            yield entry.path


def _lines_of(path: str) -> list[str] | None:
    """The lines of a text; None for an archive."""
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
            if b"\0" in head or not _is_text(head):
                return None
            data = head + file.read(_LIST_BYTES)
        return data.decode().splitlines()
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise UsageError("unreadable", f"cannot read {path!r}: {error.strerror}") from None


def _is_text(head: bytes) -> bool:
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return bool(head.strip())


def _references(path: str, lines: Iterable[str]) -> list[Source]:
    found: list[Source] = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        prefix, colon, rest = word.partition(":")
        named = bool(colon) and prefix == REGISTRY
        try:
            found.append(_remote(path, rest if named else word, named))
        except UsageError as error:
            raise UsageError(error.slug, f"{path}:{number}: {error.message}", error.hint) from None
    return found


def _remote(word: str, text: str, named: bool) -> Source:
    """What a word means that is not a file: with `registry:` in front a repository has all its tags."""
    host, slash, pattern = text.partition("/")
    if "*" in text or "?" in text:
        if not slash or not _HOST.fullmatch(host) or not _PATTERN.fullmatch(pattern):
            raise UsageError(
                "bad-source",
                f"{text[:200]!r} is not a pattern of repositories",
                "write registry:HOST/PROJECT/*",
            )
        return RepositorySource(word, host.lower(), pattern)
    if not named and not is_name(text):
        raise UsageError(
            "no-source",
            f"there is no file {text[:200]!r}, and it is not a reference",
            "give archives, layouts, folders of them, a file of references, or registry:HOST/PROJECT/*",
        )
    reference = parse_reference(text)
    last = text.rpartition("/")[2]
    if named and ":" not in last and "@" not in last:
        return RepositorySource(word, reference.host, reference.repository)
    return TagSource(word, reference)
