"""CRC-64 of ISO 3309, by which tar-split knows a file's contents (Go's `hash/crc64`, table `ISO`).

Python has none, and byte by byte it takes too long. But its polynomial is x⁶⁴ + x⁴ + x³ + x + 1, so that a
long message is folded by whole halves: with s a power of two, x⁶⁴ˢ ≡ x⁴ˢ + x³ˢ + xˢ + 1, and the half of
higher degree, moved by a few bits, is added to the lower one: that is work for Python's integers.
"""

from __future__ import annotations

_ONES = (1 << 64) - 1
_BLOCK = 1 << 14
"""Bytes that are folded at once: they stay in the processor's cache."""


def crc64(data: bytes | memoryview, before: int = 0) -> int:
    """The checksum of `data`, or of what had the checksum `before` and goes on with `data`."""
    for at in range(0, len(data), _BLOCK):
        before = _folded(data[at : at + _BLOCK], before)
    return before


def _folded(data: bytes | memoryview, before: int) -> int:
    # The lowest bit has the highest degree, `top`.
    message = int.from_bytes(data, "little") ^ before ^ _ONES
    top = 8 * len(data) + 63
    while top > 63:
        step = 1 << (top // 64).bit_length() - 1
        count = min(top - 64 * step + 1, 60 * step)
        high = message & (1 << count) - 1
        high ^= high << step ^ high << 3 * step ^ high << 4 * step
        message = message >> count ^ high << 60 * step - count
        top -= count
    return message ^ _ONES
