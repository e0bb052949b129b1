"""All package databases of an image, and which of its files the readers want to see. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from slim.advice.packages.apk import read_apk
from slim.advice.packages.conda import read_conda
from slim.advice.packages.dotnet import read_dotnet
from slim.advice.packages.dpkg import read_dpkg
from slim.advice.packages.model import Contents, Notice, Notices, Package
from slim.advice.packages.node import read_node
from slim.advice.packages.otp import Release, read_otp, read_releases
from slim.advice.packages.php import read_php
from slim.advice.packages.python import read_python
from slim.advice.packages.rpm import DATABASES, DIRECTORIES, read_rpm
from slim.advice.packages.ruby import read_ruby

_READERS = (
    *(read_dpkg, read_apk, read_rpm),
    *(read_conda, read_python, read_node, read_otp, read_ruby, read_php, read_dotnet),
)

_MIB = 1 << 20
_SMALL = _MIB
_LIST = 16 * _MIB
_DATABASE = 256 * _MIB

_NAMES = {
    b"status": _LIST,
    b"diversions": _SMALL,
    b"extended_states": _LIST,
    b"installed": _LIST,
    b"world": _SMALL,
    b"packages.toml": _SMALL,
    b"METADATA": _SMALL,
    b"RECORD": _LIST,
    b"INSTALLER": _SMALL,
    b"PKG-INFO": _SMALL,
    b"installed-files.txt": _LIST,
    b"top_level.txt": _SMALL,
    b"package.json": _SMALL,
    b".package-lock.json": 4 * _LIST,
    b".modules.yaml": _LIST,
    b"lock.yaml": _LIST,
    b"gem.build_complete": _SMALL,
    b"gem_make.out": _SMALL,
    b"installed.json": _LIST,
    **{name + suffix: _DATABASE for name in DATABASES for suffix in (b"", b"-wal")},
}
"""Last component → bytes of a file that a reader takes."""
_ENDS = {
    b"list": _LIST,
    b"md5sums": _LIST,
    b"egg-info": _SMALL,
    b"gemspec": _SMALL,
    b"app": _SMALL,
    b"rel": _SMALL,
    b"json": _LIST,
}
"""What follows the last dot → the same."""
_PLACES = {
    b"status": (b"var/lib/dpkg",),
    b"diversions": (b"var/lib/dpkg",),
    b"extended_states": (b"var/lib/apt",),
    b"installed": (b"lib/apk/db", b"usr/lib/apk/db"),
    b"world": (b"etc/apk",),
    b"packages.toml": (b"usr/lib/sysimage/libdnf5",),
    **{name + suffix: DIRECTORIES for name in DATABASES for suffix in (b"", b"-wal")},
}
"""Last component → the only directories where it is meant."""
_PARENTS: dict[bytes, tuple[bytes, ...]] = {
    b"list": (b"var/lib/dpkg/info",),
    b"md5sums": (b"var/lib/dpkg/info", b"var/lib/dpkg/status.d"),
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is installed, as far as it is known."""

    packages: tuple[Package, ...]
    releases: tuple[Release, ...]
    """Releases of Erlang/OTP."""
    notices: tuple[Notice, ...]


def read_catalog(contents: Contents) -> Catalog:
    """Run all readers; each says what it could not read."""
    ordered = dict(sorted(contents.items()))
    found = [reader(ordered) for reader in _READERS]
    notices = Notices()
    releases = read_releases(ordered, notices)
    return Catalog(
        tuple(package for one in found for package in one.packages),
        releases,
        tuple(notice for one in found for notice in one.notices) + notices.all(),
    )


def wanted(directory: bytes, name: bytes) -> int:
    """Largest size, in bytes, at which a reader takes a file; 0 if none does.

    `directory` is the live path of the directory that the file is in.

    >>> wanted(b"var/lib/dpkg", b"status") > 0, wanted(b"srv", b"status")
    (True, 0)
    """
    most = _NAMES.get(name)
    if most is not None:
        places = _PLACES.get(name)
        return most if places is None or directory in places else 0
    if directory == b"var/lib/dpkg/status.d":
        return _LIST
    ending = name.rpartition(b".")[2]
    most = _ENDS.get(ending, 0)
    if ending == b"json":
        conda = directory.rpartition(b"/")[2] == b"conda-meta"
        return most if conda or name.endswith(b".deps.json") else 0
    places = _PARENTS.get(ending)
    return most if places is None or directory in places else 0
