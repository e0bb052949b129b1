"""rpm's database as SQLite: Fedora, RHEL 9 and what is made of them.

`rpmdb.sqlite` has a table `Packages` of (hnum, blob); what has not been written back yet is in
`rpmdb.sqlite-wal`. The file is opened from memory, and as little of SQLite as possible is trusted: no
views or virtual tables, bounded steps, bounded values.
Source: sqlite.org, "Database File Format" §1.3 and §4 (the write-ahead log), "Defense Against The Dark
Arts".
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing

from slim.ecosystems.rpm.header import MAX_HEADER_BYTES, RpmError

MAGIC = b"SQLite format 3\0"
_WAL_MAGIC = (0x377F0682, 0x377F0683)
"""Checksums over little endian words, and over big endian ones."""
_WAL_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAX_STEPS = 50_000_000
_STEP = 100_000


def sqlite_headers(database: bytes, log: bytes = b"") -> Iterator[bytes]:
    """The header blobs; `log` is the content of the write-ahead log beside the database.

    Raises:
        RpmError: no database, or one that SQLite cannot read.
    """
    image = apply_log(database, log)
    if image[:16] != MAGIC or len(image) < 512:
        raise RpmError("it is no SQLite database")
    # 2 means "has a write-ahead log", which a database in memory cannot have.
    image[18:20] = b"\1\1"
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield from _rows(connection, bytes(image))
    except (sqlite3.Error, OverflowError, MemoryError) as error:
        raise RpmError(f"SQLite says: {error}") from None


def _rows(connection: sqlite3.Connection, image: bytes) -> Iterator[bytes]:
    if not hasattr(connection, "deserialize"):
        raise RpmError("this Python cannot open a SQLite database in memory")
    steps = 0

    def interrupt() -> bool:
        nonlocal steps
        steps += _STEP
        return steps > _MAX_STEPS

    connection.deserialize(image)
    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_HEADER_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_progress_handler(interrupt, _STEP)
    for pragma in ("trusted_schema = off", "query_only = on", "cell_size_check = on"):
        connection.execute(f"PRAGMA {pragma}")
    tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    if connection.execute(f"{tables} AND name = 'Packages'").fetchone() != (1,):
        raise RpmError("it has no table Packages")
    for (blob,) in connection.execute("SELECT blob FROM Packages"):
        if isinstance(blob, bytes):
            yield blob


def apply_log(database: bytes, log: bytes) -> bytearray:
    """The database with the committed pages of its write-ahead log.

    A frame counts if it carries the log's salts and the checksum over all before it; frames after the
    last commit are an unfinished transaction. A log that cannot be read changes nothing.
    """
    image = bytearray(database)
    if len(log) < _WAL_HEADER.size:
        return image
    magic, _, page_size, _, salt1, salt2, sum1, sum2 = _WAL_HEADER.unpack_from(log)
    if magic not in _WAL_MAGIC or not _is_page_size(page_size):
        return image
    order = ">" if magic & 1 else "<"
    checksum = _checksum(log[: _WAL_HEADER.size - 8], order, (0, 0))
    if checksum != (sum1, sum2):
        return image
    step = _FRAME.size + page_size
    committed: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    size = 0
    for at in range(_WAL_HEADER.size, len(log) - step + 1, step):
        number, pages, frame1, frame2, sum1, sum2 = _FRAME.unpack_from(log, at)
        page = log[at + _FRAME.size : at + step]
        checksum = _checksum(page, order, _checksum(log[at : at + 8], order, checksum))
        if (frame1, frame2) != (salt1, salt2) or checksum != (sum1, sum2):
            break
        pending[number] = page
        if pages:
            committed.update(pending)
            pending.clear()
            size = pages * page_size
    # A commit cannot make more pages than there are in both files.
    if not 0 < size <= len(database) + len(log):
        return image
    image.extend(bytes(max(0, size - len(image))))
    del image[size:]
    for number, page in committed.items():
        if 0 < number * page_size <= size:
            image[(number - 1) * page_size : number * page_size] = page
    return image


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65536 and not size & (size - 1)


def _checksum(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum: two sums that feed each other, over pairs of 32-bit words."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
