"""Compression of layers: the same bytes give the same bytes, however many threads there are.

gzip is cut into blocks that are compressed side by side, each with the 32 KiB before it as dictionary, and
put together to one member (as pigz does; RFC 1952). The header has neither time nor name. zstd's own workers
are used, with jobs of one size: what they write does not depend on how many there are.
"""

from __future__ import annotations

import sys
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future

from msgspec import Struct

from slim.errors import UsageError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    from isal import isal_zlib
except ImportError:  # no wheel for this machine: the standard library takes ten times as long
    isal_zlib = None  # type: ignore[assignment]

crc32 = zlib.crc32 if isal_zlib is None else isal_zlib.crc32

_BLOCK = 1 << 19
_WINDOW = 1 << 15
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\2\xff"
"""Deflate, no time, best compression, unknown system."""
USUAL_ZSTD = 12
"""Level 15 makes 0.2% less of `node_modules` in three times the time, 0.5% of `/usr/share` in six."""
_LEVELS = {
    "gzip": (1, 9, 9),
    "zstd": (1, 22, USUAL_ZSTD),
    "zstd:chunked": (1, 22, USUAL_ZSTD),
    "estargz": (1, 9, 9),
}
"""Lowest, highest and usual level."""
_WITH_TABLE = {"zstd:chunked": "zstd", "estargz": "gzip"}


class Compression(Struct, frozen=True):
    """How layers are stored."""

    name: str = "gzip"
    """`gzip`, `zstd`, `none`; `zstd:chunked` or `estargz`: with a table of contents."""
    level: int = 9

    @property
    def stored(self) -> str:
        """What the blob is for who knows nothing of tables of contents: `gzip`, `zstd` or `none`."""
        return _WITH_TABLE.get(self.name, self.name)

    @property
    def has_table(self) -> bool:
        """Engines can pull single files of it."""
        return self.name in _WITH_TABLE


def parse_compression(text: str) -> Compression:
    """`gzip`, `gzip:6`, `zstd`, `zstd:19`, `zstd:chunked`, `zstd:chunked:19`, `estargz`, `estargz:6`, `none`.

    Raises:
        UsageError: anything else.
    """
    if text == "none":
        return Compression("none", 0)
    name, _, level = (text, "", "") if text in _LEVELS else text.rpartition(":")
    if name in _LEVELS:
        low, high, usual = _LEVELS[name]
        if not level:
            return Compression(name, usual)
        if level.isdecimal() and low <= int(level) <= high:
            return Compression(name, int(level))
    raise UsageError(
        "bad-choice",
        f"--compression: {text!r} is not a way to compress layers",
        "gzip, zstd, zstd:chunked, estargz, with a level (gzip:1 to gzip:9, zstd:1 to zstd:22), or none",
    )


def compressed(
    pieces: Iterable[bytes], compression: Compression, pool: Executor, threads: int
) -> Iterator[bytes]:
    """The compressed bytes; some blocks are in memory: half a megabyte a thread for gzip, up to 100 MB in all
    for zstd, whose strong levels have fewer threads for that."""
    if compression.name == "gzip":
        yield from _gzip(pieces, compression.level, pool, threads)
    elif compression.name == "zstd":
        yield from _zstd(pieces, compression.level, threads)
    else:
        yield from pieces


def _gzip(pieces: Iterable[bytes], level: int, pool: Executor, threads: int) -> Iterator[bytes]:
    yield GZIP_HEAD
    crc = size = 0
    before = b""
    waiting: deque[Future[bytes]] = deque()
    try:
        for block, last in _blocks(pieces):
            crc = crc32(block, crc)
            size += len(block)
            waiting.append(pool.submit(_deflated, block, before, level, last))
            before = block[-_WINDOW:]
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for task in waiting:
            task.cancel()
    yield crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _deflated(block: bytes, before: bytes, level: int, last: bool) -> bytes:
    options = (level, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY)
    engine = zlib.compressobj(*options, before) if before else zlib.compressobj(*options)
    return engine.compress(block) + engine.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def _blocks(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The bytes in blocks of one size, and whether each is the last one; a block at least."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        at = 0
        while size + len(piece) - at > _BLOCK:
            end = at + _BLOCK - size
            yield b"".join((*held, piece[at:end])), False
            held, size, at = [], 0, end
        held.append(piece[at:])
        size += len(piece) - at
    yield b"".join(held), True


class _Strength(Struct, frozen=True):
    """How zstd is set from one of its levels on."""

    level: int
    job_bytes: int
    workers: int
    """At most: each has tables of its own."""
    tables: tuple[int, int, int] | None = None
    """Logarithms of window, chain and hash table, where those of the level take too much memory. Decoders
    must accept a window of 8 MiB (RFC 8878), and not more."""


_STRENGTHS = (
    _Strength(1, 4 << 20, 6),
    _Strength(9, 4 << 20, 3),
    _Strength(10, 4 << 20, 3, (22, 21, 21)),
    _Strength(17, 8 << 20, 1, (23, 22, 22)),
)


def zstd_options(level: int, threads: int) -> dict[int, int]:
    """The parameters of zstd that compress as this level does, in a bounded amount of memory."""
    parameter = zstd.CompressionParameter
    strength = max(
        (each for each in _STRENGTHS if each.level <= level), key=lambda each: each.level
    )
    options = {int(parameter.compression_level): level, int(parameter.checksum_flag): 1}
    if strength.tables is not None:
        names = (parameter.window_log, parameter.chain_log, parameter.hash_log)
        options.update(zip(map(int, names), strength.tables, strict=True))
    if parameter.nb_workers.bounds()[1]:  # else the library was built without threads
        options[int(parameter.nb_workers)] = min(threads, strength.workers)
        options[int(parameter.job_size)] = strength.job_bytes
        # Each job knows a whole window before it: jobs can be small, and take less memory, at no loss.
        options[int(parameter.overlap_log)] = 9
    return options


def _zstd(pieces: Iterable[bytes], level: int, threads: int) -> Iterator[bytes]:
    engine = zstd.ZstdCompressor(options=zstd_options(level, threads))
    for piece in pieces:
        if out := engine.compress(piece):
            yield out
    yield engine.flush()
