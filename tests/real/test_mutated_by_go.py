"""Changed images by slim and by Go's reader: an error with its own exit code, or the same numbers.

Digests are not verified here: else hardly any change would be looked at. What slim takes, Go takes, with
the same entries; the sum of the sizes that Go lists is the image's size, and a gate below it fails.
"""

from __future__ import annotations

import gzip
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import slim
from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.stream.compression import sniff
from tests.conftest import LONGER
from tests.fuzz.targets import assert_clear
from tests.support.attacks import Attack
from tests.support.building import delete, file, image, layer, save
from tests.support.corpus import IMAGES, images
from tests.support.golist import Entries, Lister, agree, go
from tests.support.mutated_images import LARGEST, mutations

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["go"]
pytestmark = [pytest.mark.real, pytest.mark.corpus]

ATTACKS = (
    Attack(
        id="X8-go",
        given="real and made images, unverified, with bytes changed, blocks swapped, and cut",
        outcome="an error with its own exit code, or what Go's reader lists; a gate below it fails",
        proof="test_a_changed_image_is_an_error_or_what_go_reads",
    ),
)
TRIES = 12 * LONGER
MADE = image(
    layer("etc/", file("etc/a", b"one" * 300), file("etc/b", b"2" * 700)),
    layer("etc/a=other ln->etc/a", delete("etc/b"), "hl=>ln"),
)


def archives(corpora: Path, folder: Path) -> Iterator[Path]:
    for form in ("docker-old", "docker", "oci-archive"):
        yield save(MADE, folder / form, form)
    for name in images():
        path = corpora / IMAGES / name
        if path.is_file() and 512 <= path.stat().st_size <= LARGEST:
            yield path


READERS = {"gzip": gzip.decompress, "zstd": zstd.decompress}
"""The standard library's; they refuse what stands behind the last member, which slim says a warning of."""


def tars(path: Path) -> Iterator[bytes]:
    """The layers of an image as slim finds them, decompressed by the standard library."""
    with open_image(ImageRef(str(path))) as found:
        for layer in found.layers:
            data = b"".join(layer.blob.chunks()) if layer.blob is not None else b""
            yield READERS.get(sniff(data[:6]), bytes)(data)


def listed_bytes(entries: Entries) -> int:
    """The bytes of regular files that are no whiteouts, by their names alone."""
    return sum(
        size
        for name, _, kind, size in entries
        if kind in "07S" and name.rstrip(b"/") and not name.split(b"/")[-1].startswith(b".wh.")
    )


def outcome(path: Path, go: Lister) -> str:
    """The slug of slim's error; else an empty string, once Go has said the same."""
    try:
        report = slim.analyze(path, verify=False, advice=False, jobs=1)
    except slim.SlimError as error:
        assert_clear(error, 2, 3, 4, 5)
        return error.slug
    total = 0
    try:
        layers = list(tars(path))
    except (OSError, EOFError, zstd.ZstdError):
        assert {"trailing-garbage", "trailing-zeros"} & {warning.id for warning in report.warnings}
        return "behind the end"
    for data in layers:
        entries, fault = go(data)
        if fault and b"mtime=" in data:
            return "a time"  # which is no reason to refuse a layer: test_corpus.DIFFERENCES
        assert not agree(data, go)
        total += listed_bytes(entries)
    assert report.totals.disk_bytes == total
    gates = Gates(size=total - 1) if total else Gates()
    assert not gates or judge(report, gates).verdict.result == "fail"
    assert judge(report, Gates(size=total)).verdict.result == "pass"
    return ""


def test_a_changed_image_is_an_error_or_what_go_reads(
    go: Lister, corpora: Path, tmp_path: Path
) -> None:
    draw = random.Random(9)  # noqa: S311
    lines = []
    for original in archives(corpora, tmp_path):
        data = original.read_bytes()
        for changed in mutations(data, draw, TRIES):
            path = tmp_path / "changed.tar"
            path.write_bytes(changed)
            lines.append(outcome(path, go))
    assert len(lines) > 300
    assert lines.count("") > len(lines) / 10
    assert len(set(lines)) > 5
