"""Repacked images as the real tools unpack them: the source's filesystem, less what the certificate lists.

umoci unpacks, and buildah mounts what skopeo has copied: two independent readers of layers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import slim
from slim import pipeline
from slim.advice.vocabulary import VOCABULARY
from slim.errors import SlimError
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.repack.model import LAYER_MODES, LayerMode
from slim.rules.builtin import builtin_rules
from tests.conftest import LONG, LONGER
from tests.real.running import mounted
from tests.real.tools import TAG, Store, need, run
from tests.support.building import image, layer, save
from tests.support.corpus import IMAGES, images
from tests.support.filesystem import listing
from tests.support.repacking import removed_names, repack, seen, stored_layers
from tests.support.shared import FAT
from tests.support.tidy_stacks import tidy

pytestmark = pytest.mark.real

Seen = dict[bytes, tuple[Any, ...]]
Reader = Callable[[Path, Path], Seen]
TRANSPORTS = {"docker-archive": "docker-archive", "oci-archive": "oci-archive", "oci-dir": "oci"}
LEVELS = ("dead", "safe", "all")
ORIGINALS: dict[tuple[bytes, str], Seen] = {}
"""What is read of a source, whose results are many: by its digest and who reads."""


FIXTURES = [
    (name, level, mode, read)
    for name in ("phoenix-fat", "debian-zstd")
    for level in LEVELS
    for mode in LAYER_MODES
    for read in ("umoci", "buildah")
    # buildah takes half a minute for each of the large ones, and umoci reads no zstd.
    if (name == "phoenix-fat" and (read == "umoci" or mode == "keep" or LONGER > 1))
    or (name == "debian-zstd" and read == "buildah")
]


def advice() -> pipeline.AdviceOptions:
    return pipeline.AdviceOptions(builtin_rules(VOCABULARY, None), date(2026, 1, 1))


def by_umoci(layout: Path, folder: Path) -> Seen:
    run("umoci", "raw", "unpack", "--image", f"{layout}:{TAG}", folder)
    try:
        return listing(folder)
    finally:
        shutil.rmtree(folder)


def by_buildah(layout: Path, folder: Path) -> Seen:
    store = Store(folder)
    name = "localhost/repacked:1"
    store.buildah("pull", "--quiet", f"oci:{layout}:{TAG}")
    identity = store.buildah("images", "--quiet", "--no-trunc")
    store.buildah("tag", identity, name)
    try:
        with mounted(store, name) as root:
            return listing(root)
    finally:
        store.buildah("rmi", "--all", "--force")


def by_walk(layout: Path, _: Path) -> Seen:
    """As the slow oracle of the tests has it."""
    return {path: tuple(each) for path, each in seen(stored_layers(layout)).items()}


READERS: dict[str, Reader] = {"umoci": by_umoci, "buildah": by_buildah}


def layout_of(archive: Path, folder: Path) -> Path:
    """An OCI archive as a layout directory whose image is called as the tests call it."""
    run("skopeo", "copy", "--quiet", "--insecure-policy", place_of(archive), f"oci:{folder}:{TAG}")
    return folder


def place_of(path: Path) -> str:
    """What skopeo calls an image: by one of its names where it has several."""
    with open_image(ImageRef(str(path))) as found:
        place = f"{TRANSPORTS[found.format]}:{path}"
        several = found.format != "docker-archive" and len(found.names) > 1
        return f"{place}:{found.names[0]}" if several else place


def check(source: Path, folder: Path, mode: LayerMode, level: str, read: str) -> None:
    original = hashlib.sha256(source.read_bytes()).digest(), read
    if original not in ORIGINALS:
        layout = layout_of(source, folder / "before")
        ORIGINALS[original] = READERS[read](layout, folder / "before-root")
    compare_with(ORIGINALS[original], source, folder, mode, level, READERS[read])


def compare_with(
    before: Seen, source: Path, folder: Path, mode: LayerMode, level: str, reader: Reader
) -> None:
    """The result is what was read of the source, less what the certificate lists."""
    folder.mkdir(exist_ok=True)
    result = repack(
        source,
        folder / "result.tar",
        mode=mode,
        level=level,
        advice=advice() if level != "dead" else None,
    )
    after = reader(layout_of(folder / "result.tar", folder / "after"), folder / "after-root")
    gone = removed_names(result)
    assert level != "dead" or not gone
    expected = {path: attributes for path, attributes in before.items() if path not in gone}
    assert _without_gone_names(expected, gone) == after


def _without_gone_names(seen: Seen, gone: set[bytes]) -> Seen:
    """Names of a file that are gone are no names of it."""
    return {
        path: (*attributes[:-1], tuple(name for name in attributes[-1] if name not in gone))
        for path, attributes in seen.items()
    }


@pytest.mark.parametrize(("name", "level", "mode", "read"), FIXTURES)
def test_fixtures(tmp_path: Path, name: str, level: str, mode: LayerMode, read: str) -> None:
    need("skopeo", read)
    check(FAT.parent / f"{name}.tar", tmp_path, mode, level, read)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("mode", LAYER_MODES)
@pytest.mark.parametrize("seed", range(6))
def test_random_stacks(tmp_path: Path, seed: int, mode: LayerMode, read: str) -> None:
    need("skopeo", read)
    source = save(image(*map(layer, tidy(seed))), tmp_path / "source.tar")
    check(source, tmp_path, mode, "dead", read)


@LONG
@pytest.mark.parametrize("mode", LAYER_MODES)
@pytest.mark.parametrize("name", images())
def test_corpus(corpora: Path, name: str, mode: LayerMode, tmp_path: Path) -> None:
    """Every image of the corpora at every level; what slim does not read, it does not repack either."""
    need("skopeo", "umoci", "buildah")
    source = corpora / IMAGES / name
    target = tmp_path / "result.tar"
    try:
        repack(source, target, mode=mode)
    except SlimError as error:
        assert not list(tmp_path.iterdir())
        check_refusal(error, source, mode)
        return
    before, reader = read_by_others(source, tmp_path)
    for level in LEVELS:
        compare_with(before, source, tmp_path / level, mode, level, reader)


def check_refusal(error: SlimError, source: Path, mode: LayerMode) -> None:
    """It is an error of slim's own, and the image's: the same that reading it gives, or that of merging."""
    if error.slug == "cannot-merge":
        assert mode != "keep"
        return
    assert error.exit_code in (2, 3, 4, 5)
    if error.slug == "layer-missing":
        assert slim.analyze(source).warnings
        return
    with pytest.raises(SlimError) as caught:
        slim.analyze(source)
    assert caught.value.slug == error.slug


def read_by_others(source: Path, folder: Path) -> tuple[Seen, Reader]:
    """What is read of an image by a program that can, and how to read its results in the same way."""
    layout = layout_of(source, folder / "before")
    media_type = json.loads((layout / "index.json").read_text())["manifests"][0]["mediaType"]
    if "docker" in media_type:  # which neither reads in a layout
        return by_walk(layout, folder), by_walk
    reader = by_buildah if "zstd" in source.name else by_umoci
    return reader(layout, folder / "before-root"), reader


@LONG
@pytest.mark.parametrize("mode", LAYER_MODES)
@pytest.mark.parametrize("seed", range(100, 200))
def test_more_random_stacks(tmp_path: Path, seed: int, mode: LayerMode) -> None:
    need("skopeo", "umoci")
    source = save(image(*map(layer, tidy(seed))), tmp_path / "source.tar")
    check(source, tmp_path, mode, "dead", "umoci")
