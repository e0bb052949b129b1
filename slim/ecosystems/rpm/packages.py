"""The database of rpm, whatever it is stored as, and why dnf installed a package.

Source: rpm.org, "RPM tags" and "Package Header format"; dnf5's system state (system-state(7)).
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.rpm.bdb import bdb_headers
from slim.ecosystems.rpm.header import Header, RpmError, read_header
from slim.ecosystems.rpm.ndb import ndb_headers
from slim.ecosystems.rpm.rich import rich_names
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
    dependencies,
    text,
)
from slim.toml import parse_toml

DIRECTORIES = (b"usr/lib/sysimage/rpm", b"var/lib/rpm", b"usr/share/rpm")
"""The newest place first; the others are links to it, or older."""
DATABASES = (b"rpmdb.sqlite", b"Packages.db", b"Packages")
_REASONS = b"usr/lib/sysimage/libdnf5/packages.toml"

_NAME, _VERSION, _RELEASE, _EPOCH, _GROUP, _ARCH = 1000, 1001, 1002, 1003, 1016, 1022
_OLD_FILES, _FILE_FLAGS, _SOURCE = 1027, 1037, 1044
_PROVIDES, _REQUIRES, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES = 1047, 1049, 1116, 1117, 1118
_RECOMMENDS, _SUGGESTS, _SUPPLEMENTS = 5046, 5049, 5052
_TAGS = frozenset(
    (
        *(_NAME, _VERSION, _RELEASE, _EPOCH, _GROUP, _ARCH, _OLD_FILES, _FILE_FLAGS, _SOURCE),
        *(_PROVIDES, _REQUIRES, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES),
        *(_RECOMMENDS, _SUGGESTS, _SUPPLEMENTS),
    )
)
_GHOST = 1 << 6
"""Listed so that it is removed with the package, but not installed by it."""


def read_rpm(contents: Contents) -> Read:
    """All packages of the first database that is there."""
    warnings = PackageWarnings()
    path = next(
        (
            folder + b"/" + name
            for folder in DIRECTORIES
            for name in DATABASES
            if folder + b"/" + name in contents
        ),
        None,
    )
    if path is None:
        return Read()
    reasons = _read_reasons(contents.get(_REASONS), warnings)
    packages: list[Package] = []
    budget = MAX_JOINED_BYTES
    try:
        for blob in _headers(path, contents):
            if len(packages) == MAX_PACKAGES:
                raise RpmError(f"it has more than {MAX_PACKAGES:,} packages")
            try:
                header = read_header(blob, _TAGS)
                files = _files(header, budget)
                budget -= sum(len(file) + PATH_BYTES for file in files)
                packages.append(_package(header, files, path, reasons))
            except RpmError as error:
                warnings.add(path, str(error))
    except RpmError as error:
        warnings.add(path, str(error))
    packages.sort(key=lambda package: (package.name, package.arch, package.version))
    return Read(tuple(packages), warnings.all())


def _headers(path: bytes, contents: Contents) -> Iterator[bytes]:
    database = contents[path]
    if path.endswith(b".sqlite"):
        # Few images have an rpm database, and every run would pay for importing sqlite.
        from slim.ecosystems.rpm.sqlite import sqlite_headers

        return sqlite_headers(database, contents.get(path + b"-wal", b""))
    return ndb_headers(database) if path.endswith(b".db") else bdb_headers(database)


def _package(
    header: Header, files: tuple[bytes, ...], path: bytes, reasons: dict[str, str] | None
) -> Package:
    name, arch = header.string(_NAME), header.string(_ARCH)
    if not name:
        raise RpmError("a header names no package")
    epoch = header.numbers.get(_EPOCH, ())
    version = f"{header.string(_VERSION)}-{header.string(_RELEASE)}"
    auto: bool | None = None
    if reasons is not None:
        auto = reasons.get(f"{name}.{arch}", "") in ("Dependency", "Weak Dependency")
    return Package(
        manager="rpm",
        name=name,
        version=f"{epoch[0]}:{version}" if epoch and epoch[0] else version,
        arch=arch,
        section=header.string(_GROUP),
        source=header.string(_SOURCE).removesuffix(".src.rpm"),
        record=path,
        files=files,
        depends=requirements(header.texts(_REQUIRES)),
        recommends=requirements(header.texts(_RECOMMENDS)),
        suggests=requirements(header.texts(_SUGGESTS)),
        install_if=_conditions(header.texts(_SUPPLEMENTS)),
        provides=tuple(dict.fromkeys(header.texts(_PROVIDES))),
        auto=auto,
    )


def _files(header: Header, budget: int) -> tuple[bytes, ...]:
    """Paths of the files, without ghosts: those are not bytes of the package."""
    flags = header.numbers.get(_FILE_FLAGS, ())
    names = header.strings.get(_BASE_NAMES, ())
    if not names:
        whole = header.strings.get(_OLD_FILES, ())
        return tuple(path.lstrip(b"/") for path in whole)
    directories = header.strings.get(_DIR_NAMES, ())
    indexes = header.numbers.get(_DIR_INDEXES, ())
    if len(indexes) != len(names) or max(indexes) >= len(directories):
        raise RpmError("its files and directories do not fit together")
    paths: list[bytes] = []
    for at, (name, index) in enumerate(zip(names, indexes, strict=True)):
        if at < len(flags) and flags[at] & _GHOST:
            continue
        directory = directories[index]
        size = len(directory) + len(name)
        budget -= size + PATH_BYTES
        if budget < 0 or size > MAX_PATH_BYTES:
            raise RpmError("its list of files is too long")
        paths.append((directory + name).lstrip(b"/"))
    return tuple(paths)


def requirements(values: list[str]) -> tuple[Dependency, ...]:
    """The names that are required; `rpmlib(…)` is about the format and no package.

    >>> [one.names for one in requirements(["/bin/sh", "rpmlib(X)", "(a or b)"])]
    [('/bin/sh',), ('a', 'b')]
    """
    found: list[tuple[str, ...]] = []
    for value in values:
        if value.startswith("("):
            found += rich_names(value)
        elif value and not value.startswith("rpmlib("):
            found.append((value,))
    return dependencies(found)


def _conditions(values: list[str]) -> tuple[Dependency, ...]:
    """`Supplements`: any one of them is enough, so that they are alternatives of one condition."""
    names = [name for requirement in requirements(values) for name in requirement.names]
    return (Dependency(tuple(names)),) if names else ()


def _read_reasons(data: bytes | None, warnings: PackageWarnings) -> dict[str, str] | None:
    """`name.arch` → reason, as dnf5 keeps it; None without dnf5."""
    if data is None:
        return None
    try:
        table = parse_toml(text(data)).get("packages")
    except (ValueError, RecursionError):
        warnings.add(_REASONS, "it is not TOML")
        return None
    if not isinstance(table, dict):
        warnings.add(_REASONS, "it has no table of packages")
        return None
    return {
        name: reason
        for name, value in table.items()
        if isinstance(value, dict) and isinstance(reason := value.get("reason"), str)
    }
