"""Real images, cut and changed: an error of its own, or the numbers of the image as it was.

Digests cover layers and, but in old archives, configs. Of the rest (headers of the outer archive, its
padding, documents that give names) a changed byte may change what the image is called or what its history
says, and never what it holds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import slim
from slim.__main__ import _run
from tests.fuzz.targets import assert_clear
from tests.support.attacks import Attack
from tests.support.corpus import IMAGES, images
from tests.support.mutated_images import BLOCK, LARGEST, mutations

pytestmark = pytest.mark.corpus

ATTACKS = (
    Attack(
        id="X7-images",
        given="real images, cut at blocks and at random bytes",
        outcome="an error with its own exit code, or the same report",
        proof="test_a_cut_image_is_an_error_or_the_same",
    ),
    Attack(
        id="X8-images",
        given="real images with random bytes changed, blocks swapped, and cut",
        outcome="an error with its own exit code, or the same layers and totals",
        proof="test_a_changed_image_is_an_error_or_holds_the_same",
    ),
    Attack(
        id="X8-gate",
        given="the same, and a gate that the image fails",
        outcome="never exit code 0",
        proof="test_no_change_makes_a_failing_gate_pass",
    ),
)

TRIES = 60
"""Cuts and changes of each image."""


def numbers(path: Path) -> object:
    """What the image holds; not what it is called."""
    report = slim.analyze(path, jobs=1, advice=False)
    # Old archives have no digest of the config, and so none of the instructions of its history; nor one
    # of blobs, of which another may unfold to the same layer.
    layers = [msgspec.structs.replace(layer, created_by="", digest="") for layer in report.layers]
    waste = [msgspec.structs.replace(group, created_by="") for group in report.waste]
    return layers, waste, report.totals, report.largest_files


def archives(corpora: Path) -> Iterator[tuple[Path, object]]:
    """Small archives that are images, and what each holds."""
    for name in images():
        path = corpora / IMAGES / name
        if path.is_file() and path.stat().st_size <= LARGEST:
            try:
                yield path, numbers(path)
            except slim.SlimError:
                continue


def outcome(data: bytes, path: Path, whole: object) -> str:
    """The slug of the error, or an empty string for the same numbers."""
    path.write_bytes(data)
    try:
        found = numbers(path)
    except slim.SlimError as error:
        assert_clear(error, 2, 3, 4, 5)
        return error.slug
    assert found == whole
    return ""


def test_a_cut_image_is_an_error_or_the_same(corpora: Path, tmp_path: Path) -> None:
    draw = random.Random(7)  # noqa: S311
    text = []
    for original, whole in archives(corpora):
        data = original.read_bytes()
        end = len(data.rstrip(b"\0"))  # what follows is padding
        blocks = [draw.randrange(end // BLOCK) * BLOCK for _ in range(TRIES)]
        cuts = {0, end - 1, *blocks, *(draw.randrange(end) for _ in range(TRIES))}
        text += [outcome(data[:cut], tmp_path / "cut.tar", whole) for cut in sorted(cuts)]
    assert len(text) > 100
    assert text.count("") < len(text) / 10, "the ends of archives are in few cases of no use"


def test_a_changed_image_is_an_error_or_holds_the_same(corpora: Path, tmp_path: Path) -> None:
    draw = random.Random(8)  # noqa: S311
    text = []
    for original, whole in archives(corpora):
        for changed in mutations(original.read_bytes(), draw, TRIES):
            text.append(outcome(changed, tmp_path / "changed.tar", whole))
    assert len(text) > 100
    assert 0 < text.count("") < len(text)


def test_no_change_makes_a_failing_gate_pass(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command line, for a gate of one byte less than each image has."""
    draw = random.Random(10)  # noqa: S311
    path, out = tmp_path / "changed.tar", tmp_path / "out.json"
    codes = []
    for original, _ in archives(corpora):
        size = slim.analyze(original, advice=False).totals.disk_bytes
        arguments = [f"--max-size={size - 1}B", "--no-advice", "--no-cache", "-o", f"json={out}"]
        for changed in mutations(original.read_bytes(), draw, 4 if size else 0):
            path.write_bytes(changed)
            monkeypatch.setattr("sys.argv", ["slim", "analyze", str(path), *arguments])
            codes.append(_run())
    assert set(codes) <= {1, 2, 3, 4, 5}
    assert 1 in codes
    assert len(set(codes)) > 1
