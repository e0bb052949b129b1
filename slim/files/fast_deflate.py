"""The fastest compressor at hand, for estimates of what deflate makes of some bytes.

Both compressors come to about the same sizes: some percent more than `gzip -6`, which who asks corrects.
"""

from __future__ import annotations

try:
    from isal.isal_zlib import compress

    _LEVEL = 2
except ImportError:  # no wheel for this machine; zlib's fastest level comes to 1 % less
    from zlib import compress

    _LEVEL = 1

_RAW = -15
"""wbits of a stream without header and checksum: these are once per layer."""


def deflated_bytes(data: bytes | bytearray) -> int:
    """How many bytes the compressor makes of `data`.

    >>> deflated_bytes(bytes(1000)) < 50
    True
    """
    return len(compress(data, _LEVEL, _RAW))


def corrected(length: int, fast: int, linear: int, square: int) -> int:
    """What `gzip -6` makes of `length` bytes of which the fast compressor makes `fast`.

    That is the more of it, the denser the bytes are already: the two factors, in thousandths, are fitted by
    who asks to what it compresses.
    """
    return min(length, fast * (linear * length + square * fast) // (1000 * length))
