"""Compressed layers: one gzip member or zstd frame, the same bytes whatever the number of threads."""

from __future__ import annotations

import gzip
import random
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from slim.errors import UsageError
from slim.limits import DEFAULT_LIMITS
from slim.repack.compressors import Compression, compressed, parse_compression
from slim.stream.compression import Marks
from slim.stream.inflate import inflate

DATA = b"".join(bytes([n % 251]) * (n % 97) for n in range(40_000))


@pytest.mark.parametrize("size", [0, 1, 1 << 19, (1 << 19) + 1, len(DATA)])
@pytest.mark.parametrize("name", ["gzip:9", "gzip:1", "zstd:3", "none"])
def test_round_trip(name: str, size: int) -> None:
    how = parse_compression(name)
    draw = random.Random(size)  # noqa: S311
    results = set()
    for threads in (1, 4):
        data, pieces = DATA[:size], []
        while data:
            cut = draw.randint(1, 1 << 18)
            pieces.append(data[:cut])
            data = data[cut:]
        with ThreadPoolExecutor(threads) as pool:
            results.add(b"".join(compressed(pieces, how, pool, threads)))
    (result,) = results
    assert b"".join(inflate([result], how.name, Marks(), DEFAULT_LIMITS)) == DATA[:size]


def test_gzip_is_one_member_without_time_that_others_read() -> None:
    with ThreadPoolExecutor(2) as pool:
        result = b"".join(compressed([DATA], Compression("gzip", 9), pool, 2))
    assert gzip.decompress(result) == DATA
    assert result[:10] == b"\x1f\x8b\x08\0\0\0\0\0\2\xff"
    engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert engine.decompress(result) == DATA
    assert engine.eof
    assert not engine.unused_data
    whole = zlib.compress(DATA, 9)
    assert len(result) < len(whole) * 1.01


@pytest.mark.parametrize("text", ["", "gzip:0", "gzip:10", "zstd:23", "gzip:x", "lz4", "none:1"])
def test_what_is_no_compression(text: str) -> None:
    with pytest.raises(UsageError, match="--compression"):
        parse_compression(text)
