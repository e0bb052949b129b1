"""A store: what is known of a fleet, in files that a killed scan leaves whole.

    store.json                     version of the schema
    tables/DIGEST-VARIANT.table    a layer's table, for images that are analyzed later
    pending/layer-DIGEST.rows      rows of one layer or image that are not among the tables yet
    pending/image-KEY.rows
    files/N.parquet  layers/N.parquet      segments that only grow, `layers` written last
    images/X.parquet  findings/X.parquet … images by the first digit of their keys
    scans/N.parquet                what the scan N ended with

Workers write tables and pending rows, each file whole or not at all; `merge` turns pending rows into Parquet.
It can be cut off anywhere and done again. A file whose name is none of these is left alone.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping

import msgspec

from slim.errors import InputError, UsageError
from slim.files.extract.texts import Keeps
from slim.files.table import LayerTable, unread
from slim.files.table_bytes import FORMAT, pack, unpack
from slim.fleet.folder import Folder
from slim.fleet.schema import IMAGE_TABLES, LAYER_TABLES, SCHEMA
from slim.patterns import regex
from slim.version import VERSION

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ABOUT = "store.json"
PENDING = "pending"
_LEVEL = 1
_PARQUET = regex(r"[0-9a-f]{1,64}\.parquet", re.ASCII)
_TABLE = regex(r"([a-z0-9+._]{1,20})-([0-9a-f]{32,128})-([0-9a-f]{12})\.table", re.ASCII)
_ROWS = regex(r"(layer|image)-([0-9a-z_.-]{1,150})\.rows", re.ASCII)
_LARGEST = 1 << 31
"""Bytes of pending rows, decompressed."""


class About(msgspec.Struct, frozen=True):
    """What a store says of itself."""

    schema: int
    tool: str


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    extra: frozenset[bytes]
    """The paths of the files that were kept by name."""
    table: bytes


_ABOUT = msgspec.json.Decoder(About)
_KEPT = msgspec.msgpack.Decoder(_Kept)
Rows = Mapping[str, Iterable[bytes]]
"""Table → its rows, each a JSON object on one line."""


class Store:
    """The files of a store by what they are."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def check(self, *, create: bool = False) -> None:
        """See to it that this is a store that this version reads.

        Raises:
            UsageError: there is none.
            InputError: it is none, or of another schema.
        """
        data = self.folder.read(ABOUT)
        if data is None:
            if not create:
                raise UsageError(
                    "no-store",
                    f"there is no store in {self.folder.place!r}",
                    "slim fleet scan SOURCE… --store DIR makes one",
                )
            self.folder.write(ABOUT, msgspec.json.encode(About(SCHEMA, VERSION)) + b"\n")
            return
        try:
            about = _ABOUT.decode(data)
        except msgspec.DecodeError:
            raise InputError(
                "bad-store",
                f"{self.folder.place!r} is not a store: its {ABOUT} cannot be read",
                "name another folder, or remove this one and scan again",
            ) from None
        if about.schema != SCHEMA:
            raise InputError(
                "other-schema",
                f"the store {self.folder.place!r} has schema {about.schema}; this slim reads {SCHEMA}",
                "scan into a new folder, or use the version of slim that wrote it",
            )

    def load_table(
        self, digest: str, keeps: Keeps, paths: Iterable[bytes] = ()
    ) -> LayerTable | None:
        """The table of a blob, if it is there with the contents of these paths."""
        data = self.folder.read(self._table(digest, keeps))
        if data is None:
            return None
        try:
            kept = _KEPT.decode(data)
        except msgspec.DecodeError:
            return None
        table = unpack(kept.table)
        if table is None or table.blob_digest != digest:
            return None
        if unread(table, frozenset(paths) - kept.extra) is not None:
            return None
        return table

    def extra_of(self, digest: str, keeps: Keeps) -> frozenset[bytes]:
        """The paths that the table of a blob was made for."""
        try:
            return _KEPT.decode(self.folder.read(self._table(digest, keeps)) or b"").extra
        except msgspec.DecodeError:
            return frozenset()

    def tables(self, keeps: Keeps) -> frozenset[str]:
        """The digests whose tables are there, be they damaged or not."""
        found = (_TABLE.fullmatch(name) for name in self.folder.names("tables"))
        variant = _variant(keeps)
        return frozenset(f"{each[1]}:{each[2]}" for each in found if each and each[3] == variant)

    def keep_table(self, table: LayerTable, keeps: Keeps, extra: frozenset[bytes]) -> bool:
        """Keep the table of a blob whose digest was computed; False for names that no table file holds."""
        packed = pack(table)
        if packed is None:
            return False
        data = msgspec.msgpack.encode(_Kept(extra, packed))
        self.folder.write(self._table(table.blob_digest, keeps), data)
        return True

    def _table(self, digest: str, keeps: Keeps) -> str:
        return f"tables/{file_name(digest)}-{_variant(keeps)}.table"

    def add_pending(self, kind: str, key: str, rows: Rows) -> None:
        """Keep the rows of one `layer` or `image` until they are merged."""
        lines = [
            b"%s\t%s\n" % (table.encode(), line) for table, found in rows.items() for line in found
        ]
        self.folder.write(f"{PENDING}/{kind}-{key}.rows", zstd.compress(b"".join(lines), _LEVEL))

    def pending(self) -> dict[str, list[str]]:
        """The keys of pending rows by kind, `layer` and `image`."""
        found: dict[str, list[str]] = {"layer": [], "image": []}
        for name in self.folder.names(PENDING):
            if parts := _ROWS.fullmatch(name):
                found[parts[1]].append(parts[2])
        return found

    def pending_rows(self, kind: str, key: str) -> dict[str, list[bytes]]:
        """Pending rows; none where the file is damaged: whatever they were of is done again."""
        data = self.folder.read(f"{PENDING}/{kind}-{key}.rows") or b""
        try:
            text = zstd.decompress(data) if data else b""
            text.decode()
        except (zstd.ZstdError, UnicodeDecodeError):
            text = b""
        known = LAYER_TABLES if kind == "layer" else IMAGE_TABLES
        found: dict[str, list[bytes]] = {table: [] for table in known}
        for line in text.splitlines():
            table, _, row = line.partition(b"\t")
            if (name := table.decode("ascii", "replace")) in found:
                found[name].append(row)
        return found

    def forget_pending(self, kind: str, keys: Iterable[str]) -> None:
        """Remove pending rows that have been merged."""
        for key in keys:
            self.folder.remove(f"{PENDING}/{kind}-{key}.rows")

    def parquet(self, table: str) -> list[str]:
        """The names of a table's Parquet files, folder included."""
        return [f"{table}/{name}" for name in self.folder.names(table) if _PARQUET.fullmatch(name)]

    def next_scan(self) -> int:
        """The number of a scan that begins now."""
        numbers = [
            int(name.partition("/")[2].partition(".")[0])
            for name in self.parquet("scans")
            if name.partition("/")[2].partition(".")[0].isdecimal()
        ]
        return max(numbers, default=0) + 1


def _variant(keeps: Keeps) -> str:
    """What else a table depends on beside the blob."""
    return hashlib.sha256(f"{VERSION} {FORMAT} {keeps.digest}".encode()).hexdigest()[:12]


def file_name(digest: str) -> str:
    """A checked digest as a part of a file's name."""
    return digest.replace(":", "-")
