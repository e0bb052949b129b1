"""CRC-64 by folding against the definition, bit by bit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slim.repack.crc64 import crc64

ONES = (1 << 64) - 1
POLYNOMIAL = 0xD800000000000000


def by_definition(data: bytes) -> int:
    register = ONES
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (POLYNOMIAL if register & 1 else 0)
    return register ^ ONES


def test_the_check_value() -> None:
    assert crc64(b"123456789") == 0xB90956C775A41001
    assert crc64(b"") == 0


@given(st.binary(max_size=400), st.integers(0, 400), st.sampled_from([1, 7, 100]))
def test_any_bytes_in_any_pieces(data: bytes, cut: int, times: int) -> None:
    data *= times
    assert crc64(data[cut:], crc64(data[:cut])) == by_definition(data)
