"""Digests that are computed beside the walk and beside what comes after it: nothing gets out before them."""

from __future__ import annotations

import hashlib
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


def test_a_kept_table_says_nothing_of_the_image_that_it_was_made_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one image starts is a file among others in the next one with the same layer."""
    monkeypatch.setattr(caches, "_SMALL", 0)
    script = b"#!/bin/sh\nexec python3 -m http.server\n"
    shared = layer({"opt/odd": script, "usr/bin/python3": b"\x7fELF" + b"x" * 100})
    above = layer({"entrypoint.sh": b"#!/bin/sh\nexec /opt/odd\n"})
    first = save(image(shared, config={"Entrypoint": ["/opt/odd"]}), tmp_path / "first")
    second = image(above, shared, config={"Entrypoint": ["/entrypoint.sh"]})
    path = save(second, tmp_path / "second")
    cache = TableCache(tmp_path / "cache")
    slim.analyze(first, cache=cache)
    assert slim.analyze(path, cache=cache) == slim.analyze(path)


@pytest.mark.parametrize("form", ["docker-old", "oci-archive", "oci-dir"])
def test_a_file_that_changes_between_the_two_readings(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was walked over is put right before it is hashed."""
    monkeypatch.setattr(caches, "_SMALL", 0)
    path = save(image(PLAIN), tmp_path / "image", form)
    blob = path / "blobs" / "sha256" / PLAIN.diff_id[7:] if form == "oci-dir" else path
    right = blob.read_bytes()
    wrong = right.replace(b"o" * 3000, b"w" * 3000)
    assert wrong != right
    blob.write_bytes(wrong)
    os.utime(blob, (1, 1))  # clocks of files are coarse

    def put_right(read: int, total: int) -> None:
        if 2 * read >= total and blob.read_bytes() == wrong:
            blob.write_bytes(right)

    cache = TableCache(tmp_path / "cache")
    with pytest.raises(slim.SlimError, match="has changed while it was read"):
        slim.analyze(path, cache=cache, jobs=1, progress=put_right)
    assert cache.usage().layers == 0


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_wrong_descriptor_is_reported_with_the_real_digest(
    compression: str, tmp_path: Path
) -> None:
    path = save(image(PLAIN, compression=compression), tmp_path / "image", "oci-dir")
    stored = {file.read_bytes(): file for file in (path / "blobs" / "sha256").iterdir()}
    blob = PLAIN.blob if compression == "none" else PACKED.blob
    name = stored[blob].name
    other = "0" * 64
    manifest = next(file for data, file in stored.items() if b'"digest"' in data)
    changed = manifest.read_bytes().replace(name.encode(), other.encode())
    renamed = hashlib.sha256(changed).hexdigest()
    index = path / "index.json"
    index.write_bytes(index.read_bytes().replace(manifest.name.encode(), renamed.encode()))
    manifest.with_name(renamed).write_bytes(changed)
    stored[blob].rename(stored[blob].with_name(other))
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(path)
    assert caught.value.slug == "layer-digest"
    assert f"its digest is sha256:{name}, but the image says sha256:{other}" in str(caught.value)
