"""What follows the files in a layer with a table of contents: the table, and a footer that says where it is.

Sources: containers/storage pkg/chunked/internal/minimal (WriteZstdChunkedManifest); stargz-snapshotter
docs/estargz.md "Footer".
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from collections.abc import Callable, Iterator

from slim.files.toc_check import TOC
from slim.repack.compressors import GZIP_HEAD, crc32
from slim.repack.raw_header import file_header
from slim.repack.rewrite import END
from slim.stream.header import BLOCK

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNKED, STARGZ = "io.github.containers.zstd-chunked.", "containerd.io/snapshot/stargz/"
"""What annotations of layers with a table of contents begin with."""
HELD_LEVEL = 3
"""zstd level of the table of eStargz, until it is written."""
_SKIPPABLE = struct.Struct("<II")
_SKIPPABLE_MAGIC = 0x184D2A50
_FOOTER = struct.Struct("<7Q8s")
_FOOTER_MAGIC = b"GNUlInUx"
_STARGZ_FOOTER = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0%sSTARGZ\1\0\0\xff\xff" + bytes(8)
"""An empty gzip member whose extra field says where the one of the table begins."""


class PackedText:
    """A text that grows while a layer is written, held compressed."""

    def __init__(self, level: int) -> None:
        self._engine = zstd.ZstdCompressor(level=level)
        self._parts: list[bytes] = []
        self.size = 0
        """Bytes of the text."""

    def add(self, text: bytes) -> None:
        """The next bytes of it."""
        self.size += len(text)
        self._parts.append(self._engine.compress(text))

    def finish(self) -> bytes:
        """All of it as a zstd frame."""
        self._parts.append(self._engine.flush())
        return b"".join(self._parts)


def chunked_end(
    table: PackedText, split: PackedText, start: int
) -> tuple[tuple[bytes, ...], dict[str, str]]:
    """The skippable frames of zstd:chunked, which begin at `start` of the blob; and the layer's annotations.

    `table` lacks its end; `split` is tar-split.
    """
    packed_split = split.finish()
    digest = hashlib.sha256(packed_split).hexdigest()
    table.add(b'],"tarSplitDigest":"sha256:%s"}' % digest.encode())
    packed = table.finish()
    first = start + _SKIPPABLE.size
    second = first + len(packed) + _SKIPPABLE.size
    annotations = {
        f"{CHUNKED}manifest-checksum": f"sha256:{hashlib.sha256(packed).hexdigest()}",
        f"{CHUNKED}manifest-position": f"{first}:{len(packed)}:{table.size}:1",
        f"{CHUNKED}tarsplit-position": f"{second}:{len(packed_split)}:{split.size}",
    }
    places = (first, len(packed), table.size, 1, second, len(packed_split), split.size)
    footer = _FOOTER.pack(*places, _FOOTER_MAGIC)
    parts = (packed, packed_split, footer)
    return tuple(_SKIPPABLE.pack(_SKIPPABLE_MAGIC, len(part)) + part for part in parts), annotations


class StargzEnd:
    """The member with the table, a file of the tar, and the footer; they begin at `start` of the blob."""

    def __init__(self, table: PackedText, start: int, level: int) -> None:
        self._table = table
        self._start = start
        self._level = level
        self._digest = hashlib.sha256()

    def compressed(self, seen: Callable[[bytes], None]) -> Iterator[bytes]:
        """The bytes of the blob; `seen` gets those of the tar."""
        self._table.add(b"]}")
        engine = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
        crc = count = 0
        yield GZIP_HEAD
        for part in self._tar(self._table.size):
            seen(part)
            crc, count = crc32(part, crc), count + len(part)
            yield engine.compress(part)
        yield engine.flush() + struct.pack("<II", crc, count & 0xFFFFFFFF)
        yield _STARGZ_FOOTER % (b"%016x" % self._start)

    def _tar(self, size: int) -> Iterator[bytes]:
        yield file_header(TOC, size)
        engine, packed = zstd.ZstdDecompressor(), self._table.finish()
        while not engine.eof:
            part = engine.decompress(packed, 1 << 20)
            packed = b""
            self._digest.update(part)
            yield part
        yield bytes(-size % BLOCK) + END

    def annotations(self, size: int) -> dict[str, str]:
        """Of the layer, whose tar has `size` bytes."""
        return {
            f"{STARGZ}toc.digest": f"sha256:{self._digest.hexdigest()}",
            "io.containers.estargz.uncompressed-size": str(size),
        }
