"""Which package owns which file, and what each package takes on disk and in the pull.

The system's package managers claim the files that they list; then the managers of languages, which list
files too, or own directories. A file that several claim belongs to the first, one that is in several
directories to the innermost, and compiled Python code to the owner of its source: nobody lists what was
compiled after the installation, and all managers remove it.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress, pairwise, repeat
from operator import ne

from msgspec import Struct

from slim.files.table import ROOT, Files, Kind, both, mask, picked, runs
from slim.packages.package import SYSTEM, Package
from slim.packages.places import NOWHERE, Places

NOBODY = -1
_RANK = {manager: rank for rank, manager in enumerate(SYSTEM)}
_CACHE = b"__pycache__"


class Ownership(Struct, frozen=True):
    """Owners per row of `Files`, and sums per package; packages are indexes into `packages`."""

    packages: tuple[Package, ...]
    owner: array[int]
    """Row → package, `NOBODY` for rows without owner and for what the image does not show."""
    disk: array[int]
    """Package → bytes of its live files."""
    pull: array[int]
    files: array[int]
    """Package → names of regular files, hard links included."""
    layer: array[int]
    """Package → layer that has most of its bytes, or of its names if it has none; -1 without files."""
    by_package: Mapping[int, Sequence[int]]
    """Package → its rows, ascending, of those that own any."""

    @property
    def system(self) -> frozenset[int]:
        """The packages of the distribution, or of several."""
        return frozenset(
            index for index, package in enumerate(self.packages) if package.manager in SYSTEM
        )

    def mask_of(self, packages: Iterable[int]) -> bytes:
        """1 for the rows that some packages own."""
        found = bytearray(len(self.owner))
        for package in packages:
            for row in self.by_package.get(package, ()):
                found[row] = 1
        return bytes(found)

    def rows(self, packages: Iterable[int]) -> list[int]:
        """Rows of everything that some packages own, in order of rows."""
        return sorted(
            chain.from_iterable(self.by_package.get(each, ()) for each in frozenset(packages))
        )


def own(files: Files, packages: Sequence[Package], pull: array[int]) -> Ownership:
    """Find the owner of every live file and link; `pull` is the ledger's column."""
    owner = array("i", [NOBODY]) * len(files)
    if packages:
        owner = _owners(files, _claim(files, packages))
    return _measure(files, tuple(packages), owner, pull)


def _by_package(owner: array[int]) -> dict[int, list[int]]:
    """Package → its rows, ascending."""
    rows: dict[int, list[int]] = defaultdict(list)
    for row, package in enumerate(owner):
        if package != NOBODY:
            rows[package].append(row)
    return dict(rows)


def _owners(files: Files, claims: _Claims) -> array[int]:
    """Row → owner, as follows from the claims."""
    names = both(mask(files.kind, Kind.FILE, Kind.HARDLINK, Kind.SYMLINK), bytes(files.shown))
    owner = array("i", picked(claims.directories, files.directory))
    for row in compress(range(len(files)), mask(names, 0)):
        owner[row] = NOBODY
    listed = _listed(files, claims)
    for first, end in runs(files.directory):
        home = files.directory[first]
        if listed[home]:
            here = claims.files.get(home, _NONE)
            for row, name in enumerate(files.name[first:end], first):
                found = here.get(name, NOBODY)
                if found == NOBODY:
                    found = _by_kin(files, claims, home, name)
                if found != NOBODY and names[row]:
                    owner[row] = found
    # The bytes of a hard link are in another row, whose own name may be gone.
    for row, body in files.body.items():
        if files.shown[row] and not files.shown[body] and owner[body] == NOBODY:
            owner[body] = owner[row]
    return owner


def _listed(files: Files, claims: _Claims) -> bytearray:
    """1 for the directories in which owners follow from names."""
    listed = bytearray(len(files.dir_parent))
    for home in claims.files.keys() | claims.stems.keys():
        if home != NOWHERE:
            listed[home] = 1
    for home in compress(range(len(listed)), map(_CACHE.__eq__, files.dir_name)):
        if files.dir_parent[home] in claims.files:
            listed[home] = 1
    return listed


_ByName = dict[int, dict[bytes, int]]
_NONE: dict[bytes, int] = {}


class _Claims(Struct, frozen=True):
    files: _ByName
    """Directory → name → package that lists it."""
    stems: _ByName
    """Directory → name without extension → package."""
    directories: array[int]
    """Directory → package that owns it."""


def _by_kin(files: Files, claims: _Claims, home: int, name: bytes) -> int:
    """The package whose own file it is, or that lists its source."""
    found = NOBODY
    if home in claims.stems:
        found = claims.stems[home].get(name.rpartition(b".")[0], NOBODY)
    if found == NOBODY and files.dir_name[home] == _CACHE and name.endswith(b".pyc"):
        source = name.partition(b".")[0] + b".py"
        found = claims.files.get(files.dir_parent[home], _NONE).get(source, NOBODY)
    return found


def _claim(files: Files, packages: Sequence[Package]) -> _Claims:
    """Resolve the paths of all packages; the first claim counts."""
    places = Places(files)
    claims = _Claims({}, {}, array("i", [NOBODY]) * len(files.dir_parent))
    directories = claims.directories
    # Directory, as packages write it → its names in `claims.files`, of which those in NOWHERE say nothing.
    listed: dict[bytes, dict[bytes, int]] = {}
    ranks = [_RANK.get(package.manager, len(_RANK)) for package in packages]
    for index in sorted(range(len(packages)), key=ranks.__getitem__):
        package = packages[index]
        for path in package.files:
            above, _, name = path.rpartition(b"/")
            here = listed.get(above)
            if here is None:
                here = listed[above] = claims.files.setdefault(places.directory(above), {})
            here.setdefault(name, index)
        for path in package.stems:
            above, _, name = path.rpartition(b"/")
            claims.stems.setdefault(places.directory(above), {}).setdefault(name, index)
        for directory in package.directories:
            home = places.directory(directory)
            # A package in the root directory does not own the image.
            if home not in (NOWHERE, ROOT) and directories[home] == NOBODY:
                directories[home] = index
    # Parents come before their children, so that the innermost directory counts.
    for inner, outer in enumerate(files.dir_parent):
        if inner != ROOT and directories[inner] == NOBODY:
            directories[inner] = directories[outer]
    return claims


def _measure(
    files: Files, packages: tuple[Package, ...], owner: array[int], pull: array[int]
) -> Ownership:
    disk, pulled, names = (array("q", bytes(8 * len(packages))) for _ in range(3))
    layers = array("i", [-1]) * len(packages)
    best: dict[int, tuple[int, int]] = {}
    # Of the bytes only live ones have an owner.
    theirs = bytes(map(ne, owner, repeat(NOBODY))) if packages else bytes(len(files))
    bodies, shown = both(theirs, mask(files.kind, Kind.FILE)), both(theirs, files.live_names())
    for layer, (first, end) in enumerate(pairwise(files.starts)):
        here, chosen = slice(first, end), bodies[first:end]
        owners, sizes, shares = (
            compress(column[here], chosen) for column in (owner, files.size, pull)
        )
        inside: dict[int, int] = defaultdict(int)
        for found, size, share in zip(owners, sizes, shares, strict=True):
            inside[found] += size
            pulled[found] += share
        counts = Counter(compress(owner[here], shown[first:end]))
        for found in inside.keys() | counts.keys():
            size, count = inside[found], counts[found]
            disk[found] += size
            names[found] += count
            if (size, count) > best.get(found, (0, 0)):
                best[found] = (size, count)
                layers[found] = layer
    return Ownership(packages, owner, disk, pulled, names, layers, _by_package(owner))
