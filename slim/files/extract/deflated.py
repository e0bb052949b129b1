"""What some bytes of a file take once they are deflated, by trying it on samples.

A layer is compressed as one stream, so that a part of a file has no compressed size of its own; but what
is compressed already (debugging information, documentation) must not be taken for as compressible as the
code beside it.
"""

from __future__ import annotations

from slim.files.extract.pieces import Buffer, Pieces
from slim.files.fast_deflate import corrected, deflated_bytes

_SAMPLE = 16 << 10
"""Bytes of one sample: half of what deflate looks back."""
_SAMPLES = 4
_WHOLE = _SAMPLE * _SAMPLES
_LINEAR, _SQUARE = 860, 150
"""See `corrected`: fitted to 4,000 samples of Erlang modules, programs and libraries of three real images.
Right to 1 % for each, to 1.4 % for five others; to 9 % (standard deviation) for a sample."""


def packed(data: Buffer) -> int:
    """About how many bytes `data` takes once deflated: of all up to 64 KiB, else from four samples.

    >>> packed(bytes(1000)) < 50
    True
    """
    return packed_span(Pieces.whole(data), 0, len(data))


def packed_span(file: Pieces, offset: int, size: int) -> int:
    """The same of a part of a file; what was not kept of it counts as much as the rest."""
    if size <= 0:
        return 0
    step = max(_SAMPLE, size // _SAMPLES)
    starts = range(offset, offset + size, step) if size > _WHOLE else (offset,)
    length = _SAMPLE if size > _WHOLE else size
    seen = taken = 0
    for begin in tuple(starts)[:_SAMPLES]:
        part = file.read(begin, min(length, offset + size - begin))
        if part is None:
            continue
        seen += len(part)
        taken += deflated_bytes(part)
    # Without a sample nothing is known: as if it could not be compressed.
    return corrected(seen, taken, _LINEAR, _SQUARE) * size // seen if seen else size
