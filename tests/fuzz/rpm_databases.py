"""rpm's database in its three forms, and the headers in them.

An input is a form (one byte) and the database; of the fourth form, a header on its own, which is then put
into the simplest database there is. Oracle: nothing is raised; every package has a name and is usable, and
whatever could not be read is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.rpm.packages import read_rpm
from tests.support.rpm import BLOBS, DATABASES, DEMO, LIB, bdb, ndb

PLACES = tuple(DATABASES)


def seeds() -> Iterator[bytes]:
    for number, path in enumerate(PLACES):
        yield bytes([number]) + DATABASES[path]
    yield b"\x01" + ndb([LIB])
    yield b"\x02" + bdb([LIB], size=512)
    yield b"\x02" + bdb([LIB], order=">", size=512)
    yield from (b"\x03" + blob for blob in BLOBS[:3])


def check(data: bytes) -> None:
    if not data:
        return
    form, database = data[0] % 4, data[1:]
    path = PLACES[form] if form < 3 else PLACES[1]
    read = read_rpm({path: ndb([database, DEMO]) if form == 3 else database})
    for package in read.packages:
        assert package.name
        assert package.manager == "rpm"
        assert not any(file.startswith(b"/") for file in package.files)
        for dependency in (*package.depends, *package.install_if):
            assert dependency.names
    assert all(warning.text for warning in read.warnings)
    # A damaged header hides no other one.
    assert form < 3 or any(package.name == "demo" for package in read.packages)
