"""Repacking streams: no layer is in memory, however large it is."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import LONG
from tests.support.building import file, image, layer, save
from tests.support.sizes import run_and_measure

LARGE = 300 << 20


@LONG
def test_a_layer_that_is_larger_than_the_memory_that_is_used(tmp_path: Path) -> None:
    big = layer([file("large", bytes(LARGE)), file("dead", b"x")], compression="gzip")
    source = save(image(big, layer(".wh.dead")), tmp_path / "source.tar")
    code, peak, errors = run_and_measure(
        "repack", str(source), "-o", str(tmp_path / "out.tar"), "--compression", "gzip:1"
    )
    assert code == 0, errors
    assert peak < LARGE // 2
