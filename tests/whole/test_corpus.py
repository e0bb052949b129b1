"""The public corpora: slim's tar reader against Go's, and real images by golden numbers."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import slim
from slim import SlimError
from slim.files.pull_size import ERROR_PERCENT
from tests.conftest import Golden
from tests.support.checked import checked_analyze
from tests.support.corpus import DIFFERENCES, IMAGES, Listing, expected, images, tars, uncompressed
from tests.support.tar_entries import list_entries

pytestmark = pytest.mark.corpus


LAYER_FIELDS = (
    *("index", "diff_id", "compression", "verified", "pull_bytes", "tar_bytes", "disk_bytes"),
    *("overhead_bytes", "live_bytes", "dead_bytes", "files", "added", "changed", "removed"),
)
WASTE_FIELDS = ("class", "origin_layer", "ended_by", "disk_bytes", "pull_bytes", "files")


def listing(chunks: Iterable[bytes]) -> tuple[Listing, SlimError | None]:
    """slim's entries up to the end or the fault, and the fault."""
    entries: Listing = []
    try:
        for entry in list_entries(chunks):
            entries.append((entry.name, entry.link, entry.type, entry.size))
    except SlimError as error:
        return entries, error
    return entries, None


@pytest.mark.parametrize("name", tars())
@pytest.mark.parametrize("step", [512, 1000, 1 << 20])
def test_tar_reader_agrees_with_go(corpora: Path, name: str, step: int) -> None:
    data = uncompressed(corpora / "tar" / name)
    entries, error = listing(data[at : at + step] for at in range(0, len(data), step))
    go = expected(str(corpora))[name]
    theirs: Listing = [
        (
            base64.b64decode(entry["name_b64"]),
            base64.b64decode(entry["link_b64"]),
            entry["type"],
            entry["size"],
        )
        for entry in go["entries"]
    ]
    fails = bool(go["error"])
    if name in DIFFERENCES:
        _, ours = DIFFERENCES[name]
        assert (ours, ours is None) != (theirs, fails), "slim agrees: no difference to list"
        theirs, fails = ours or [], ours is None
    assert entries == theirs
    assert (error is not None) == fails, error
    if error:
        assert error.exit_code in {3, 5}


def test_every_difference_is_still_in_the_corpus(corpora: Path) -> None:
    assert set(DIFFERENCES) <= set(expected(str(corpora)))


@pytest.mark.parametrize("name", images())
def test_images_have_their_golden_numbers(corpora: Path, golden: Golden, name: str) -> None:
    golden("corpus-images.json", name, outcome(corpora / IMAGES / name))


def test_sizes_to_pull_are_estimated_within_their_error(corpora: Path) -> None:
    """Of all images of the corpus whose layers are stored uncompressed, against `gzip -6`."""
    tried = 0
    for path in (corpora / IMAGES / name for name in images()):
        try:
            totals = slim.analyze(path).totals
        except SlimError:
            continue
        if totals.estimated:
            exact = slim.analyze(path, exact_pull=True).totals.pull_bytes
            assert abs(totals.pull_bytes - exact) * 100 <= ERROR_PERCENT * exact, path
            tried += 1
    assert tried >= 3


def outcome(path: Path, image_index: int | None = None) -> Any:
    """What analysing the path gives: the numbers that depend on the image alone, or the error.

    Of an archive with two images both are analysed.
    """
    try:
        report = msgspec.to_builtins(checked_analyze(path, image_index=image_index))
    except SlimError as error:
        text = {"error": error.slug, "exit_code": error.exit_code}
        if error.slug == "ambiguous-image":
            return text | {"choices": [outcome(path, choice) for choice in (0, 1)]}
        return text
    of_rules = ("reclaimable_bytes", "reclaimable_pull_bytes")
    return {
        "format": report["source"]["format"],
        "totals": {key: n for key, n in report["totals"].items() if key not in of_rules},
        "layers": [
            {key: layer[key] for key in LAYER_FIELDS if key in layer} for layer in report["layers"]
        ],
        "waste": [
            {key: item[key] for key in WASTE_FIELDS if key in item} for item in report["waste"]
        ],
        "warnings": sorted({warning["id"] for warning in report["warnings"]}),
        "dive": report["dive"],
    }
