"""Treemaps: areas are the bytes, and nothing lies on anything else, whatever the sizes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.formats.html.treemap import HEADER, Box, Item, layout
from tests.conftest import LONG

WIDTH, HEIGHT = 1000.0, 600.0
SIZES = st.integers(0, 2**62) | st.integers(0, 10)


def item(value: int, *children: Item, name: str = "a") -> Item:
    return Item(name, value, 0, "base", name, children=children)


ITEMS = st.recursive(
    SIZES.map(item),
    lambda inner: st.lists(inner, min_size=1, max_size=8).map(
        lambda some: item(sum(child.value for child in some), *some)
    ),
    max_leaves=60,
)


def overlap(box: Box, other: Box) -> float:
    (x, y, w, h), (a, b, v, g) = box.place, other.place
    return max(0.0, min(x + w, a + v) - max(x, a)) * max(0.0, min(y + h, b + g) - max(y, b))


@given(st.lists(SIZES, min_size=1, max_size=60))
@settings(max_examples=80)
def test_areas_are_in_proportion_and_fill_the_canvas(values: list[int]) -> None:
    total = sum(values)
    boxes = layout([item(value) for value in values], WIDTH, HEIGHT, 1_000)
    assert sum(box.item.value for box in boxes) == total
    for box in boxes:
        x, y, width, height = box.place
        assert x >= -1e-6
        assert y >= -1e-6
        assert x + width <= WIDTH + 1e-6
        assert y + height <= HEIGHT + 1e-6
        assert width * height == pytest.approx(WIDTH * HEIGHT * box.item.value / total, abs=1e-3)
    for number, box in enumerate(boxes):
        assert all(overlap(box, other) < 1e-3 for other in boxes[:number])


@given(st.lists(ITEMS, min_size=1, max_size=6))
@settings(max_examples=60)
@LONG
def test_what_is_in_a_frame_is_below_its_header_and_alone(items: list[Item]) -> None:
    boxes = layout(items, WIDTH, HEIGHT, 200)
    leaves = [box for box in boxes if not box.frame]
    for number, box in enumerate(leaves):
        assert all(overlap(box, other) < 1e-3 for other in leaves[:number])
    for number, frame in enumerate(boxes):
        if frame.frame:
            x, y, width, _ = frame.place
            header = Box(frame.item, (x, y, width, HEADER), frame=False)
            assert all(overlap(header, box) < 1e-3 for box in boxes[number + 1 :] if not box.frame)


def test_what_is_too_small_to_see_is_one_box() -> None:
    boxes = layout([item(10**9), *(item(1) for _ in range(500))], WIDTH, HEIGHT, 1_000)
    assert [(box.item.name, box.item.value) for box in boxes] == [("a", 10**9), ("500 more", 500)]


def test_boxes_are_bounded_and_so_is_the_work() -> None:
    deep = item(1)
    for _ in range(1_000):
        deep = item(1, deep)
    wide = item(50_000, *(item(1) for _ in range(50_000)))
    start = time.perf_counter()
    assert len(layout([deep, wide], WIDTH, HEIGHT, 300)) <= 310
    assert time.perf_counter() - start < 5


def test_boxes_are_not_slivers() -> None:
    boxes = layout([item(value) for value in range(1, 41)], WIDTH, HEIGHT, 1_000)
    ratios = sorted(max(w / h, h / w) for _, _, w, h in (box.place for box in boxes))
    assert ratios[len(ratios) // 2] < 1.5
    assert ratios[-1] < 4
