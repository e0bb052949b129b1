"""What a registry would send of layers that an archive stores uncompressed: estimated, exact, or as it is."""

from __future__ import annotations

import json
import random
import sysconfig
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import slim
from slim.files.blob import scan_blob
from slim.files.cache import TableCache
from slim.files.fast_deflate import corrected
from slim.files.pull_size import ERROR_PERCENT, PIECE, Sample, windows
from slim.image.stored import MemoryBlob
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Image, image, layer, save
from tests.support.checked import checked_analyze
from tests.support.commands import run
from tests.support.corpus import IMAGES, images
from tests.support.pipes import of_pipe


def gzip6(data: bytes) -> int:
    engine = zlib.compressobj(6, zlib.DEFLATED, 31)
    return len(engine.compress(data)) + len(engine.flush())


def mixed(seed: int = 1, size: int = 3 << 20) -> dict[str, bytes]:
    """Files of several kinds: code, zeros, noise, and what is made of few words."""
    rng = random.Random(seed)  # noqa: S311 - the same on every run
    code = b"".join(
        path.read_bytes()
        for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[: 40 + seed]
    )[:size]
    words = [rng.randbytes(6).hex().encode() for _ in range(500)]
    return {
        "usr/lib/code.py": code,
        "var/zeros": bytes(size // 4),
        "srv/noise": rng.randbytes(size // 3),
        "srv/words": b" ".join(rng.choices(words, k=size // 30)),
        "etc/small": b"small",
    }


@pytest.fixture(scope="module")
def uncompressed() -> Image:
    """Layers of several sizes, as `docker save` stores them."""
    return image(layer(mixed(1)), layer(mixed(2, 1 << 20)), layer({"etc/a": b"a" * 999}))


@pytest.fixture(scope="module")
def archive(uncompressed: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(uncompressed, tmp_path_factory.mktemp("plain") / "image.tar", "docker-old")


@given(st.integers(0, 1 << 40), st.integers(0, 3))
def test_every_block_has_its_sample(size: int, last: int) -> None:
    size = size % (60 << 20) + last
    at = 0
    for start, stop, end in windows(size):
        assert at <= start < stop <= end
        assert stop - start <= PIECE
        at = end
    assert at == size


@given(st.lists(st.integers(1, 300_000), min_size=1, max_size=20))
def test_how_the_bytes_arrive_changes_nothing(cuts: list[int]) -> None:
    data = bytes(range(256)) * 8000
    whole, pieces = Sample(len(data)), Sample(len(data))
    whole.update(data)
    at = 0
    for cut in cuts:
        pieces.update(data[at : at + cut])
        at += cut
    pieces.update(data[at:])
    assert pieces.finish() == whole.finish()


def test_a_piece_is_never_larger_than_it_is_stored() -> None:
    assert corrected(1000, 1200, 734, 287) == 1000
    assert corrected(1000, 0, 734, 287) == 0
    assert corrected(PIECE, PIECE // 3, 734, 287) < PIECE // 3, (
        "gzip -6 is better than the faster compressor"
    )


def test_an_estimate_is_near_what_gzip_makes_and_says_that_it_is_one(
    uncompressed: Image, archive: Path
) -> None:
    report = checked_analyze(archive)
    real = sum(gzip6(layer.tar) for layer in uncompressed.layers)
    assert abs(report.totals.pull_bytes - real) * 100 <= ERROR_PERCENT * real
    assert report.totals.estimated
    assert report.totals.pull_error_bytes * 100 >= ERROR_PERCENT * report.totals.pull_bytes
    for each in report.layers:
        assert each.estimated
        assert each.blob_bytes == each.tar_bytes > each.pull_bytes
    assert all(file.estimated for file in report.largest_files)


def test_files_share_an_estimate_by_what_they_are(tmp_path: Path) -> None:
    archive = save(image(layer(mixed(size=12 << 20))), tmp_path / "image.tar", "docker")
    report = slim.analyze(archive, all_files=True)
    shares = {bare(file.path): file for file in report.largest_files}
    noise, zeros = shares["srv/noise"], shares["var/zeros"]
    assert noise.pull_bytes > 0.95 * noise.disk_bytes
    assert zeros.pull_bytes < 0.05 * zeros.disk_bytes
    for each in report.layers:
        files = sum(file.pull_bytes for file in report.largest_files if file.layer == each.index)
        assert files + sum(label.pull_bytes for label in each.labels) == each.pull_bytes


def test_threads_pipes_and_what_is_left_out_change_nothing(archive: Path) -> None:
    report = slim.analyze(archive)
    assert slim.analyze(archive, jobs=1) == slim.analyze(archive, jobs=7) == report
    assert of_pipe(archive.read_bytes()).layers == report.layers
    skimmed = slim.analyze(archive, advice=False, verify=False)
    assert skimmed.totals == slim.analyze(archive, advice=False).totals


@LONG
def test_an_exact_size_is_what_gzip_makes(uncompressed: Image, archive: Path) -> None:
    report = checked_analyze(archive, exact_pull=True)
    assert [each.pull_bytes for each in report.layers] == [
        gzip6(layer.tar) for layer in uncompressed.layers
    ]
    assert not report.totals.estimated
    assert not any(each.estimated for each in report.layers)
    assert report.totals.pull_error_bytes == 0
    skimmed = slim.analyze(archive, advice=False, verify=False, exact_pull=True)
    assert skimmed.totals.pull_bytes == report.totals.pull_bytes


def test_what_is_compressed_is_measured(uncompressed: Image, tmp_path: Path) -> None:
    for compression in ("gzip", "zstd"):
        packed = image(*uncompressed.layers, compression=compression)
        report = checked_analyze(save(packed, tmp_path / compression))
        assert not report.totals.estimated
        assert report.totals.pull_bytes == sum(len(layer.blob) for layer in packed.layers)


def test_a_registry_sends_what_it_stores(uncompressed: Image) -> None:
    table = scan_blob(MemoryBlob(uncompressed.layers[0].tar))
    assert (table.pull_bytes, table.estimated) == (len(uncompressed.layers[0].tar), False)


def test_the_cache_keeps_estimates_and_exact_sizes_apart(archive: Path, tmp_path: Path) -> None:
    cache = TableCache(tmp_path / "cache")
    first = slim.analyze(archive, cache=cache)
    exact = slim.analyze(archive, cache=cache, exact_pull=True)
    assert exact.totals.pull_bytes != first.totals.pull_bytes
    assert slim.analyze(archive, cache=cache) == first
    assert slim.analyze(archive, cache=cache, exact_pull=True) == exact
    assert exact == slim.analyze(archive, exact_pull=True)


def test_a_limit_judges_an_estimate_only_outside_its_error(archive: Path) -> None:
    report = slim.analyze(archive)
    size, error = report.totals.pull_bytes, report.totals.pull_error_bytes
    for limit, result in (
        (size - error - 1, "fail"),
        (size - error, "unknown"),
        (size - 1, "unknown"),
        (size, "unknown"),
        (size + error - 1, "unknown"),
        (size + error, "pass"),
    ):
        judged = judge(report, Gates(pull_size=limit))
        assert judged.verdict.result == result, limit - size
        assert judged.budgets[0].error_bytes == error
    exact = slim.analyze(archive, exact_pull=True)
    assert judge(exact, Gates(pull_size=exact.totals.pull_bytes)).verdict.result == "pass"
    assert judge(exact, Gates(pull_size=exact.totals.pull_bytes - 1)).verdict.result == "fail"


def test_a_gate_that_an_estimate_cannot_decide_says_so(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = slim.analyze(archive).totals.pull_bytes
    assert run("analyze", str(archive), "-o", "text", "--max-pull-size", f"{size}B") == 3
    out, err = capsys.readouterr()
    text = " ".join(out.split())
    assert "is an estimate, too close to the limit" in text + " ".join(err.split())
    assert "hint: make the report with --exact-pull" in " ".join(err.split())
    assert f"≈{slim.RenderOptions().units.size(size)} to pull" in text
    words = ("--max-pull-size", f"{2 * size}B", "--exact-pull")
    assert run("analyze", str(archive), "-o", "text", *words) == 0
    assert "≈" not in capsys.readouterr().out


def test_every_page_marks_estimates(archive: Path) -> None:
    report = slim.analyze(archive)
    size = slim.RenderOptions().units.size(report.totals.pull_bytes)
    for format in ("text", "markdown", "html"):
        page = slim.render(report, format).replace("\u00a0", " ").replace("&nbsp;", " ")
        assert f"≈{size}" in page, format
        assert f" {size} to pull" not in page, format
    exact = slim.analyze(archive, exact_pull=True)
    for format in ("text", "markdown", "html"):
        assert "≈" not in slim.render(exact, format), format


def test_a_comparison_of_an_estimate_with_a_measured_size_says_so(
    uncompressed: Image, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = save(image(*uncompressed.layers, compression="gzip"), tmp_path / "packed.tar")
    assert run("compare", str(packed), str(archive), "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    change = found["growth"]["pull_bytes"]
    assert abs(change) < 0.06 * found["base"]["totals"]["pull_bytes"], "not a growth of 70 %"
    (warning,) = [each for each in found["warnings"] if each["id"] == "pull-estimated"]
    assert "the image's size to pull is an estimate" in warning["text"]
    assert "the base's was measured" in warning["text"]
    assert run("compare", str(archive), str(archive), "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert "are estimates" in next(
        each["text"] for each in found["warnings"] if each["id"] == "pull-estimated"
    )
    assert run("compare", str(packed), str(packed), "-o", "json") == 0
    assert "pull-estimated" not in capsys.readouterr().out


@pytest.mark.corpus
@pytest.mark.parametrize("name", images())
def test_estimates_of_public_images(name: str, corpora: Path) -> None:
    try:
        report = slim.analyze(corpora / IMAGES / name)
    except slim.SlimError:
        pytest.skip("not an image that can be read")
    exact = slim.analyze(corpora / IMAGES / name, exact_pull=True).totals.pull_bytes
    assert abs(report.totals.pull_bytes - exact) * 100 <= ERROR_PERCENT * exact
