"""Images that lie about a layer whose table is known: from the cache, or from another image of the run."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.errors import SlimError
from slim.files.cache import TableCache
from tests.support.building import digest, encode, image, layer
from tests.support.fake_registry import Fake, serve

Change = Callable[[dict[str, Any], dict[str, Any]], None]
"""What a lying image does to its (manifest, config)."""


def _false_diff_id(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    config["rootfs"]["diff_ids"][0] = digest(b"something else")


def _exchanged_diff_ids(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    config["rootfs"]["diff_ids"].reverse()


def _false_size(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    manifest["layers"][0]["size"] += 1


def _exchanged_digests(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    first, second = manifest["layers"]
    first["digest"], second["digest"] = second["digest"], first["digest"]


LIES: dict[Change, str] = {
    _false_diff_id: "layer-diff-id",
    _exchanged_diff_ids: "layer-diff-id",
    _false_size: "wrong-size",
    _exchanged_digests: "wrong-size",
}


@pytest.fixture
def registry() -> Iterator[Fake]:
    # The cache keeps no tables of small blobs.
    noise = random.Random(16)  # noqa: S311 - filler
    layers = [layer({name: noise.randbytes(100_000)}) for name in "ab"]
    with serve(image(*layers, compression="gzip")) as fake:
        yield fake


def add(fake: Fake, tag: str, change: Change) -> str:
    """Add an image of the same layers with another manifest and config; returns its name."""
    manifest = json.loads(fake.manifest)
    config = json.loads(fake.blobs[manifest["config"]["digest"]])
    change(manifest, config)
    data = encode(config)
    fake.blobs[digest(data)] = data
    manifest["config"].update(digest=digest(data), size=len(data))
    fake.documents[tag] = encode(manifest)
    return f"{fake.host}/team/app:{tag}"


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__[1:])
@pytest.mark.parametrize("kept", [False, True], ids=["same-run", "cache"])
def test_a_lie_about_a_known_layer_is_the_error_that_it_is_without_a_cache(
    registry: Fake, lie: Change, kept: bool, tmp_path: Path
) -> None:
    def cache() -> TableCache:
        return TableCache(tmp_path / "tables", share=not kept)

    bad, shared = add(registry, "bad", lie), cache()
    expected = (LIES[lie], 4)
    with pytest.raises(SlimError) as cold:
        slim.analyze(bad, registry=registry.access())
    assert (cold.value.slug, cold.value.exit_code) == expected
    assert slim.analyze(registry.name, registry=registry.access(), cache=shared).source.verified
    with pytest.raises(SlimError) as warm:
        slim.analyze(bad, registry=registry.access(), cache=cache() if kept else shared)
    assert (warm.value.slug, warm.value.exit_code) == expected
    assert warm.value.message == cold.value.message


@pytest.mark.parametrize("at", [0, 1])
def test_a_lie_about_one_of_two_layers_that_are_one_blob(at: int) -> None:
    def lie(manifest: dict[str, Any], config: dict[str, Any]) -> None:
        config["rootfs"]["diff_ids"][at] = digest(b"something else")

    one = layer({"a": b"x"})
    with serve(image(one, one, compression="gzip")) as fake, pytest.raises(SlimError) as caught:
        slim.analyze(add(fake, "bad", lie), registry=fake.access())
    assert (caught.value.slug, caught.value.exit_code) == ("layer-diff-id", 4)


def test_the_order_of_two_images_changes_nothing(registry: Fake) -> None:
    bad, shared = add(registry, "bad", _false_diff_id), TableCache(None, share=True)
    with pytest.raises(SlimError):
        slim.analyze(bad, registry=registry.access(), cache=shared)
    assert slim.analyze(registry.name, registry=registry.access(), cache=shared).source.verified


def test_a_false_media_type_gives_the_same_report_from_a_known_table(registry: Fake) -> None:
    def mislabel(manifest: dict[str, Any], config: dict[str, Any]) -> None:
        manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"

    bad, shared = add(registry, "bad", mislabel), TableCache(None, share=True)
    cold = slim.analyze(bad, registry=registry.access())
    slim.analyze(registry.name, registry=registry.access(), cache=shared)
    warm = slim.analyze(bad, registry=registry.access(), cache=shared)
    assert slim.render(warm, "json") == slim.render(cold, "json")
    assert cold.warnings


def test_unverified_runs_say_the_same_with_and_without_a_known_table(registry: Fake) -> None:
    bad, shared = add(registry, "bad", _false_diff_id), TableCache(None, share=True)
    cold = slim.analyze(bad, registry=registry.access(), verify=False)
    slim.analyze(registry.name, registry=registry.access(), cache=shared)
    warm = slim.analyze(bad, registry=registry.access(), cache=shared, verify=False)
    assert slim.render(warm, "json") == slim.render(cold, "json")
    assert not cold.source.verified
