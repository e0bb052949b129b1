"""GNU sparse maps: how large a file really is when the tar stores only its data.

Four encodings, all checked alike: old GNU (in the header), PAX 0.0 and 0.1 (in records) and PAX 1.0
(in front of the data). Source: Go `src/archive/tar/reader.go`, GNU tar manual "Sparse Formats".
"""

from __future__ import annotations

from slim.stream.header import BLOCK, Header, HeaderError, decimal, number, parse_header

Map = list[tuple[int, int]]
"""(offset, length) of each stored region, ascending."""


def pax_version(records: dict[bytes, bytes]) -> str:
    """`"1.0"`, `"0.1"` (also for 0.0, which `parse_pax` rewrites) or `""` when not sparse."""
    version = (records.get(b"GNU.sparse.major", b""), records.get(b"GNU.sparse.minor", b""))
    if version == (b"1", b"0"):
        return "1.0"
    if version in ((b"0", b"0"), (b"0", b"1")):
        return "0.1"
    if version != (b"", b""):
        return ""
    return "0.1" if records.get(b"GNU.sparse.map") else ""


def apply_names(header: Header, records: dict[bytes, bytes]) -> None:
    """The real name and size of a PAX sparse file.

    Raises:
        HeaderError: the size is not a number.
    """
    header.name = records.get(b"GNU.sparse.name") or header.name
    size = records.get(b"GNU.sparse.size") or records.get(b"GNU.sparse.realsize")
    if size:
        header.size = decimal(size)


def map_in_records(records: dict[bytes, bytes]) -> Map:
    """The map of PAX 0.1.

    Raises:
        HeaderError: the count does not fit the map, or a number is none.
    """
    count = decimal(records.get(b"GNU.sparse.numblocks", b""))
    text = records.get(b"GNU.sparse.map", b"")
    numbers = text.split(b",") if text else []
    if len(numbers) != 2 * count:
        raise HeaderError("sparse map of the wrong length")
    return _pairs(numbers)


def map_in_text(text: bytes) -> tuple[Map, int] | None:
    """The map of PAX 1.0 at the start of the body: (map, bytes it takes); None to ask for more.

    Raises:
        HeaderError: a number is none.
    """
    first = text.find(b"\n")
    if first < 0:
        return None
    count = decimal(text[:first])
    lines = text.split(b"\n")
    if len(lines) <= 2 * count + 1:
        return None
    used = sum(len(line) + 1 for line in lines[: 2 * count + 1])
    return _pairs(lines[1 : 2 * count + 1]), (used + BLOCK - 1) // BLOCK * BLOCK


def map_in_header(block: bytes) -> tuple[Map, int, bool]:
    """Old GNU: (map, real size, whether an extension block follows).

    Raises:
        HeaderError: the header is not of GNU format, or a number is none.
    """
    if not parse_header(block).gnu:
        raise HeaderError("old sparse entry outside GNU format")
    return _regions(block, 386, 4), number(block[483:495]), block[482] != 0


def map_in_extension(block: bytes) -> tuple[Map, bool]:
    """A continuation block of an old GNU map: (map, whether another follows)."""
    return _regions(block, 0, 21), block[504] != 0


def check(regions: Map, size: int, stored: int) -> None:
    """Regions are ordered, inside the file, and account for all stored bytes.

    Raises:
        HeaderError: they do not.
    """
    end = total = 0
    for offset, length in regions:
        if offset < end or length < 0 or offset + length > size:
            raise HeaderError("sparse map out of order or out of the file")
        end = offset + length
        total += length
    if total != stored:
        raise HeaderError(f"sparse map describes {total} bytes, the entry stores {stored}")


def _pairs(numbers: list[bytes]) -> Map:
    values = [decimal(number) for number in numbers]
    return list(zip(values[::2], values[1::2], strict=True))


def _regions(block: bytes, at: int, count: int) -> Map:
    regions: Map = []
    for start in range(at, at + 24 * count, 24):
        if block[start] == 0:
            break
        regions.append((number(block[start : start + 12]), number(block[start + 12 : start + 24])))
    return regions
