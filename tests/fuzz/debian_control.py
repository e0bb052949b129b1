"""dpkg's and apk's databases: control paragraphs, lists of files, diversions, states.

An input is up to five files with NUL between them, in the order of `PATHS`. Oracle: nothing is raised;
packages have names, files are paths without leading slash, and what is not read is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.apk.packages import read_apk
from slim.ecosystems.dpkg.packages import read_dpkg
from tests.support.installed_apk import INSTALLED
from tests.support.installed_dpkg import STATUS

PATHS = (
    b"var/lib/dpkg/status",
    b"var/lib/dpkg/info/libz1:amd64.list",
    b"var/lib/dpkg/diversions",
    b"var/lib/apt/extended_states",
    b"lib/apk/db/installed",
)


def seeds() -> Iterator[bytes]:
    rest = (
        b"/.\n/lib\n/lib/libz.so.1\n",
        b"/lib/libz.so.1\n/lib/moved\n:\n",
        b"Package: libz1\nArchitecture: amd64\nAuto-Installed: 1\n",
        INSTALLED,
    )
    yield b"\0".join((STATUS, *rest))
    yield STATUS
    yield b"\0\0\0\0" + INSTALLED
    yield b"Package: libz1\nStatus: install ok installed\nArchitecture: amd64\n\0/../a\n//b\n"


def check(data: bytes) -> None:
    contents = dict(zip(PATHS, data.split(b"\0", len(PATHS) - 1), strict=False))
    for read in (read_dpkg(contents), read_apk(contents)):
        for package in read.packages:
            assert package.name
            assert not any(file.startswith(b"/") for file in package.files)
            assert all(dependency.names for dependency in (*package.depends, *package.recommends))
        assert all(warning.text for warning in read.warnings)
