"""`from slim import analyze`: typed, silent, and failing by errors that say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import slim
from slim import errors
from slim.errors import SlimError
from slim.limits import Limits
from tests.support.building import delete, image, layer, save, zstandard
from tests.support.layouts import BYE, HELLO, config, pack, simple, with_config, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    built = image(layer({"etc/a": b"one"}), layer(delete("etc/a"), compression="gzip"))
    return save(built, tmp_path / "image.tar", "docker")


def test_a_report_is_typed_and_frozen(path: Path) -> None:
    report = slim.analyze(path)
    assert isinstance(report, slim.Report)
    assert report.totals.dead_bytes == 3
    assert report.layers[0].disk_bytes == 3
    with pytest.raises(AttributeError):
        report.totals = None  # type: ignore[misc,assignment]
    assert msgspec.json.decode(msgspec.json.encode(report), type=slim.Report) == report


@pytest.mark.parametrize("as_given", [str, Path, os.fspath, lambda path: f"docker-archive:{path}"])
def test_a_source_is_a_path_or_a_text(as_given: Callable[[Path], Any], path: Path) -> None:
    report = slim.analyze(as_given(path))
    assert report.source.input == os.fspath(as_given(path))
    assert report.totals.layers == 2


def test_nothing_is_printed_and_nothing_stays_open(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    slim.analyze(path)
    for bad in (tmp_path, tmp_path / "missing", pack(tmp_path, with_config(config(BYE), HELLO))):
        with pytest.raises(SlimError):
            slim.analyze(bad)
    assert capfd.readouterr() == ("", "")
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_the_working_directory_and_the_image_are_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    before = path.read_bytes(), path.stat().st_mtime_ns
    slim.analyze(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert os.listdir() == []


def test_names_are_public_and_lazy() -> None:
    for name in slim.__all__:
        assert getattr(slim, name) is not None
    with pytest.raises(AttributeError):
        _ = slim.nothing
    assert (Path(slim.__file__).parent / "py.typed").exists()
    code = "import slim, sys; print({'msgspec', 'click', 'isal'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_library_needs_no_command_line() -> None:
    code = "import sys; from slim import analyze; print({'click'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


CODES = {
    errors.UsageError: 2,
    errors.InputError: 3,
    errors.IntegrityError: 4,
    errors.LimitError: 5,
    errors.NetworkError: 6,
    errors.InternalError: 70,
}


def test_each_kind_of_error_has_its_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert {kind for kind in kinds if issubclass(kind, SlimError)} == {*CODES, SlimError}
    for kind, code in CODES.items():
        assert kind.exit_code == code
        error = kind("some-slug", "what and where", "what to do")
        assert (error.slug, error.message, error.hint) == (
            "some-slug",
            "what and where",
            "what to do",
        )
        assert str(error) == "what and where (some-slug)"


@pytest.mark.parametrize(
    ("make", "options", "kind", "slug"),
    [
        (lambda folder: folder / "missing", {}, errors.InputError, "unreadable"),
        (lambda folder: write(folder, b"x" * 600), {}, errors.InputError, "not-an-image"),
        (
            lambda folder: pack(folder, simple(HELLO)),
            {"tag": "x"},
            errors.UsageError,
            "no-such-tag",
        ),
        (
            lambda folder: pack(folder, with_config(config(BYE), HELLO)),
            {},
            errors.IntegrityError,
            "layer-diff-id",
        ),
        (
            lambda folder: pack(folder, simple(HELLO)),
            {"limits": Limits(layer_bytes=1)},
            errors.LimitError,
            "limit-layer-bytes",
        ),
        (
            lambda folder: write(folder, zstandard(b"x" * 600)),
            {},
            errors.InputError,
            "not-an-image",
        ),
    ],
)
def test_errors_say_what_and_what_to_do(
    make: Callable[[Path], Path],
    options: dict[str, Any],
    kind: type[SlimError],
    slug: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(kind) as caught:
        slim.analyze(make(tmp_path), **options)
    error = caught.value
    assert error.slug == slug
    assert error.hint
    assert error.message
    assert "\n" not in error.message + error.hint


def test_progress_is_called_up_to_the_whole(path: Path) -> None:
    calls: list[tuple[int, int]] = []
    report = slim.analyze(path, progress=lambda read, total: calls.append((read, total)), jobs=1)
    total = sum(layer.blob_bytes for layer in report.layers)
    assert calls[-1] == (total, total)
    assert [read for read, _ in calls] == sorted(read for read, _ in calls)


def test_an_error_of_the_caller_s_progress_comes_through(path: Path) -> None:
    def progress(read: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        slim.analyze(path, progress=progress)


def test_a_base_image_may_be_any_form(path: Path, tmp_path: Path) -> None:
    base = save(image(layer({"etc/a": b"one"})), tmp_path / "base", "oci-dir")
    report = slim.analyze(path, base=base)
    assert (report.image.base.layers, report.image.base.how) == (1, "given")
    assert report.totals.base_bytes == 3
