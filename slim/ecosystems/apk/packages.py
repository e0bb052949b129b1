"""The database of apk: Alpine, Wolfi.

`lib/apk/db/installed` has one-letter fields and the files by directory (`F:` a directory, `R:` a file in
it), `etc/apk/world` the names that were asked for. A name that starts with `.` is a virtual package:
`apk add --virtual .build-deps …` makes it of nothing but dependencies.
Source: apk-package(5), apk-world(5), apk-add(8) of apk-tools.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from slim.packages.package import (
    MAX_JOINED_BYTES,
    MAX_PACKAGES,
    MAX_PATH_BYTES,
    PATH_BYTES,
    Contents,
    Dependency,
    Package,
    PackageWarnings,
    Read,
    below,
    dependencies,
    lines,
    text,
)

DATABASES = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
"""Before and since Alpine moved `/lib` into `/usr/lib`."""
_WORLD = b"etc/apk/world"
_WORDS = b"PVAoDpi"
_OPERATORS = "<>=~"


def read_apk(contents: Contents) -> Read:
    """All installed packages; those of `world` are the ones that were asked for."""
    warnings = PackageWarnings()
    path = next((path for path in DATABASES if path in contents), None)
    if path is None:
        return Read()
    world = contents.get(_WORLD)
    named = None if world is None else {bare_name(word) for word in text(world).split()}
    packages: list[Package] = []
    fields: dict[int, bytes] = {}
    files: list[bytes] = []
    directory: bytes | None = None
    budget = MAX_JOINED_BYTES
    for line in chain(lines(contents[path]), (b"",)):
        if not line:
            if fields:
                if len(packages) == MAX_PACKAGES:
                    warnings.add(path, f"it has more than {MAX_PACKAGES:,} packages")
                    break
                _finish(packages, fields, files, path, named, warnings)
            fields, files, directory = {}, [], None
            continue
        if line[1:2] != b":":
            warnings.add(path, f"a line is not a field: {text(line[:40])!r}")
            continue
        letter, value = line[0], line[2:]
        if letter in _WORDS:
            fields[letter] = value
        elif letter == ord("F"):
            directory = value
        elif letter == ord("R"):
            if directory is None or len(directory) + len(value) >= MAX_PATH_BYTES:
                warnings.add(path, f"a file has no directory, or a long name: {text(value[:40])!r}")
                continue
            budget -= len(directory) + len(value) + PATH_BYTES
            if budget < 0:
                warnings.add(path, "its list of files is too long")
                break
            files.append(below(directory, value))
    return Read(tuple(packages), warnings.all())


def _finish(
    packages: list[Package],
    fields: dict[int, bytes],
    files: list[bytes],
    path: bytes,
    named: set[str] | None,
    warnings: PackageWarnings,
) -> None:
    words = {chr(letter): text(value) for letter, value in fields.items()}
    name = words.get("P", "")
    if not name:
        warnings.add(path, "a paragraph names no package")
        return
    provides = tuple(map(bare_name, words.get("p", "").split()))
    packages.append(
        Package(
            manager="apk",
            name=name,
            version=words.get("V", ""),
            arch=words.get("A", ""),
            source=words.get("o", ""),
            record=path,
            files=tuple(files),
            depends=_requirements(words.get("D", "").split()),
            install_if=_requirements(words.get("i", "").split()),
            provides=provides,
            # `world` may name what a package provides.
            auto=None if named is None else named.isdisjoint((name, *provides)),
        )
    )


def _requirements(words: Iterable[str]) -> tuple[Dependency, ...]:
    """The names, without conflicts (`!name`)."""
    return dependencies((bare_name(word),) for word in words if not word.startswith("!"))


def bare_name(word: str) -> str:
    """The name in `name@tag>=version`.

    >>> [bare_name(one) for one in ("so:libz.so.1", "busybox@edge>1.6", "cmd:ls=9.1-r0")]
    ['so:libz.so.1', 'busybox', 'cmd:ls']
    """
    for at, character in enumerate(word):
        if character in _OPERATORS:
            word = word[:at]
            break
    return word.partition("@")[0]
