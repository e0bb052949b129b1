"""What a package database says, in one form for all package managers.

A reader takes the contents of an image's files, live path (without leading slash) → bytes, and returns
`Read`: packages, and warnings of what it could not read. Readers raise nothing: a damaged record costs
that record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from itertools import islice

from msgspec import Struct, field

Contents = Mapping[bytes, bytes]
"""Live path without leading slash → content of the file."""

SYSTEM = ("dpkg", "apk", "rpm")
"""Managers of the whole system, in the order in which they claim files."""

MAX_PACKAGES = 200_000
"""Most packages that one reader takes."""
MAX_DEPENDENCIES = 20_000
"""Most dependencies of one kind that a package has."""
MAX_PATH_BYTES = 4096
"""Longest path in a list: Linux's PATH_MAX."""
MAX_JOINED_BYTES = 128 << 20
"""Most bytes of memory for the paths that a reader makes out of directories and names …"""
PATH_BYTES = 64
"""… each of which takes so many beside its own."""
MAX_TEXT_BYTES = 256 << 20
"""Most bytes of memory that the texts of all readers together may take once they are read."""
_LINE_BYTES, _ITEM_BYTES = 64, 160
MAX_WARNINGS = 50
"""Most warnings of one reader."""


class Dependency(Struct, frozen=True):
    """One requirement; a package with any of the names fulfils it.

    Versions are left out: what is installed together fulfils its versions, and a doubtful alternative
    is followed rather than dropped, so that a package counts as needed rather than as waste.
    """

    names: tuple[str, ...]


class Package(Struct, frozen=True):
    """One installed package. `depends` and `provides` are looked up among its own manager's."""

    manager: str
    """One of `SYSTEM`, or that of a language's libraries."""
    name: str
    version: str = ""
    arch: str = ""
    section: str = ""
    """dpkg: section; rpm: group."""
    source: str = ""
    """Source package that it was built from, where that has another name."""
    record: bytes = b""
    """Path of the file that told."""
    files: tuple[bytes, ...] = ()
    """Paths as listed, without leading slash."""
    directories: tuple[bytes, ...] = ()
    """Directories whose contents belong to it, except where another package's directory is below."""
    stems: tuple[bytes, ...] = ()
    """Paths without their last extension: the manager's own files about it, which go with it."""
    depends: tuple[Dependency, ...] = ()
    recommends: tuple[Dependency, ...] = ()
    suggests: tuple[Dependency, ...] = ()
    install_if: tuple[Dependency, ...] = ()
    """Installed by itself once all of these are (apk `install_if`, rpm `Supplements`)."""
    provides: tuple[str, ...] = ()
    """Names besides its own that other packages may depend on."""
    essential: bool = False
    """Part of the base system, which the manager refuses to remove: dpkg's Essential and Protected."""
    required: bool = False
    """Of priority `required`: nobody asks for it by name, and it is no waste."""
    auto: bool | None = None
    """Installed because others wanted it, not by name; None where the database does not say."""
    dev: bool | None = None
    """Only needed to develop or build the application; None where nothing says so."""
    optional: bool = False
    """The application works without it (npm's optional dependencies)."""


class PackageWarning(Struct, frozen=True):
    """A file, or a part of one, that could not be read."""

    path: bytes
    why: str

    @property
    def text(self) -> str:
        """For people: `could not read var/lib/dpkg/status because …`."""
        return f"could not read {self.path.decode('utf-8', 'replace')} because {self.why}"


class Read(Struct, frozen=True):
    """What a reader found."""

    packages: tuple[Package, ...] = ()
    warnings: tuple[PackageWarning, ...] = ()


class PackageWarnings(Struct):
    """Collects warnings; of very many the first are kept."""

    kept: list[PackageWarning] = field(default_factory=list)
    dropped: int = 0

    def add(self, path: bytes, why: str) -> None:
        """Note that something at `path` could not be read, and why."""
        if len(self.kept) < MAX_WARNINGS:
            self.kept.append(PackageWarning(path, why))
        else:
            self.dropped += 1

    def all(self) -> tuple[PackageWarning, ...]:
        """The warnings; the last one counts those that were dropped."""
        if not self.dropped:
            return tuple(self.kept)
        last = self.kept[-1]
        more = f"{last.why} (and {self.dropped:,} more like this)"
        return (*self.kept[:-1], PackageWarning(last.path, more))


def readable(contents: Contents, warnings: PackageWarnings) -> dict[bytes, bytes]:
    """The files, by path, that can be read in bounded memory; a warning for each of the others.

    A line of a list becomes a path, and what stands between two commas an entry of a document.
    """
    found: dict[bytes, bytes] = {}
    left = MAX_TEXT_BYTES
    for path, content in sorted(contents.items()):
        lines_and_items = _LINE_BYTES * content.count(b"\n") + _ITEM_BYTES * content.count(b",")
        takes = len(content) + lines_and_items
        if takes > left:
            warnings.add(path, "the package lists of the image are too long together")
            continue
        left -= takes
        found[path] = content
    return found


def text(data: bytes) -> str:
    """Text for people and for comparing names; what is not UTF-8 becomes U+FFFD."""
    return data.decode("utf-8", "replace")


def lines(data: bytes) -> Iterator[bytes]:
    """The lines of a file, without their ends, one by one: a list of them can be ten times its size."""
    return (line.removesuffix(b"\n") for line in BytesIO(data))


def parent(path: bytes, levels: int = 1) -> bytes:
    """The directory some levels above a path; empty for the root."""
    for _ in range(levels):
        path = path.rpartition(b"/")[0]
    return path


def below(directory: bytes, name: bytes) -> bytes:
    """`name` inside `directory`; the root is empty."""
    return directory + b"/" + name if directory else name


def normal(path: bytes) -> bytes | None:
    """A path without `.`, `..` and empty parts; None if it leads out of the root or is too long.

    >>> normal(b"usr/lib/python3/site-packages/../../../bin/pip")
    b'usr/bin/pip'
    """
    if len(path) > MAX_PATH_BYTES:
        return None
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if not parts:
                return None
            parts.pop()
        elif part and part != b".":
            parts.append(part)
    return b"/".join(parts)


_shared = lru_cache(1 << 16)(Dependency)
"""Packages ask for the same few names: 16 MiB of a database can hold millions of requirements."""


def dependencies(names: Iterable[tuple[str, ...]]) -> tuple[Dependency, ...]:
    """Each requirement once, in order, not too many; more are not asked for."""
    return tuple(map(_shared, islice(dict.fromkeys(names), MAX_DEPENDENCIES)))
