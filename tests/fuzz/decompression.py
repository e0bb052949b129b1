"""Decompression by magic bytes: gzip, zstd, xz, bzip2, several streams on end.

Oracle: nothing but a SlimError; no output beyond the limit is asked for; checkpoints ascend and end at
both sizes; where the standard library reads all of an input, slim gives the same bytes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Iterator
from itertools import pairwise

from slim.errors import SlimError
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import STEP, inflate
from tests.fuzz.targets import SMALL, assert_clear, corpus
from tests.support import building

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 4 << 20
READERS = {
    "gzip": gzip.decompress,
    "zstd": zstd.decompress,
    "xz": lzma.decompress,
    "bzip2": bz2.decompress,
}


def seeds() -> Iterator[bytes]:
    yield from (data for data in corpus("") if sniff(data) != "none")
    text = bytes(range(256)) * 20
    for members in (1, 3):
        yield building.gzip(text, members)
        yield building.zstandard(text, members)
    yield lzma.compress(text) + lzma.compress(b"more")
    yield bz2.compress(text)
    yield b"\x50\x2a\x4d\x18\x03\0\0\0abc" + building.zstandard(text)
    yield building.gzip(text) + bytes(40)
    yield building.gzip(b"") * 5 + building.gzip(text)


def check(data: bytes) -> None:
    compression, marks = sniff(data), Marks()
    out = bytearray()
    pieces = inflate(
        (data[at : at + 100] for at in range(0, len(data), 100)), compression, marks, SMALL
    )
    try:
        for piece in pieces:
            assert piece
            assert len(piece) <= max(1 << 20, STEP)
            out += piece
            if len(out) > LIMIT:
                return
    except SlimError as error:
        assert_clear(error, 3, 5)
        return
    assert (marks.raw[-1], marks.out[-1]) == (len(data), len(out))
    assert list(marks.raw) == sorted(marks.raw)
    for column in (marks.out, marks.ends):
        assert all(a < b for a, b in pairwise(column))
    if compression != "none" and not marks.zeros and not marks.garbage:
        assert READERS[compression](data) == out
