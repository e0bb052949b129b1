"""Digests that are computed beside the walk and beside what comes after it: nothing gets out before them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import slim
from slim.files import cache as caches
from slim.files import layer as layers_read
from slim.files.blob import scan_blob
from slim.files.cache import TableCache
from slim.files.options import ReadOptions
from slim.files.scan import scan
from slim.image.ref import ImageRef
from slim.image.source import open_image
from tests.support.building import Layer, image, layer, save

LARGE = layer({"large": os.urandom(50_000)})
PLAIN = layer({"other": b"o" * 3000, "small": b"s"})
PACKED = layer({"other": b"o" * 3000, "small": b"s"}, compression="gzip")
FORMS = [
    (form, other)
    for form, others in {
        "docker-old": [PLAIN],
        "docker": [PLAIN, PACKED],
        "oci-archive": [PLAIN, PACKED],
        "oci-dir": [PLAIN, PACKED],
    }.items()
    for other in others
]


def _damage(path: Path, form: str, other: Layer) -> None:
    """Change a byte that only the digest tells: of a file, or of the time in gzip's header."""
    if form == "oci-dir":
        blobs = [file for file in (path / "blobs" / "sha256").iterdir() if file.is_file()]
        path = next(file for file in blobs if file.read_bytes() == other.blob)
    data = bytearray(path.read_bytes())
    data[data.find(other.blob) + (4 if other is PACKED else 1000)] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(("form", "other"), FORMS)
@pytest.mark.parametrize("advice", [True, False])
def test_a_wrong_digest_fails_the_run(
    form: str, other: Layer, advice: bool, tmp_path: Path
) -> None:
    path = save(image(LARGE, other), tmp_path / "image", form)
    _damage(path, form, other)
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(path, advice=advice)
    assert caught.value.exit_code == 4
    assert "layer 1 " in str(caught.value)


@pytest.mark.parametrize(("form", "other"), FORMS)
def test_the_cache_is_given_what_was_verified(
    form: str, other: Layer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "_SMALL", 0)
    cache = TableCache(tmp_path / "cache")
    damaged = save(image(LARGE, other), tmp_path / "damaged", form)
    _damage(damaged, form, other)
    with pytest.raises(slim.SlimError):
        slim.analyze(damaged, cache=cache)
    assert cache.usage().layers <= 1, "the other layer's"
    path = save(image(LARGE, other), tmp_path / "image", form)
    assert slim.analyze(path, cache=cache) == slim.analyze(path)
    assert cache.usage().layers == 2


@pytest.mark.parametrize(("form", "other"), FORMS)
def test_the_end_of_the_block_waits_for_them(form: str, other: Layer, tmp_path: Path) -> None:
    path = save(image(LARGE, other), tmp_path / "image", form)
    read: list[tuple[int, int]] = []
    options = ReadOptions(progress=lambda done, total: read.append((done, total)))
    with open_image(ImageRef(str(path))) as opened:
        with scan(opened, options, late=True) as tables:
            late = [table.blob_digest for table in tables if table]
        assert max(read) == (sum(layer.size for layer in opened.layers),) * 2
        with scan(opened, ReadOptions()) as tables:
            assert [table.blob_digest for table in tables if table] == late


def test_a_blob_of_many_layers_is_not_walked_over_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one of their diff ids can be right: the first that is wrong ends it."""
    walked: list[int] = []

    def counted(blob: Any, **options: Any) -> Any:
        walked.append(blob.size)
        return scan_blob(blob, **options)

    monkeypatch.setattr(layers_read, "scan_blob", counted)
    path = save(image(LARGE), tmp_path / "image.tar", "docker-old")
    with open_image(ImageRef(str(path))) as opened:
        first = opened.layers[0]
        others = (
            replace(first, index=at, diff_id=f"sha256:{at:064x}", descriptor=None)
            for at in range(1, 50)
        )
        many = replace(opened, layers=(first, *others))
        options = ReadOptions(jobs=1)
        with pytest.raises(slim.SlimError) as caught, scan(many, options, late=True):
            pass
    assert caught.value.exit_code == 4
    assert len(walked) <= 3
