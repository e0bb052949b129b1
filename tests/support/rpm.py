"""rpm databases in all three forms, made record by record."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence

NAME, VERSION, RELEASE, EPOCH, GROUP, ARCH, SOURCE = 1000, 1001, 1002, 1003, 1016, 1022, 1044
OLD_FILES, FLAGS, INDEXES, BASES, DIRS = 1027, 1037, 1116, 1117, 1118
PROVIDES, REQUIRES, RECOMMENDS, SUPPLEMENTS = 1047, 1049, 5046, 5052
INT32, STRING, ARRAY, I18N = 4, 6, 8, 9
Value = str | Sequence[str] | Sequence[int]


def header(tags: dict[int, Value]) -> bytes:
    """A header blob as the databases store it: without magic, numbers aligned."""
    entries, store = b"", b""
    for tag, value in tags.items():
        count = 1 if isinstance(value, str) else len(value)
        if isinstance(value, str):
            kind, data = (I18N if tag == GROUP else STRING), value.encode() + b"\0"
        elif value and isinstance(value[0], int):
            kind, data = INT32, struct.pack(f">{count}I", *value)
            store += bytes(-len(store) % 4)
        else:
            kind, data = ARRAY, b"".join(str(text).encode() + b"\0" for text in value)
        entries += struct.pack(">4I", tag, kind, len(store), count)
        store += data
    return struct.pack(">2I", len(tags), len(store)) + entries + store


def package(name: str, **tags: Value) -> bytes:
    values: dict[int, Value] = {NAME: name, VERSION: "1.0", RELEASE: "2", ARCH: "noarch"}
    return header(values | {globals()[tag]: value for tag, value in tags.items()})


DEMO = package(
    "demo",
    EPOCH=[3],
    GROUP="Applications",
    SOURCE="demos-1.0-2.src.rpm",
    DIRS=["/usr/bin/", "/var/log/"],
    BASES=["demo", "demo.log", "demo2"],
    INDEXES=[0, 1, 0],
    FLAGS=[0, 1 << 6, 0],
    PROVIDES=["demo", "config(demo)"],
    REQUIRES=["/usr/bin/lib", "rpmlib(CompressedFileNames)", "(lib or other)"],
    RECOMMENDS=["extra"],
)

LIB = package("lib", DIRS=["/usr/bin/"], BASES=["lib"], INDEXES=[0])
EXTRA = package("extra", OLD_FILES=["/usr/share/extra"], SUPPLEMENTS=["(demo and lib)"])
BIG = package("big", DIRS=["/usr/"], BASES=[f"{n:0200}" for n in range(200)], INDEXES=[0] * 200)
BLOBS = [DEMO, LIB, EXTRA, BIG]


def sqlite(
    blobs: Sequence[bytes],
    schema: str = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)",
) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute(schema)
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    connection.commit()
    data = bytes(connection.serialize())
    connection.close()
    return data


def ndb(blobs: Sequence[bytes]) -> bytes:
    slots, blocks, at = b"", b"", 256
    for number, blob in enumerate(blobs, 1):
        body = struct.pack("<4s3I", b"BlbS", number, 1, len(blob)) + blob
        body += bytes(-(len(body) + 12) % 16) + struct.pack("<2I4s", 0, len(blob), b"BlbE")
        slots += struct.pack("<4s3I", b"Slot", number, at, len(body) // 16)
        at += len(body) // 16
        blocks += body
    slots += struct.pack("<4s3I", b"Slot", 0, 0, 0) * (254 - len(blobs))
    return struct.pack("<4s7I", b"RpmP", 0, 1, 1, len(blobs) + 1, 0, 0, 0) + slots + blocks


def bdb(blobs: Sequence[bytes], order: str = "<", size: int = 4096) -> bytes:
    """A hash of one page for each value; values that do not fit in are on overflow pages."""
    pages = [b""]
    for number, blob in enumerate([b"count", *blobs]):
        key = b"\1" + struct.pack("<I", number)
        here = len(pages)
        chain = [blob[at : at + size - 26] for at in range(0, len(blob), size - 26)]
        value = b"\1" + blob
        if len(blob) > size // 2:
            value = struct.pack(f"{order}B3xII", 3, here + 1, len(blob))
        ends = struct.pack(f"{order}HH", size - len(key), size - len(key) - len(value))
        head = struct.pack(f"{order}8xIIIHHBB", here, 0, 0, 2, size - len(key) - len(value), 0, 13)
        body = head + ends
        pages.append(body + bytes(size - len(body) - len(value) - len(key)) + value + key)
        if len(blob) > size // 2:
            for at, part in enumerate(chain, 1):
                following = here + at + 1 if at < len(chain) else 0
                numbers = (here + at, here + at - 1, following, 1, len(part), 0, 7)
                page = struct.pack(f"{order}8xIIIHHBB", *numbers) + part
                pages.append(page + bytes(size - len(page)))
    meta = struct.pack(f"{order}8xIIII4x", 0, 0x061561, 9, size)
    pages[0] = meta + bytes(size - len(meta))
    return b"".join(pages)


DATABASES = {
    b"usr/lib/sysimage/rpm/rpmdb.sqlite": sqlite(BLOBS),
    b"var/lib/rpm/Packages.db": ndb(BLOBS),
    b"var/lib/rpm/Packages": bdb(BLOBS),
}
