"""What is known of compressed bytes without what decompresses them: their format, and how they map to the
uncompressed ones."""

from __future__ import annotations

from array import array

from msgspec import Struct, field

ZSTD = 0xFD2FB528
"""Magic number of a zstd frame."""
_SKIPPABLE = (0x184D2A50, 0x184D2A5F)


def sniff(head: bytes) -> str:
    """Compression of a blob by its first bytes: `none`, `gzip`, `zstd`, `bzip2` or `xz`.

    A skippable frame first is zstd too (zstd:chunked and pzstd write such).
    """
    if head[:3] == b"\x1f\x8b\x08":
        return "gzip"
    magic = int.from_bytes(head[:4], "little")
    if magic == ZSTD or (len(head) >= 4 and _SKIPPABLE[0] <= magic <= _SKIPPABLE[1]):
        return "zstd"
    if head[:3] == b"BZh":
        return "bzip2"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    return "none"


class Marks(Struct):
    """How the stored bytes map to the uncompressed ones, and what was odd about their end."""

    raw: array[int] = field(default_factory=lambda: array("q"))
    """Checkpoints: offsets in the stored bytes, ascending; the last is their number …"""
    out: array[int] = field(default_factory=lambda: array("q"))
    """… and the uncompressed offsets that were reached there, strictly ascending."""
    ends: array[int] = field(default_factory=lambda: array("q"))
    """Uncompressed offsets at which a gzip member or zstd frame ends, strictly ascending."""
    zeros: int = 0
    """Zero bytes after the last member."""
    garbage: int = 0
    """Other bytes after the last member."""
    skipped: list[tuple[int, bytes]] = field(default_factory=list)
    """(offset in the stored bytes, contents) of the last skippable zstd frames, bounded in all."""

    def add(self, raw: int, out: int) -> None:
        """Append a checkpoint; of several at one uncompressed offset the last one counts."""
        if self.out and self.out[-1] == out:
            self.raw[-1] = raw
        else:
            self.raw.append(raw)
            self.out.append(out)
