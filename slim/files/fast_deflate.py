"""The fastest compressor at hand, for estimates of what deflate makes of some bytes.

Both compressors come to about the same sizes: some percent more than `gzip -6`, which who asks corrects.

ISA-L (2.32) begins a stream on x86-64 with a shortcut: it hashes the third byte from a register that
nobody has set (`write_first_byte` in igzip_icf_body_h1_gr_bt.asm). About once in 50,000 samples that cost
the first match, and the same sample took a byte more. With a dictionary a stream does not start there.
"""

from __future__ import annotations

try:
    from isal import isal_zlib as library

    _LEVEL = 2
except ImportError:  # no wheel for this machine; zlib's fastest level comes to 1 % less
    import zlib as library  # type: ignore[no-redef]

    _LEVEL = 1

_RAW = -15
"""wbits of a stream without header and checksum: these are once per layer."""
_BEFORE = b"\0"
"""A dictionary that changes nothing else."""


def deflated_bytes(data: bytes | bytearray) -> int:
    """How many bytes the compressor makes of `data`.

    >>> deflated_bytes(bytes(1000)) < 50
    True
    """
    engine = library.compressobj(_LEVEL, library.DEFLATED, _RAW, zdict=_BEFORE)
    return len(engine.compress(data)) + len(engine.flush())


def corrected(length: int, fast: int, linear: int, square: int) -> int:
    """What `gzip -6` makes of `length` bytes of which the fast compressor makes `fast`.

    That is the more of it, the denser the bytes are already: the two factors, in thousandths, are fitted by
    who asks to what it compresses.
    """
    return min(length, fast * (linear * length + square * fast) // (1000 * length))
