"""rpm's databases, made by hand after their formats."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import pytest

from slim.ecosystems.rpm.bdb import bdb_headers
from slim.ecosystems.rpm.header import RpmError, read_header
from slim.ecosystems.rpm.ndb import ndb_headers
from slim.ecosystems.rpm.packages import read_rpm
from slim.ecosystems.rpm.rich import rich_names
from slim.ecosystems.rpm.sqlite import apply_log, sqlite_headers
from slim.packages.package import Dependency, Package, Read
from tests.support.rpm import (
    BIG,
    BLOBS,
    DATABASES,
    DEMO,
    LIB,
    NAME,
    STRING,
    VERSION,
    bdb,
    header,
    ndb,
    package,
    sqlite,
)


@pytest.mark.parametrize("path", DATABASES)
def test_every_database_has_the_same_packages(path: bytes) -> None:
    read = read_rpm({path: DATABASES[path]})
    assert not read.warnings
    assert [package.name for package in read.packages] == ["big", "demo", "extra", "lib"]
    big, demo, extra, _ = read.packages
    assert (demo.version, demo.arch, demo.section) == ("3:1.0-2", "noarch", "Applications")
    assert demo.source == "demos-1.0-2"
    assert demo.files == (b"usr/bin/demo", b"usr/bin/demo2"), "a ghost is no file of the package"
    assert demo.provides == ("demo", "config(demo)")
    assert [dependency.names for dependency in demo.depends] == [
        ("/usr/bin/lib",),
        ("lib", "other"),
    ]
    assert [dependency.names for dependency in demo.recommends] == [("extra",)]
    assert demo.auto is None
    assert extra.files == (b"usr/share/extra",)
    assert extra.install_if == (Dependency(("demo", "lib")),)
    assert len(big.files) == 200


def test_big_endian_berkeley_db() -> None:
    assert list(bdb_headers(bdb(BLOBS, ">"))) == BLOBS
    assert list(bdb_headers(bdb(BLOBS, "<", 512))) == BLOBS


def test_the_newest_database_wins() -> None:
    both = {b"var/lib/rpm/Packages": bdb([LIB]), b"var/lib/rpm/rpmdb.sqlite": sqlite([DEMO])}
    assert [package.name for package in read_rpm(both).packages] == ["demo"]


def test_reasons_of_dnf5() -> None:
    reasons = b"""version = "1.0"
[packages]
"demo.noarch" = {reason = "User"}
"extra.noarch" = {reason = "Weak Dependency"}
"lib.noarch" = {reason = "Dependency"}
"""
    contents = {
        b"usr/lib/sysimage/rpm/rpmdb.sqlite": sqlite(BLOBS),
        b"usr/lib/sysimage/libdnf5/packages.toml": reasons,
    }
    autos = {package.name: package.auto for package in read_rpm(contents).packages}
    assert autos == {"demo": False, "extra": True, "lib": True, "big": False}
    for damaged in (b"=", b"packages = 1", b"\xff"):
        contents[b"usr/lib/sysimage/libdnf5/packages.toml"] = damaged
        read = read_rpm(contents)
        assert {package.auto for package in read.packages} == {None}
        assert len(read.warnings) == 1


def wal(folder: Path) -> tuple[bytes, bytes]:
    """A database whose newest rows are only in its log, as a killed rpm leaves it."""
    path = folder / "rpmdb.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
    writer.execute("INSERT INTO Packages (blob) VALUES (?)", (DEMO,))
    writer.commit()
    writer.execute("PRAGMA wal_checkpoint(truncate)")
    for blob in BLOBS[1:]:
        writer.execute("INSERT INTO Packages (blob) VALUES (?)", (blob,))
        writer.commit()
    data = path.read_bytes(), path.with_name("rpmdb.sqlite-wal").read_bytes()
    writer.close()
    return data


def test_the_log_beside_a_database_counts(tmp_path: Path) -> None:
    database, log = wal(tmp_path)
    assert list(sqlite_headers(database)) == [DEMO]
    assert list(sqlite_headers(database, log)) == BLOBS
    read = read_rpm({b"var/lib/rpm/rpmdb.sqlite": database, b"var/lib/rpm/rpmdb.sqlite-wal": log})
    assert len(read.packages) == 4


def test_an_unfinished_or_damaged_log_counts_up_to_its_last_commit(tmp_path: Path) -> None:
    database, log = wal(tmp_path)
    assert list(sqlite_headers(database, log[:-1])) == BLOBS[:3]
    damaged = log[:-10] + b"\xff" + log[-9:]
    assert list(sqlite_headers(database, damaged)) == BLOBS[:3]
    for useless in (b"", b"x" * 31, b"x" * 5000, log[:32], log[:40]):
        assert bytes(apply_log(database, useless)) == database


def test_sqlite_is_not_trusted() -> None:
    endless = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT i AS hnum, CAST(i AS BLOB) AS blob FROM n"""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIEW Packages AS {endless}")
    connection.commit()
    with pytest.raises(RpmError, match="no table Packages"):
        list(sqlite_headers(bytes(connection.serialize())))
    connection.close()
    with pytest.raises(RpmError, match="no SQLite database"):
        list(sqlite_headers(b"no database"))
    with pytest.raises(RpmError, match="SQLite says"):
        list(sqlite_headers(sqlite(BLOBS)[:4096]))
    texts = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob TEXT)"
    assert list(sqlite_headers(sqlite([], texts))) == []


def test_cut_and_changed_databases_are_notices() -> None:
    for path, data in DATABASES.items():
        for damaged in (b"", data[:100], data[: len(data) // 2], b"\xff" * len(data)):
            read = read_rpm({path: damaged})
            assert read.warnings, path
            assert len(read.packages) < 4


def test_slots_and_pages_that_lie() -> None:
    data = bytearray(ndb([DEMO]))
    data[40:44] = b"\xff\xff\xff\x7f"
    with pytest.raises(RpmError, match="leads out of the file"):
        list(ndb_headers(bytes(data)))
    data = bytearray(bdb([BIG]))
    third = data.index(struct.pack("<8xIII", 4, 3, 5))
    data[third + 16 : third + 20] = bytes(4)
    with pytest.raises(RpmError, match="does not end"):
        list(bdb_headers(bytes(data)))
    # A chain that comes back to itself ends with the length that it has promised.
    data[third + 16 : third + 20] = struct.pack("<I", 4)
    (blob,) = bdb_headers(bytes(data))
    assert len(blob) == len(BIG)
    # Page after page of one byte.
    data[third + 22 : third + 24] = struct.pack("<H", 1)
    with pytest.raises(RpmError, match="does not end"):
        list(bdb_headers(bytes(data)))


def read_blob(blob: bytes) -> Read:
    return read_rpm({b"var/lib/rpm/Packages.db": ndb([blob, LIB])})


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        DEMO[:20],
        struct.pack(">2I", 1 << 20, 1 << 20),
        struct.pack(">8I", 1, 4, NAME, STRING, 9, 1, 0, 0)[:28],
        package("x", DIRS=["/"], BASES=["a", "b"], INDEXES=[0]),
        package("x", DIRS=["/"], BASES=["a"], INDEXES=[7]),
        package("x", DIRS=["/" + "d" * 4096], BASES=["a"], INDEXES=[0]),
        package(""),
    ],
)
def test_a_damaged_header_costs_its_package_only(blob: bytes) -> None:
    read = read_blob(blob)
    assert [found.name for found in read.packages] == ["lib"]
    assert len(read.warnings) == 1


def test_paths_cannot_multiply() -> None:
    long = package("x", DIRS=["/" + "d" * 4000], BASES=["f"] * 70_000, INDEXES=[0] * 70_000)
    read = read_blob(long)
    assert [found.name for found in read.packages] == ["lib"]
    assert "list of files is too long" in read.warnings[0].text


def test_a_header_reads_each_tag_once() -> None:
    twice = header({NAME: "first", VERSION: "1"})
    entry = twice[8:24]
    blob = struct.pack(">2I", 3, len(twice) - 40) + entry + entry + twice[24:]
    assert read_header(blob, {NAME}).strings == {NAME: (b"first",)}
    assert read_header(blob, set()).strings == {}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("(a or b)", [("a", "b")]),
        ("(a and b >= 2)", [("a",), ("b",)]),
        ("(a if b)", [("a",)]),
        ("(a if b else c)", [("a", "c")]),
        ("((a if b) or c)", [("a", "c")]),
        ("(a if (b or c))", [("a",)]),
        ("(a >= 1 with a < 2)", [("a",)]),
        ("(libz.so.1(Z_1.2)(64bit) or perl(A::B))", [("libz.so.1(Z_1.2)(64bit)", "perl(A::B)")]),
        ("(", []),
        ("((((", []),
        (")))", []),
    ],
)
def test_rich_dependencies(value: str, names: list[tuple[str, ...]]) -> None:
    assert rich_names(value) == names


def test_package_is_hashable() -> None:
    assert isinstance(hash(read_rpm({b"var/lib/rpm/Packages": bdb([DEMO])}).packages[0]), int)
    assert Package("rpm", "a") == Package("rpm", "a")
