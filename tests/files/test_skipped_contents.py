"""Without digests to check, large files that nothing is compared with are not read: with the same report."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from slim import Report, SlimError, analyze
from slim.files.pull_size import windows
from tests.support.building import FORMATS, Layer, file, image, layer, save

LARGE = 300_000
LAYERS = [
    layer(
        [
            file("once", b"1" * LARGE),
            file("same", b"2" * (LARGE + 1)),
            file("other", b"3" * (LARGE + 1)),
            *(file(f"small{number}", b"4" * number) for number in range(0, 20_000, 1000)),
            file("last", b"5" * 3 * LARGE),
        ]
    ),
    layer(
        [
            file("same", b"2" * (LARGE + 1), mode=0o755),
            file("other", b"6" * (LARGE + 1)),
            file("once", b"7" * (LARGE + 2)),
        ]
    ),
]


def apart_from_digests(report: Report) -> Report:
    layers = [changed(layer, verified=True, digest="") for layer in report.layers]
    return changed(report, source=changed(report.source, verified=True), layers=layers)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("all_files", [False, True])
def test_a_report_is_the_same(form: str, all_files: bool, tmp_path: Path) -> None:
    path = save(image(*LAYERS), tmp_path / "image", form)
    whole = analyze(path, advice=False, all_files=all_files)
    skimmed = analyze(path, advice=False, all_files=all_files, verify=False)
    assert apart_from_digests(skimmed) == apart_from_digests(whole)
    assert {(group.kind, group.files) for group in whole.waste} == {
        ("metadata-only", 1),
        ("rewritten", 2),
    }


def read_bytes(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> int:
    count, pread = 0, os.pread

    def counting(fd: int, size: int, at: int) -> bytes:
        nonlocal count
        found = pread(fd, size, at)
        count += len(found)
        return found

    monkeypatch.setattr(os, "pread", counting)
    call()
    return count


def test_only_files_of_one_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [file(f"f{number}", b"x" * (LARGE + number)) for number in range(20)]
    layers = layer(files), layer(files[:2])
    path = save(image(*layers), tmp_path / "image.tar", "docker-old")
    size = path.stat().st_size
    assert read_bytes(monkeypatch, lambda: analyze(path, advice=False)) > size * 0.9
    count = read_bytes(monkeypatch, lambda: analyze(path, advice=False, verify=False))
    # Two files of the lower layer, and the same two again; and the samples for the size to pull.
    tars = [len(each.tar) for each in layers]
    samples = sum(stop - start for tar in tars for start, stop, _ in windows(tar))
    assert 4 * LARGE < count - samples < 6 * LARGE


@pytest.mark.parametrize("left", [1, 511, 512, 5_000, LARGE, 3 * LARGE])
def test_a_layer_that_is_cut_off_is_an_error(left: int, tmp_path: Path) -> None:
    whole = LAYERS[0].tar.rstrip(b"\0")
    result: Layer = replace(LAYERS[0], blob=whole[:-left], tar=whole[:-left])
    path = save(image(result), tmp_path / "image.tar", "docker-old")
    errors = []
    for verify in (True, False):
        with pytest.raises(SlimError) as caught:
            analyze(path, advice=False, verify=verify)
        errors.append(caught.value.slug)
    assert errors == ["tar-truncated", "tar-truncated"]
