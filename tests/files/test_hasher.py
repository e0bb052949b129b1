"""Digests do not depend on the thread that computes them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from slim.files.hasher import Hasher
from slim.files.options import ReadOptions
from slim.files.scan import scan
from slim.image.ref import ImageRef
from slim.image.source import open_image
from tests.support.building import image, layer, save


@pytest.mark.parametrize("beside", [True, False])
def test_both_ways_give_the_digest(beside: bool) -> None:
    with Hasher("sha256", beside=beside) as hasher:
        for number in range(100):
            hasher.update(bytes([number]) * 5000)
    whole = b"".join(bytes([number]) * 5000 for number in range(100))
    assert hasher.digest() == "sha256:" + hashlib.sha256(whole).hexdigest()


def test_layers_are_verified_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer with more than its share is hashed beside its reading, the others are not."""
    chosen: list[bool] = []
    original = Hasher.__init__

    def noting(self: Hasher, algorithm: str, *, beside: bool = True) -> None:
        chosen.append(beside)
        original(self, algorithm, beside=beside)

    monkeypatch.setattr(Hasher, "__init__", noting)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    archive = tmp_path / "image.tar"
    small = [layer({f"small/{number}": bytes([number]) * 2000}) for number in range(2)]
    save(image(layer({"large": b"l" * 100_000}), *small), archive, "docker")
    with (
        open_image(ImageRef(str(archive))) as opened,
        scan(opened, ReadOptions()) as tables,
    ):
        assert [table.diff_id for table in tables if table] == [
            layer.diff_id for layer in opened.layers
        ]
    assert sorted(chosen) == [False, False, True]
