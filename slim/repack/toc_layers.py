"""Layers that engines can pull file by file: each is compressed by itself, and a table says where it lies.

    zstd:chunked  │ header │ file │ header │ file │ … │ end │ table │ tar-split │ footer │
    eStargz       │ header │ file │ header │ file │ … │ landmark │ table and end │ footer │

Each box is a zstd frame or gzip member; what follows the end in zstd:chunked is skipped by readers of zstd.
In eStargz landmark and table are files of the layer, which engines that do not know the format show.
tar-split is what an engine needs to make the same tar, and thus the diff id, of the files it has fetched.

Sources: containers/storage pkg/chunked/compressor, vbatts/tar-split tar/storage; stargz-snapshotter
docs/estargz.md.
"""

from __future__ import annotations

import binascii
import hashlib
import posixpath
import struct
import sys
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future

import msgspec
import xxhash
from msgspec import Struct

from slim.files.toc_check import LANDMARKS, TOC
from slim.image.model import Descriptor
from slim.repack.compressors import GZIP_HEAD, Compression, crc32
from slim.repack.crc64 import crc64
from slim.repack.pieces import Pieces
from slim.repack.raw_header import FILE_MODE, file_header
from slim.repack.toc_ends import CHUNKED, HELD_LEVEL, STARGZ, PackedText, StargzEnd, chunked_end
from slim.repack.toc_entries import TocEntry, next_entry
from slim.stream.header import BLOCK

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 4 << 20
"""Bytes of a file in one frame or member; larger files are cut."""
LANDMARK = b".no.prefetch.landmark"
LANDMARK_CONTENT = b"\x0f"
FORMAT_FILES = frozenset((TOC, *LANDMARKS))
"""Files of an eStargz layer that are its format's: they are made anew."""
_FILE, _SEGMENT = 1, 2
"""Of a line of tar-split: a file's payload, which is not there; bytes of the tar."""


def has_table(layer: Descriptor | None, compression: Compression) -> bool:
    """Whether a stored layer says that it has the table of contents of this format."""
    mark = CHUNKED if compression.stored == "zstd" else STARGZ
    return layer is not None and any(key.startswith(mark) for key in layer.annotations)


def format_files(compression: Compression | None) -> frozenset[bytes]:
    """Paths that a format adds to the filesystem of an engine that does not know it."""
    is_stargz = compression is not None and compression.name == "estargz"
    return FORMAT_FILES if is_stargz else frozenset()


class _Member(Struct):
    """What becomes one frame or gzip member, and the entries that can be listed once it is written."""

    data: bytes
    chunk: TocEntry | None = None
    """What it holds of a file; None for headers and padding."""
    listed: list[TocEntry] = []


class TocLayer:
    """Compresses a tar; what its descriptor says of it is known when all of it has been written."""

    def __init__(self, compression: Compression, pool: Executor, threads: int) -> None:
        self._is_chunked = compression.stored == "zstd"
        self._level = compression.level
        self._pool = pool
        self._threads = threads
        self._diff_id = hashlib.sha256()
        level = compression.level if self._is_chunked else HELD_LEVEL
        self._table, self._split = PackedText(level), PackedText(level)
        self._table.add(b'{"version":1,"entries":[')
        self._lines = self._rows = self._at = self._size = 0
        self._names: set[int] = set()
        self.annotations: dict[str, str] = {}
        self.has_table = True
        """False: it holds what a table of contents cannot say, such as a sparse file, and has none."""

    @property
    def diff_id(self) -> str:
        """Of the tar as it was written; with eStargz it is another one than what was read."""
        return f"sha256:{self._diff_id.hexdigest()}"

    def compressed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The blob; some chunks of 4 MiB are in memory, and the table, compressed.

        Raises:
            InputError: the pieces are not a tar.
        """
        waiting: deque[tuple[Future[bytes], _Member]] = deque()
        pack = _frame if self._is_chunked else _gzip_member
        try:
            for member in self._members(Pieces(pieces)):
                self._count(member.data)
                waiting.append((self._pool.submit(pack, member.data, self._level), member))
                if len(waiting) > self._threads:
                    yield self._written(*waiting.popleft())
            while waiting:
                yield self._written(*waiting.popleft())
        finally:
            for task, _ in waiting:
                task.cancel()
        if not self.has_table:
            return
        if self._is_chunked:
            end, self.annotations = chunked_end(self._table, self._split, self._at)
            yield from end
            return
        tail = StargzEnd(self._table, self._at, self._level)
        yield from tail.compressed(self._count)
        self.annotations = tail.annotations(self._size)

    def _count(self, data: bytes) -> None:
        self._diff_id.update(data)
        self._size += len(data)

    def _written(self, task: Future[bytes], member: _Member) -> bytes:
        stored = task.result()
        if member.chunk is not None:
            member.chunk.offset = self._at
        self._at += len(stored)
        if self._is_chunked and member.chunk is not None and member.listed:
            member.listed[0].end_offset = self._at
        for entry in member.listed if self.has_table else ():
            self._table.add((b"," if self._rows else b"") + msgspec.json.encode(entry))
            self._rows += 1
        return stored

    def _members(self, feed: Pieces) -> Iterator[_Member]:
        """The tar, cut where a file's contents begin and end."""
        head, listed = bytearray(), list[TocEntry]()
        while not (entry := next_entry(feed)).is_end:
            toc, padding = entry.toc, -entry.payload % BLOCK
            if not self._is_chunked and toc and _path(toc) in FORMAT_FILES:
                feed.skip(feed.offset + entry.payload + padding)
                continue
            self._check(toc)
            self._segment(entry.header)
            head += entry.header
            if not entry.payload:
                self._file(toc)
                listed += [toc] if toc else []
            if entry.payload or len(head) > CHUNK:
                yield _Member(bytes(head), None, listed)
                head, listed = bytearray(), []
            if entry.payload:
                yield from self._contents(feed, toc, entry.payload)
                head += feed.take(padding)
                self._segment(bytes(head))
        if self.has_table and not self._is_chunked:
            feed.drain()
            head += file_header(LANDMARK, len(LANDMARK_CONTENT))
            yield _Member(bytes(head), None, listed)
            toc = TocEntry("reg", LANDMARK.decode(), mode=FILE_MODE, size=len(LANDMARK_CONTENT))
            yield from self._contents(Pieces([LANDMARK_CONTENT]), toc, len(LANDMARK_CONTENT))
            yield _Member(bytes(-len(LANDMARK_CONTENT) % BLOCK))
            return
        self._segment(entry.header)
        yield _Member(bytes(head + entry.header), None, listed)
        for piece in feed.rest():
            self._segment(piece)
            yield _Member(piece)

    def _contents(self, feed: Pieces, toc: TocEntry | None, size: int) -> Iterator[_Member]:
        whole, checksum = hashlib.sha256(), 0
        chunks: list[TocEntry] = []
        for at in range(0, size, CHUNK):
            data = b"".join(feed.until(feed.offset + min(CHUNK, size - at)))
            if toc is None or not self.has_table:
                yield _Member(data)
                continue
            if size > CHUNK:
                whole.update(data)
            chunk = TocEntry("chunk", toc.name, chunk_offset=at) if at else toc
            chunk.chunk_size = len(data)
            chunk.chunk_digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            chunks.append(chunk)
            checksum = crc64(data, checksum) if self._is_chunked else 0
            is_last = at + CHUNK >= size
            if is_last:
                toc.digest = f"sha256:{whole.hexdigest()}" if size > CHUNK else chunk.chunk_digest
                self._leave_out(chunks)
                self._file(toc, checksum)
            yield _Member(data, chunk, chunks if is_last else [])

    def _leave_out(self, chunks: list[TocEntry]) -> None:
        """What each format says of chunks only where it is needed."""
        if not self._is_chunked:
            chunks[-1].chunk_size = 0
        elif len(chunks) == 1:
            chunks[0].chunk_size, chunks[0].chunk_digest = 0, ""

    def _check(self, toc: TocEntry | None) -> None:
        """A table lists each name once, and the root as a directory."""
        path = _path(toc) if toc else b""
        known = xxhash.xxh3_64_intdigest(path)
        is_proper = toc is not None and toc.name and (path or toc.type == "dir")
        self.has_table = self.has_table and bool(is_proper) and known not in self._names
        self._names.add(known)

    def _segment(self, data: bytes) -> None:
        """Bytes of the tar that are not the contents of a file."""
        if data:
            payload = binascii.b2a_base64(data, newline=False).decode()
            self._line({"type": _SEGMENT, "payload": payload})

    def _file(self, toc: TocEntry | None, checksum: int | None = None) -> None:
        if toc is None:
            return
        payload = None
        if checksum is not None:
            payload = binascii.b2a_base64(checksum.to_bytes(8, "big"), newline=False).decode()
        self._line({"type": _FILE, "name": toc.name, "size": toc.size, "payload": payload})

    def _line(self, line: dict[str, object]) -> None:
        if self._is_chunked and self.has_table:
            self._split.add(msgspec.json.encode({**line, "position": self._lines}) + b"\n")
            self._lines += 1


def _path(toc: TocEntry) -> bytes:
    return posixpath.normpath("/" + toc.name).lstrip("/").encode()


def _frame(data: bytes, level: int) -> bytes:
    parameter = zstd.CompressionParameter
    options = {int(parameter.compression_level): level, int(parameter.checksum_flag): 1}
    return zstd.compress(data, options=options)


def _gzip_member(data: bytes, level: int) -> bytes:
    engine = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    stored = engine.compress(data) + engine.flush()
    return GZIP_HEAD + stored + struct.pack("<II", crc32(data), len(data) & 0xFFFFFFFF)
