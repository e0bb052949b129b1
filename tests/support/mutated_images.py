"""Changes of a few bytes to whole archives."""

from __future__ import annotations

import random
from collections.abc import Iterator

BLOCK = 512
LARGEST = 1 << 20


def mutations(data: bytes, draw: random.Random, count: int) -> Iterator[bytes]:
    """Bytes flipped, blocks swapped, repeated or dropped, and the end cut off: `count` of each two."""
    blocks = len(data) // BLOCK
    for number in range(2 * count):
        changed = bytearray(data)
        first, other = (draw.randrange(blocks) * BLOCK for _ in range(2))
        match number % 6:
            case 0 | 1 | 2:
                changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
            case 3:
                changed[first : first + BLOCK], changed[other : other + BLOCK] = (
                    data[other : other + BLOCK],
                    data[first : first + BLOCK],
                )
            case 4:
                changed[first : first + BLOCK] = data[other : other + BLOCK] * draw.randrange(3)
            case _:
                del changed[draw.randrange(len(data)) :]
        yield bytes(changed)
