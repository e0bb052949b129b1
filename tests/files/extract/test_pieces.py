"""What is kept of a file that streams by, however it is cut into parts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from slim.files.extract.pieces import Collector, Pieces

DATA = bytes(range(256)) * 128
"""Parts of it are smaller and larger than what is joined."""
SPANS = st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, len(DATA))), max_size=4).map(
    lambda pairs: [(min(pair), max(pair)) for pair in pairs]
)
CUTS = st.lists(st.integers(1, len(DATA)), max_size=6)


@given(SPANS, CUTS, st.integers(0, len(DATA)), st.integers(1, len(DATA)))
def test_exactly_the_spans_can_be_read(
    spans: list[tuple[int, int]], cuts: list[int], offset: int, count: int
) -> None:
    collector = Collector(spans)
    bounds = [0, *sorted(cuts), len(DATA)]
    for begin, end in pairwise(bounds):
        collector.add(memoryview(DATA)[begin:end])
    kept = bytearray(len(DATA))
    for begin, end in spans:
        kept[begin:end] = b"\1" * (end - begin)
    known = offset + count <= len(DATA) and 0 not in kept[offset : offset + count]
    expected = DATA[offset : offset + count] if known else None
    assert collector.pieces().read(offset, count) == expected


def test_single_bytes_are_joined() -> None:
    """A stream may come in any number of parts; as many objects would take a hundred times the bytes."""
    collector = Collector([(0, len(DATA))])
    for at in range(len(DATA)):
        collector.add(memoryview(DATA)[at : at + 1])
    pieces = collector.pieces()
    assert len(pieces._parts) == 1
    assert pieces.read(0, len(DATA)) == DATA


def test_a_whole_file_is_read_to_its_end() -> None:
    pieces = Pieces.whole(b"abc")
    assert pieces.read(1, 2) == b"bc"
    assert pieces.read(3, 0) == b""
    assert pieces.read(1, 3) is None
    assert pieces.upto(1, 9) == b"bc"
