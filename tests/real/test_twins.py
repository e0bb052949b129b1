"""Fat images, and what a careful engineer makes of them: both work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.conftest import Pairs
from tests.real.running import ask, serving
from tests.real.twins import PORTS

pytestmark = pytest.mark.real

PAGES = {
    "elixir": ("/sum/pear", "97cfbe87531abe0c6bac7b21d616cb422faaa158a9f2ae7e8685c79eb85fc65e"),
    "node": ("/item/pear/3", '{"name":"pear","price":3}'),
    "python": ("/sealed/pear", "<text>pear</text>"),
    "go": ("/", '[{"name":"shop 0.3.0","price":0},{"name":"pear","price":3}]'),
}
"""A page of each application that needs its dependencies, and its text."""


@pytest.mark.parametrize("stack", PORTS)
def test_the_twin_does_what_the_fat_image_does(stack: str, twins: Pairs, tmp_path: Path) -> None:
    page, text = PAGES[stack]
    pair = twins(stack)
    for layout in (pair.fat, pair.twin):
        with serving(layout, tmp_path / layout.name) as address:
            assert ask(address + page).strip() == text
