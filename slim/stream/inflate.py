"""A stored blob → its uncompressed chunks, with checkpoints of how far the input was consumed.

The compression is decided by magic bytes, never by the label. Concatenated gzip members and zstd
frames, skippable frames among them, are one stream (RFC 1952 §2.2, RFC 8878 §3.1); a stream that is cut
off is an error in every format. Output per call is bounded, so that a bomb costs time up to a limit;
memory is what the format asks for, at most a zstd window of 128 MiB or 80 MiB for xz per stream, and
streams that are read at once can share a bound. At every checkpoint at most 64 KiB of input were
consumed since the last one.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Generator, Iterable, Iterator
from typing import Protocol, cast

from slim.errors import InputError, SlimError
from slim.limits import Limits, exceeded
from slim.stream.compression import ZSTD, Marks, sniff
from slim.stream.memory import Memory

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    from isal import igzip_lib
except ImportError:  # no wheel for this machine: the standard library is slower and as right
    igzip_lib = None  # type: ignore[assignment]

# isal's type hints call its error an instance.
_GZIP_ERROR = zlib.error if igzip_lib is None else cast("type[Exception]", igzip_lib.error)
_ERRORS = (_GZIP_ERROR, zstd.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)
STEP = 1 << 16
"""Input given to a decompressor at once."""
_OUTPUT = 1 << 18
"""Output taken from a decompressor at once: still in the processor's cache when it is hashed and walked."""
_XZ_MEMORY = 80 << 20
"""What `xz -9` needs, and little more."""
_GZIP_RESERVED, _GZIP_CHECKED = 0xE0, 0xF8
"""Flags of a gzip member: those that have no meaning, and with them those that announce a text …"""
_GZIP_TEXT = 512
"""… which has to be shorter than this, as Go reads it."""
_GZIP_HEADER = 12 + 0xFFFF + 2 * _GZIP_TEXT
_SMALL_WINDOW = 1 << 20
"""Too small to be counted."""
_ZSTD_MAGIC = ZSTD.to_bytes(4, "little")
_FRAME_HEAD = 8
"""Magic and size of a skippable frame (RFC 8878 §3.1.2)."""
_LAST = 3
"""Skippable frames to keep: zstd:chunked ends with its table, one for tar-split, and a footer …"""
_KEPT = 16 << 20
"""… of so many bytes in all."""


class _Decompressor(Protocol):
    """What bz2, lzma and zstd have in common in the standard library, and isal has, too."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes | memoryview, max_length: int = -1, /) -> bytes: ...


class _Zlib:
    """The standard library's gzip behind the same interface."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)
        self._full = False

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    @property
    def needs_input(self) -> bool:
        # Output that filled its bound may have more behind it, even with all input taken.
        return not self._full and not self._inner.unconsumed_tail

    def decompress(self, data: bytes | memoryview, max_length: int = -1, /) -> bytes:
        out: bytes = self._inner.decompress(data or self._inner.unconsumed_tail, max_length)
        self._full = len(out) == max_length
        return out


def _gzip_fault(head: bytes) -> str | None:
    """What is wrong with a member's header, for gzip, zlib or Go; None: it goes on (RFC 1952 §2.3).

    Reserved flags stop gzip and zlib while isal and Go pass over them; a long name or comment stops Go.
    """
    flags, at = head[3], 10
    if flags & _GZIP_RESERVED:
        return f"reserved flags are set in a header ({flags:#04x})"
    if flags & 4:
        if len(head) < 12:
            return None
        at = 12 + int.from_bytes(head[10:12], "little")
    for flag in (8, 16):
        if flags & flag:
            end = head.find(b"\0", at, at + _GZIP_TEXT)
            if end < 0:
                whole = len(head) >= at + _GZIP_TEXT
                return f"a name or comment has {_GZIP_TEXT} bytes or more" if whole else None
            at = end + 1
    return ""


def zstd_window(head: bytes) -> int:
    """Bytes of window that a zstd frame asks for (RFC 8878 §3.1.1.1); 0 where its start is too short."""
    if len(head) < 6 or int.from_bytes(head[:4], "little") != ZSTD:
        return 0
    descriptor = head[4]
    if not descriptor & 0x20:
        return (1 << (10 + (head[5] >> 3))) * (8 + (head[5] & 7)) // 8
    # A single segment: the window is the content, whose size the frame must say.
    at = 5 + (0, 1, 2, 4)[descriptor & 3]
    size = (1, 2, 4, 8)[descriptor >> 6]
    field = head[at : at + size]
    return int.from_bytes(field, "little") + (256 if size == 2 else 0) if len(field) == size else 0


def inflate(
    chunks: Iterable[bytes],
    compression: str,
    marks: Marks,
    limits: Limits,
    memory: Memory | None = None,
) -> Generator[bytes, None, None]:
    """Uncompressed chunks, none of them empty; fills `marks`.

    With `memory`, a stream waits until there is enough of it for its next frame: close the generator, or
    what it holds is missed.

    Raises:
        InputError: damaged, cut off, or a format that cannot be read.
        LimitError: too many members or frames, or too large a window.
    """
    if compression == "none":
        size = 0
        for chunk in chunks:
            size += len(chunk)
            yield chunk
        marks.add(size, size)
        return
    stream = _Stream(compression, marks, limits, memory)
    try:
        yield from stream.run(chunks)
    finally:
        stream.close()


def _blocks(chunks: Iterable[bytes]) -> Iterator[memoryview]:
    """The same bytes cut at multiples of `STEP`: checkpoints must not depend on how the bytes arrive."""
    left = bytearray()
    for chunk in chunks:
        start = min(STEP - len(left), len(chunk)) if left else 0
        left += chunk[:start]
        if len(left) == STEP:
            yield memoryview(bytes(left))
            left.clear()
        if left:
            continue
        view = memoryview(chunk)
        whole = start + (len(chunk) - start) // STEP * STEP
        for at in range(start, whole, STEP):
            yield view[at : at + STEP]
        left += view[whole:]
    if left:
        yield memoryview(bytes(left))


class _Stream:
    """The members or frames of one blob, one after the other."""

    def __init__(
        self, compression: str, marks: Marks, limits: Limits, memory: Memory | None
    ) -> None:
        self._memory = memory
        self._held = 0
        self._compression = compression
        self._marks = marks
        self._limits = limits
        self._engine: _Decompressor | None = None
        """None between two members."""
        self._head = b""
        """Start of the next member, until there is enough of it to recognise …"""
        self._start = b""
        """… and of the one that is being read, for what its header says."""
        self._raw = self._out = self._frames = self._zeros = self._garbage = 0
        self._skipped: bytearray | None = None
        """What there is so far of the skippable frame that is being read."""

    def run(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        step = STEP
        for view in _blocks(chunks):
            at = 0
            while at < len(view):
                piece = view[at : at + step]
                frames = self._frames
                yield from self._feed(piece)
                at += len(piece)
                # A decompressor copies what it leaves: small steps while members are small.
                step = max(512, step // 2) if self._frames > frames + 1 else min(STEP, step * 2)
        self._finish()

    def _feed(self, piece: bytes | memoryview) -> Iterator[bytes]:
        while piece:
            if self._engine is None:
                piece = self._begin(piece)
                continue
            piece = yield from self._member(self._engine, piece)

    def _begin(self, piece: bytes | memoryview) -> bytes | memoryview:
        """Between members: start the next one, or take note of what else is there."""
        if self._zeros or self._garbage:
            self._pad(piece)
            return b""
        head = self._head + bytes(piece[: max(6 - len(self._head), 0)])
        if len(head) < 6 and len(head) == len(self._head) + len(piece):
            self._head = head
            return b""
        rest = self._head + bytes(piece) if self._head else piece
        self._head = b""
        if sniff(head) != self._compression:
            self._pad(rest)
            return b""
        if self._compression == "gzip" and head[3] & _GZIP_CHECKED:
            fault = _gzip_fault(bytes(rest[:_GZIP_HEADER]))
            if fault is None:
                self._head = bytes(rest)
                return b""
            if fault:
                raise self._refusal(ValueError(fault))
        self._frames += 1
        if self._frames > self._limits.frames:
            raise exceeded("frames", self._frames, self._limits.frames, "a layer's blob")
        self._start = bytes(rest[:18])
        self._hold()
        self._engine = self._open()
        if self._compression == "zstd" and head[:4] != _ZSTD_MAGIC:
            self._skipped = bytearray()
        return rest

    def _member(
        self, engine: _Decompressor, piece: bytes | memoryview
    ) -> Generator[bytes, None, bytes]:
        """Decompress inside a member; returns what follows its end."""
        size, whole = len(piece), piece
        while True:
            try:
                out = engine.decompress(piece, _OUTPUT)
            except _ERRORS as error:
                raise self._refusal(error) from None
            if out:
                self._out += len(out)
                yield out
            if engine.eof:
                rest = engine.unused_data
                self.close()
                self._keep(whole[: size - len(rest)], done=True)
                self._raw += size - len(rest)
                self._marks.add(self._raw, self._out)
                if not self._marks.ends or self._marks.ends[-1] < self._out:
                    self._marks.ends.append(self._out)
                return rest
            if engine.needs_input:
                self._keep(whole)
                self._raw += size
                self._marks.add(self._raw, self._out)
                return b""
            piece = b""

    def _keep(self, part: bytes | memoryview, *, done: bool = False) -> None:
        """Remember a skippable frame, as far as its bound; the oldest ones make room."""
        if self._skipped is None:
            return
        if len(self._skipped) + len(part) <= _KEPT:
            self._skipped += part
        else:
            self._skipped = None
            return
        if done:
            kept = self._marks.skipped
            start = self._raw + len(part) - len(self._skipped)
            kept.append((start + _FRAME_HEAD, bytes(self._skipped[_FRAME_HEAD:])))
            self._skipped = None
            while len(kept) > _LAST or sum(len(content) for _, content in kept) > _KEPT:
                del kept[0]

    def _refusal(self, error: Exception) -> SlimError:
        """Why a member cannot be read: it asks for too much memory, or it is damaged."""
        if self._compression == "zstd":
            window, limit = zstd_window(self._start), self._limits.window_log
            if window > 1 << limit:
                return exceeded("window_log", (window - 1).bit_length(), limit, "a zstd frame")
        if self._compression == "xz" and "emory" in str(error):
            return InputError(
                "xz-memory",
                f"the xz stream needs more than {_XZ_MEMORY:,} bytes of memory to be read",
                "compress it with xz -9 or less, or as gzip or zstd",
            )
        return InputError(
            "layer-corrupt",
            f"the {self._compression} stream is damaged near offset {self._raw:,}"
            f" of the blob: {error}",
            "the layer is damaged: save or pull the image again",
        )

    def _pad(self, piece: bytes | memoryview) -> None:
        self._raw += len(piece)
        if self._garbage or bytes(piece).strip(b"\0"):
            self._garbage += len(piece) + self._zeros
            self._zeros = 0
        else:
            self._zeros += len(piece)

    def _finish(self) -> None:
        if self._engine is not None or len(self._head) >= 6:
            raise InputError(
                "layer-truncated",
                f"the {self._compression} stream is cut off at offset {self._raw:,} of the blob",
                "the layer is incomplete: save or pull the image again",
            )
        self._pad(self._head)
        self._marks.zeros, self._marks.garbage = self._zeros, self._garbage
        self._marks.add(self._raw, self._out)

    def close(self) -> None:
        """Let go of the decompressor, and of the memory that it had."""
        self._engine = None
        if self._memory is not None and self._held:
            self._memory.give_back(self._held)
            self._held = 0

    def _hold(self) -> None:
        """Before a decompressor is opened: wait until there is memory for it."""
        count = {"zstd": zstd_window(self._start), "xz": _XZ_MEMORY}.get(self._compression, 0)
        if self._memory is not None and count > _SMALL_WINDOW:
            # A larger one than the limit is refused when it is opened.
            self._held = min(count, 1 << self._limits.window_log)
            self._memory.take(self._held)

    def _open(self) -> _Decompressor:
        if self._compression == "gzip":
            if igzip_lib is None:
                return _Zlib()
            return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        if self._compression == "zstd":
            # The format knows windows of 10 to 31 bits, whatever limit is set.
            window_log = min(max(self._limits.window_log, 10), 31)
            options = {int(zstd.DecompressionParameter.window_log_max): window_log}
            return zstd.ZstdDecompressor(options=options)
        if self._compression == "xz":
            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        return bz2.BZ2Decompressor()
