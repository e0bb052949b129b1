"""Repacking streams: no layer is in memory, however large it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.building import archive, file, image, layer, save
from tests.support.layouts import write
from tests.support.sizes import bodies, image_of, run_and_measure

LARGE = 300 << 20


def peak_of(source: Path, *options: str) -> int:
    """Bytes of memory that repacking takes."""
    target = str(source.with_name("out.tar"))
    code, peak, errors = run_and_measure("repack", str(source), "-o", target, *options)
    assert code == 0, errors
    return peak


@LONG
@pytest.mark.parametrize("how", ["gzip:1", "zstd:12", "zstd:17", "zstd:chunked:1", "estargz:1"])
def test_a_layer_that_is_larger_than_the_memory_that_is_used(how: str, tmp_path: Path) -> None:
    big = layer([file("large", bytes(LARGE)), file("dead", b"x")], compression="gzip")
    source = save(image(big, layer(".wh.dead")), tmp_path / "source.tar")
    assert peak_of(source, "--compression", how, "--jobs", "8") < LARGE // 2


@LONG
@pytest.mark.parametrize("shape", ["dead keep", "all squash"])
def test_many_entries(shape: str, tmp_path: Path) -> None:
    """An image of 5 GB has some 200,000: then these 800 bytes of each come to 160 MB."""
    level, layers = shape.split()
    names = [f"d{number % 500}/f{number}" for number in range(30_000)]
    few, many = (
        write(
            tmp_path,
            archive(image_of(bodies(names[:size]), bodies(names[: size // 2]))),
            f"{size}.tar",
        )
        for size in (200, len(names))
    )
    options = ("--level", level, "--layers", layers, "--compression", "gzip:1")
    more = peak_of(many, *options) - peak_of(few, *options)
    assert more < 45_000 * 800
