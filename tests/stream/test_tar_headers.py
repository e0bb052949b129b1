"""Tar headers that readers disagree about: Go's `archive/tar` is the measure, row by row."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim import analyze
from slim.errors import SlimError
from slim.files.table import Kind, LayerTable
from slim.files.tar import walk
from slim.stream.header import Header
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import (
    END,
    Entry,
    directory,
    extension,
    fifo,
    file,
    hardlink,
    header,
    padded,
    pax_record,
    raw_layer,
    symlink,
    tar,
)
from tests.support.layouts import pack, simple

LIMIT = 1 << 20
INNER = tar([file("smuggled", b"x" * 100)], b"")
"""A tar in the body of a file, for readers that miscount to find."""

Tar = bytes | Iterable[Entry]


def holding(data: Tar) -> Callable[[Path], Path]:
    """An image whose one layer is this tar."""
    whole = data if isinstance(data, bytes) else tar(data)
    return lambda folder: pack(folder, simple(raw_layer(whole)))


def row(id: str, given: str, data: Tar, **outcome: Any) -> Attack:
    return Attack(id=id, given=given, make=holding(data), **outcome)


def refused(id: str, given: str, data: Tar, says: str = "", **more: Any) -> Attack:
    """Not a tar that Go's reader accepts."""
    texts = (says,) if says else ()
    return row(id, given, data, error=more.pop("error", "tar-header"), says=texts, **more)


def files(count: int, size: int | None = None) -> dict[str, int]:
    """How many files the image shows, and of how many bytes."""
    sizes = {} if size is None else {"totals.live_bytes": size}
    return {"totals.live_files": count, **sizes}


def pax(*records: tuple[bytes, bytes], name: str = "f", content: bytes = b"12345") -> Entry:
    return file(name, content, pax=records)


def raw_pax(body: bytes) -> bytes:
    """A PAX header with any body, and a file."""
    return extension(b"x", body) + tar([file("f", b"12345")])


def long_name(name: bytes, flag: bytes = b"L") -> bytes:
    """GNU's extension for a name (L) or a link target (K)."""
    return extension(flag, name + b"\0")


def number(offset: int, value: bytes) -> tuple[tuple[int, bytes], ...]:
    return ((offset, value),)


def typed(flag: bytes, **more: Any) -> Entry:
    return Entry(b"f", flag, **{"content": b"12345", **more})


def sparse_old(logical: int, data: bytes, regions: list[tuple[int, int]], **more: Any) -> Entry:
    """An old GNU sparse entry (GNU tar manual, "Storing Sparse Files")."""
    fields = b"".join(b"%011o\0%011o\0" % region for region in regions[:4])
    patch = ((386, fields.ljust(96, b"\0")), (483, b"%011o\0" % logical))
    return Entry(b"f", b"S", content=data, patch=patch, **more)


def sparse_pax(version: bytes, logical: int, data: bytes, regions: list[tuple[int, int]]) -> Entry:
    """A PAX sparse entry of version 0.0, 0.1 or 1.0."""
    numbers = [b"%d" % value for region in regions for value in region]
    count = b"%d" % len(regions)
    if version == b"1.0":
        text = padded(b"\n".join([count, *numbers]) + b"\n")
        records = [
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"f"),
        ]
        records += [(b"GNU.sparse.realsize", b"%d" % logical)]
        return file("GNUSparseFile.0/f", text + data, pax=tuple(records))
    records = [(b"GNU.sparse.size", b"%d" % logical), (b"GNU.sparse.numblocks", count)]
    if version == b"0.1":
        records += [(b"GNU.sparse.name", b"f"), (b"GNU.sparse.map", b",".join(numbers))]
        return file("GNUSparseFile.0/f", data, pax=tuple(records))
    for offset, length in regions:
        records += [
            (b"GNU.sparse.offset", b"%d" % offset),
            (b"GNU.sparse.numbytes", b"%d" % length),
        ]
    return file("f", data, pax=tuple(records))


REGIONS = [(0, 3), (1000, 2)]
SPARSE = {
    "old": sparse_old(5000, b"12345", REGIONS),
    "0.0": sparse_pax(b"0.0", 5000, b"12345", REGIONS),
    "0.1": sparse_pax(b"0.1", 5000, b"12345", REGIONS),
    "1.0": sparse_pax(b"1.0", 5000, b"12345", REGIONS),
}
HOLE = ((b"GNU.sparse.size", b"%d" % 2**62), (b"GNU.sparse.numblocks", b"0"))
BAD_REGIONS = (
    ("order", "out of order", [(1000, 2), (0, 3)]),
    ("overlap", "that overlap", [(0, 3), (2, 2)]),
    ("outside", "outside the file", [(0, 3), (4999, 2)]),
    ("more", "longer than the data", [(0, 3), (1000, 20)]),
    ("less", "shorter than the data", [(0, 3)]),
)
ONE = tar([file("f", b"12345")], b"")


def signed_sum(entry: Entry) -> bytes:
    """A header whose checksum is over signed bytes, as old tars wrote it."""
    block = bytearray(header(entry))
    block[148:156] = b" " * 8
    total = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


ATTACKS = (
    row(
        "T1",
        "a PAX size over a body that holds another tar, the header's size 0",
        [Entry(b"f", content=INNER, size=0, pax=((b"size", b"%d" % len(INNER)),)), file("g")],
        counts=files(2, len(INNER)),
        outcome="the PAX size counts: what is in the body stays a body",
    ),
    row(
        "T1-smaller",
        "a PAX size smaller than the header's",
        [Entry(b"f", content=b"12345", size=5000, pax=((b"size", b"5"),)), file("g")],
        counts=files(2, 5),
    ),
    *(
        refused(f"T2-{name}", f"a PAX size of {text.decode()!r}", [pax((b"size", text))], "decimal")
        for name, text in (
            ("fraction", b"1.0"),
            ("underscore", b"1_0"),
            ("blank", b" 1"),
            ("unicode", "١".encode()),
            ("negative", b"-1"),
            ("hex", b"0x5"),
            ("exponent", b"5e0"),
            ("63-bit", b"9223372036854775808"),
            ("long", b"9" * 40),
        )
    ),
    refused(
        "T2-plus",
        "a PAX size of '+5'",
        [pax((b"size", b"+5"))],
        "decimal",
        reason="POSIX asks for digits and readers disagree, so slim refuses what Go takes",
    ),
    *(
        row(
            f"T33-{name}",
            f"a PAX record {attribute}, which overlay file systems act upon",
            [directory("d", pax=((attribute.encode(), b"y"),)), file("d/f", b"12345")],
            warns="overlay-attribute",
            counts=files(1, 5),
        )
        for name, attribute in (
            ("opaque", "SCHILY.xattr.trusted.overlay.opaque"),
            ("redirect", "SCHILY.xattr.trusted.overlay.redirect"),
            ("user", "LIBARCHIVE.xattr.user.overlay.whiteout"),
            ("fuse", "SCHILY.xattr.user.fuseoverlayfs.opaque"),
        )
    ),
    row(
        "T33-other",
        "a PAX record of an attribute with a similar name",
        [
            directory("d", pax=((b"SCHILY.xattr.user.overlays.opaque", b"y"),)),
            file("d/f", b"12345"),
        ],
        counts=files(1, 5),
        quiet="overlay-attribute",
    ),
    row("T3", "an empty PAX path", [pax((b"path", b""))], counts=files(1), says=()),
    row("T3-size", "an empty PAX size", [pax((b"size", b""))], counts=files(1, 5)),
    row(
        "T4",
        "a PAX key twice in one header",
        [pax((b"path", b"a"), (b"path", b"b"))],
        warns="duplicate-record",
        counts=files(1),
        outcome="warning duplicate-record: the last one counts",
    ),
    row(
        "T4-headers",
        "two PAX headers for one entry",
        extension(b"x", pax_record(b"size", b"512") + pax_record(b"path", b"a"))
        + extension(b"x", pax_record(b"path", b"b"))
        + tar([file("f", b"12345")]),
        warns="duplicate-extension",
        counts=files(1, 5),
        outcome="warning duplicate-extension: the second replaces the first as a whole",
    ),
    row(
        "T5",
        "a PAX path and a GNU long name",
        extension(b"x", pax_record(b"path", b"pax")) + long_name(b"gnu") + tar([file("f")]),
        warns="mixed-extensions",
        counts=files(1),
    ),
    row(
        "T5-order",
        "a GNU long name and a PAX path",
        long_name(b"gnu") + extension(b"x", pax_record(b"path", b"pax")) + tar([file("f")]),
        warns="mixed-extensions",
        counts=files(1),
    ),
    row(
        "T6",
        "a global PAX header with a comment, as git archive writes",
        extension(b"g", pax_record(b"comment", b"0" * 40)) + tar([file("f", b"12345")]),
        quiet="global-header",
        counts=files(1, 5),
    ),
    row(
        "T6-size",
        "a global PAX header with a path and a size",
        extension(b"g", pax_record(b"size", b"0") + pax_record(b"path", b"evil"))
        + tar([file("f", b"12345"), file("g", b"1")]),
        warns="global-header",
        counts=files(2, 6),
        outcome="warning global-header: it is not applied",
    ),
    row(
        "T6-whiteout",
        "a global PAX header that is named like a whiteout",
        tar([file("f", b"12345"), Entry(b".wh.f", b"g", content=pax_record(b"comment", b"x"))]),
        warns="global-header",
        counts=files(1, 5),
        outcome="warning global-header: it deletes nothing, though with some engines it does",
    ),
    row(
        "T6-directory",
        "a global PAX header that is named like an entry in a directory",
        tar([Entry(b"d/header", b"g", content=pax_record(b"comment", b"x")), file("f", b"12345")]),
        warns="global-header",
        counts=files(1, 5),
        outcome="warning global-header: it makes no directory, though with some engines it does",
    ),
    row(
        "T6-root",
        "a global PAX header with a comment, named as git archive does, after a dot",
        tar([Entry(b"./pax_global_header", b"g", content=pax_record(b"comment", b"x")), file("f")]),
        quiet="global-header",
        counts=files(1),
    ),
    row(
        "T6-forgets",
        "a PAX path, then a global header",
        extension(b"x", pax_record(b"path", b"evil"))
        + extension(b"g", pax_record(b"comment", b"x"))
        + tar([file("f", b"12345")]),
        counts=files(1, 5),
        outcome="what was said about the next entry is forgotten, as in Go",
    ),
    *(
        row(
            f"T7-{name}",
            f"{what} of more than 1 MiB",
            extension(flag, body) + tar([file("f")]),
            error="limit-extension-bytes",
            code=5,
        )
        for name, what, flag, body in (
            ("pax", "a PAX header", b"x", pax_record(b"comment", b"x" * LIMIT)),
            ("global", "a global PAX header", b"g", pax_record(b"comment", b"x" * LIMIT)),
            ("name", "a GNU long name", b"L", b"x" * (LIMIT + 1)),
            ("link", "a GNU long link", b"K", b"x" * (LIMIT + 1)),
        )
    ),
    row(
        "T8",
        "a sparse map of more than 1 MiB",
        [sparse_pax(b"1.0", 10**9, b"x" * 150_000, [(n * 4, 1) for n in range(150_000)])],
        error="limit-extension-bytes",
        code=5,
    ),
    *(
        refused(
            f"T8-{name}-{version}",
            f"a sparse map with regions {what} (version {version})",
            [
                sparse_old(5000, b"12345", regions)
                if version == "old"
                else sparse_pax(version.encode(), 5000, b"12345", regions)
            ],
            "sparse map",
        )
        for name, what, regions in BAD_REGIONS
        for version in SPARSE
    ),
    refused(
        "T8-cut",
        "a sparse map that is cut off",
        [file("f", b"2\n0\n", pax=((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0")))],
        "sparse map",
    ),
    *(
        row(
            f"T9-{version}",
            f"a file of 5,000 bytes of which 5 are stored (version {version})",
            [entry, file("g", b"1")],
            warns="sparse",
            counts=files(2, 5001),
        )
        for version, entry in SPARSE.items()
    ),
    row(
        "T9-hole",
        "a file that is only a hole",
        [sparse_pax(b"1.0", 10_000, b"", [(10_000, 0)])],
        warns="sparse",
        counts=files(1, 10_000),
    ),
    row(
        "T9-absurd",
        "sparse files of 2^63 bytes together",
        [
            file(name, pax=((b"GNU.sparse.major", b"0"), (b"GNU.sparse.minor", b"1"), *HOLE))
            for name in ("f", "g")
        ],
        error="absurd-sizes",
    ),
    refused(
        "T10",
        "a wrong checksum in the first header",
        [file("f", checksum=b"0000000\0")],
        "checksum",
    ),
    refused(
        "T10-later",
        "a wrong checksum in a later header",
        [file("f", b"1"), file("g", checksum=b"0000000\0")],
        "offset 1,024",
    ),
    refused("T11", "one zero block between entries", ONE + bytes(512) + ONE + END, "zero block"),
    row(
        "T12",
        "entries after the end of the archive",
        ONE + END + ONE + bytes(3000),
        warns="data-after-end",
        says=("517 bytes after the end",),
        counts={**files(1, 5), "totals.tar_bytes": 2 * len(ONE + END) + 3000 - len(END)},
    ),
    row(
        "T12-zeros",
        "zeros up to a full record after the end",
        ONE + END + bytes(20 * 512),
        quiet="data-after-end",
        counts=files(1, 5),
    ),
    row("T13", "no end of the archive", ONE, warns="missing-eoa", counts=files(1, 5)),
    row("T13-half", "half of the end of the archive", ONE + bytes(512), counts=files(1, 5)),
    row("T13-nothing", "only the end of an archive", END, counts=files(0, 0)),
    row("T14", "the end of the data inside a header", ONE + ONE[:300], error="tar-truncated"),
    row("T14-body", "the end of the data inside a body", ONE + ONE[:514], error="tar-truncated"),
    row(
        "T14-extension",
        "the end of the data inside an extension",
        ONE + extension(b"x", pax_record(b"path", b"x" * 600))[:1000],
        error="tar-truncated",
    ),
    row("T15", "the end of the data inside the last padding", ONE[:520], counts=files(1, 5)),
    *(
        refused(f"T16-{name}", f"a size of {what}", [file("f", b"1", patch=number(124, value))])
        for name, what, value in (
            ("garbage", "12 octal digits with a letter", b"0000000001x\0"),
            ("nine", "octal digits with a 9", b"00000000009\0"),
            ("minus", "-1 in octal", b"-0000000001\0"),
            ("negative", "-1 in base 256", b"\xff" * 12),
            ("huge", "2^63 in base 256", b"\x80\0\0\0\x80" + bytes(7)),
            ("larger", "2^88 in base 256", b"\x80\1" + bytes(10)),
            ("inner", "digits with blanks between", b"000 000 001\0"),
        )
    ),
    *(
        refused(
            f"T16-{name}",
            f"{what} that is not a number",
            [file("f", b"1", patch=number(at, b"zzzzzz\0 "))],
        )
        for name, what, at in (
            ("mode", "a mode", 100),
            ("uid", "a user id", 108),
            ("gid", "a group id", 116),
            ("major", "a device number", 329),
        )
    ),
    row(
        "T17",
        "a size in base 256",
        [file("f", b"12345", patch=number(124, b"\x80" + bytes(10) + b"\5"))],
        counts=files(1, 5),
    ),
    row(
        "T17-octal",
        "a size of 12 octal digits without NUL",
        [file("f", b"12345", patch=number(124, b"000000000005"))],
        counts=files(1, 5),
    ),
    row(
        "T17-blank",
        "a size with blanks around it",
        [file("f", b"12345", patch=number(124, b"         5 \0"))],
        counts=files(1, 5),
    ),
    row(
        "T17-large",
        "a file of 8 GiB that is cut off",
        [file("f", size=8 << 30)],
        error="tar-truncated",
    ),
    *(
        row(
            f"T18-{flag}",
            f"type {flag} with a size: a tar where its body would be",
            [Entry(b"e", flag.encode(), link=b"f", size=len(INNER)), file("g", b"1")],
            warns="" if flag == "5" else "size-without-data",
            counts={"totals.live_bytes": 1},
            outcome="no body: the next block is the next header, as in Go",
            reason="sizes on directories are harmless and old writers set them"
            if flag == "5"
            else "",
        )
        for flag in "123456"
    ),
    row(
        "T18-smuggle",
        "a symbolic link with a size, and a tar behind it",
        tar([symlink("l", "f", size=len(INNER))], b"") + INNER + tar([file("g", b"1")]),
        warns="size-without-data",
        counts=files(2, 101),
        outcome="warning size-without-data: the tar behind it is entries, as in Go",
    ),
    row("T19", "type 7", [typed(b"7")], warns="unsupported-type", counts=files(1, 5)),
    *(
        row(
            f"T20-{flag}",
            f"type {flag} with a body",
            [typed(flag.encode()), file("g", b"1")],
            warns="unsupported-type",
            counts=files(1, 1),
            outcome="warning unsupported-type: no file, its bytes are counted apart",
        )
        for flag in "DVXZAMN"
    ),
    row(
        "T21",
        "an old GNU sparse entry",
        [SPARSE["old"]],
        warns="unsupported-type sparse",
        counts=files(1, 5000),
    ),
    refused("T21-pax", "type S outside GNU format", [typed(b"S", patch=((257, b"ustar\x0000"),))]),
    row(
        "T22",
        "type NUL, named with a trailing slash",
        [Entry(b"d/", b"\0"), file("d/f", b"1")],
        counts=files(1, 1),
        outcome="a directory",
    ),
    row(
        "T22-regular",
        "type 0, named with a trailing slash",
        [file("x/", b"12345")],
        counts=files(1, 5),
        outcome="a regular file named without it",
    ),
    row("T22-old", "type NUL", [Entry(b"f", b"\0", content=b"12345")], counts=files(1, 5)),
    refused("T24", "a NUL byte in a PAX path", [pax((b"path", b"a\0b"))], "NUL"),
    refused("T24-link", "a NUL byte in a PAX link path", [pax((b"linkpath", b"a\0b"))], "NUL"),
    *(
        refused(f"T27-{name}", f"a PAX record {what}", raw_pax(body), "extension record")
        for name, what, body in (
            ("zero", "of length 0", b"0 path=evil\n"),
            ("past", "longer than the header", b"99 path=evil\n"),
            ("short", "shorter than it is", b"8 path=evil\n"),
            ("no-equals", "without an equals sign", b"12 pathevil\n"),
            ("no-newline", "without a newline", b"13 path=evil "),
            ("no-key", "without a key", b"9 =evil\n\n"),
            ("no-length", "without a length", b"path=evil\n"),
            ("negative", "of negative length", b"-13 path=evil\n"),
            ("letters", "with letters as its length", b"1a path=evil\n"),
            ("blank", "with a blank before its length", b" 13 path=evil\n"),
            ("long", "with a length of 30 digits", b"0" * 28 + b"13 path=evil\n"),
            ("rest", "followed by NUL bytes", pax_record(b"path", b"evil") + b"\0\0\0\0"),
        )
    ),
    row(
        "T27-zeros",
        "a PAX record with a leading zero in its length",
        raw_pax(b"014 path=evil\n"),
        counts=files(1, 5),
        reason="Go takes it (1.24 was tried), and so does Python",
    ),
    row(
        "T28",
        "a PAX header without an entry",
        ONE + extension(b"x", pax_record(b"path", b"x")) + END,
        warns="dangling-extension",
        counts=files(1, 5),
    ),
    row(
        "T28-eof",
        "a GNU long name at the end of the data",
        ONE + long_name(b"x"),
        warns="dangling-extension",
        counts=files(1, 5),
    ),
    row(
        "T29",
        "an entry without a name",
        [Entry(b"", content=b"12345"), file("f", b"1")],
        warns="empty-name",
        counts=files(1, 1),
    ),
    *(
        row(f"T30-{name}", f"a time {what}", [entry], counts=files(1, 5))
        for name, what, entry in (
            ("negative", "before 1970", file("f", b"12345", patch=number(136, b"\xff" * 12))),
            ("fraction", "with a fraction", pax((b"mtime", b"-1.25"), (b"atime", b"1748089464."))),
            ("empty", "of blanks", file("f", b"12345", patch=number(136, b" " * 12))),
        )
    ),
    *(
        refused(f"T30-{name}", f"a time {what}", [entry])
        for name, what, entry in (
            (
                "garbage",
                "that is no number",
                file("f", b"12345", patch=number(136, b"zzzzzzzzzzz\0")),
            ),
            ("letter", "with a letter at its end", pax((b"mtime", b"1748089464.951928467a"))),
            ("pax", "that is no number, in PAX", pax((b"mtime", b"yesterday"))),
            ("exponent", "with an exponent", pax((b"atime", b"1e9"))),
            ("overflow", "beyond 63 bits", pax((b"ctime", b"9" * 30))),
            ("point", "without seconds", pax((b"mtime", b".5"))),
        )
    ),
    row(
        "T31",
        "a checksum over signed bytes",
        signed_sum(file("f\xe9".encode("latin-1"), b"12345")) + padded(b"12345") + END,
        counts=files(1, 5),
    ),
    Attack(
        id="T32",
        given="very many headers",
        outcome="work in proportion to their number, whatever they are",
        proof="test_twice_the_entries_are_twice_the_lines",
    ),
)


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_tar_headers(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def table_of(data: bytes, *, exact: bool = False, steps: Iterable[int] = ()) -> LayerTable:
    """The rows of a tar; `exact` turns the fast path off, `steps` are the sizes of the chunks."""
    headers: list[Header] = []
    table = LayerTable()
    walker = walk(table, seen=headers.append) if exact else walk(table)
    next(walker)
    at = 0
    for step in (*steps, len(data)):
        if piece := data[at : at + step]:
            walker.send(piece)
        at += step
    with suppress(StopIteration):
        walker.send(b"")
        raise AssertionError("the end of the data is the end of the walk")
    return table


def paths(items: Tar) -> list[bytes]:
    table = table_of(items if isinstance(items, bytes) else tar(items))
    return [table.path(row) for row in range(len(table))]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (tar([pax((b"path", b""))]), b"f"),
        (tar([pax((b"path", b"a"), (b"path", b"b"))]), b"b"),
        (
            extension(b"x", pax_record(b"path", b"a"))
            + extension(b"x", pax_record(b"uid", b"1"))
            + ONE,
            b"f",
        ),
        (extension(b"x", pax_record(b"path", b"pax")) + long_name(b"gnu") + ONE, b"gnu"),
        (long_name(b"gnu") + extension(b"x", pax_record(b"path", b"pax")) + ONE, b"gnu"),
        (long_name(b"one") + long_name(b"two") + ONE, b"two"),
        (long_name(b"cut\0off") + ONE, b"cut"),
        (long_name(b"") + ONE, b"f"),
        (raw_pax(b"014 path=evil\n"), b"evil"),
        (tar([file("x/", b"1")]), b"x"),
        (tar([file(b"caf\xe9")]), b"caf\xe9"),
        (tar([file(b"a\\b")]), b"a\\b"),
        # T23: a prefix belongs to ustar; old GNU headers keep times there, v7 headers nothing
        (tar([file("f", patch=((257, b"ustar\x0000"), (345, b"pre/fix")))]), b"pre/fix/f"),
        (tar([file("f", patch=((257, b"ustar\x0000"), (345, b"pre"), (508, b"tar\0")))]), b"pre/f"),
        (tar([file("f", patch=((257, b"ustar  \0"), (345, b"%011o\0" % 10**9)))]), b"f"),
        (tar([file("f", patch=((257, b"ustar  \0"), (345, b"prefix")))]), b"prefix/f"),
        (tar([file("f", patch=((257, b"ustar  \0"), (345, b"pr\xe9fix")))]), b"f"),
        (tar([file("f", patch=((257, bytes(8)), (345, b"prefix")))]), b"f"),
    ],
)
def test_names_are_those_that_go_reads(data: bytes, name: bytes) -> None:
    assert paths(data) == [name]


def test_a_name_that_is_not_utf_8_is_kept(tmp_path: Path) -> None:
    report = analyze(holding([file(b"caf\xe9\xff", b"1")])(tmp_path))
    example = report.largest_files[0]
    assert example.path == "caf\ufffd\ufffd"
    assert example.path_b64 == "Y2Fm6f8="


def test_a_sparse_file_has_two_sizes() -> None:
    for entry in SPARSE.values():
        table = table_of(tar([entry]))
        assert (table.kind[0], table.size[0], table.stored[0]) == (Kind.FILE, 5000, 5)
        assert table.path(0) == b"f"


def test_an_old_sparse_map_may_go_on_in_further_blocks() -> None:
    regions = [(index * 1000, 1) for index in range(30)]
    more = b"".join(b"%011o\0%011o\0" % region for region in regions[4:25]).ljust(504, b"\0")
    last = b"".join(b"%011o\0%011o\0" % region for region in regions[25:]).ljust(504, b"\0")
    entry = sparse_old(30_000, b"", regions[:4], size=30)
    first = bytearray(header(entry))
    first[482] = 1
    first[148:156] = b" " * 8
    first[148:156] = b"%06o\0 " % sum(first)
    data = bytes(first) + more + b"\1".ljust(8, b"\0") + last + bytes(8) + padded(b"x" * 30)
    table = table_of(data + ONE + END)
    assert list(table.size) == [30_000, 5]
    assert list(table.stored) == [30, 5]


NAMES = st.lists(
    st.sampled_from(["a", "b", "ln", ".", "..", "", ".wh.a", ".wh..wh..opq", "é", "x" * 60]),
    min_size=1,
    max_size=4,
).map("/".join)
CONTENTS = st.sampled_from([b"", b"1", b"22" * 300, bytes(512), b"\0\1" * 700])
PATCHES = st.sampled_from(
    [
        (),
        ((124, b"         1 \0"),),
        ((124, b"\x80" + bytes(10) + b"\1"),),
        ((257, b"ustar\x0000"),),
        ((257, b"ustar\x0000"), (345, b"pre")),
        ((257, bytes(8)),),
        ((100, b"0000755 "),),
        ((108, b"\x80" + bytes(6) + b"\1"),),
        ((265, b"root\0"),),
    ]
)
RECORDS = st.lists(
    st.sampled_from(
        [
            (b"path", b"a/pax"),
            (b"path", b"ln/pax/"),
            (b"path", b"d/" + b"p" * 600),
            (b"path", b""),
            (b"linkpath", b"ln/pax"),
            (b"mtime", b"1700000000.123456789"),
            (b"mtime", b"1.x"),
            (b"atime", b"-1"),
            (b"size", b"1"),
            (b"uid", b"7"),
            (b"gname", b"staff"),
            (b"SCHILY.xattr.security.capability", b"\xff"),
            (b"SCHILY.xattr.trusted.overlay.opaque", b"y"),
            (b"GNU.sparse.name", b"s"),
        ]
    ),
    min_size=1,
    max_size=3,
).map(tuple)
ENTRIES = (
    st.builds(file, NAMES, CONTENTS)
    | st.builds(file, NAMES, CONTENTS, mode=st.sampled_from([0o644, 0o4755]), uid=st.integers(0, 3))
    | st.builds(file, NAMES, st.just(b"1"), patch=PATCHES)
    | st.builds(directory, NAMES.map(lambda name: name + "/"))
    | st.builds(directory, NAMES)
    | st.builds(symlink, NAMES, NAMES, patch=PATCHES)
    | st.builds(hardlink, NAMES, NAMES, patch=PATCHES)
    | st.builds(file, NAMES, CONTENTS, pax=RECORDS, patch=PATCHES)
    | st.builds(directory, NAMES.map(lambda name: name + "/"), pax=RECORDS)
    | st.builds(symlink, NAMES, NAMES, pax=RECORDS)
    | st.builds(hardlink, NAMES, NAMES, pax=RECORDS)
    | st.builds(fifo, NAMES)
    | st.builds(lambda name: Entry(name.encode(), b"\0", content=b"1"), NAMES)
)
LONG_NAMES = st.sampled_from(
    [
        *[b""] * 8,
        *(
            long_name(name)
            for name in (b"d/" * 60 + b"f", b"d/" * 60, b"", b"cut\0off", b"x" * 600)
        ),
        long_name(b"ln/" * 40, b"K"),
        long_name(b"first") + long_name(b"second"),
    ]
)
"""In front of entries, as GNU tar writes names of more than 100 bytes; mostly none."""
ENDS = st.sampled_from([END, b"", bytes(512), END + b"x", END + bytes(3000)])


@given(
    st.lists(st.tuples(LONG_NAMES, ENTRIES), max_size=12), ENDS, st.randoms(use_true_random=False)
)
def test_the_fast_path_reads_what_the_exact_path_reads(
    items: list[tuple[bytes, Entry]], end: bytes, draw: random.Random
) -> None:
    """Whatever the chunks, from one byte to the whole."""
    data = b"".join(named + tar([item], b"") for named, item in items) + end
    steps = [draw.choice((1, 2, 511, 512, 513, 1000, 4096)) for _ in range(len(data) // 300)]
    exact = outcome(data, exact=True)
    assert outcome(data) == exact
    assert outcome(data, steps=steps) == exact
    assert outcome(data, exact=True, steps=steps) == exact


@pytest.mark.parametrize("name", ["../a", "ln/a", "ln/."])
def test_both_paths_give_the_same_warning(name: str) -> None:
    data = tar([file("f"), symlink("ln", "d"), file(name), file(name), fifo(name + "b")])
    fast, exact = (table_of(data, exact=exact).warnings for exact in (False, True))
    assert {id: (warning.path, warning.count) for id, warning in fast.items()} == {
        id: (warning.path, warning.count) for id, warning in exact.items()
    }


@given(st.lists(ENTRIES, min_size=1, max_size=3), st.data())
def test_both_paths_refuse_alike(items: list[Entry], data: st.DataObject) -> None:
    """Also what is damaged or cut off: the same rows, or the same error."""
    whole = bytearray(tar(items))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert outcome(damaged) == outcome(damaged, exact=True)


def outcome(data: bytes, *, exact: bool = False, steps: Iterable[int] = ()) -> object:
    """Everything that a table says of its entries, by path; or the error."""
    try:
        table = table_of(data, exact=exact, steps=steps)
    except SlimError as error:
        return error.slug, error.message
    rows = [
        (
            table.path(row),
            Kind(table.kind[row]),
            table.size[row],
            table.stored[row],
            table.data[row],
            table.digest(row),
            table.links.get(row),
        )
        for row in range(len(table))
    ]
    warnings = {id: warning.count for id, warning in table.warnings.items()}
    return rows, table.tar_bytes, table.end, warnings


@pytest.mark.parametrize("step", [1, 511, 512, 513, 1 << 16])
def test_one_byte_at_a_time_is_enough(step: int) -> None:
    data = tar([file("a/b", b"1" * 700), directory("d"), *SPARSE.values(), pax((b"uid", b"7"))])
    steps = [step] * (len(data) // step)
    assert outcome(data, steps=steps) == outcome(data)
