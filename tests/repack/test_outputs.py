"""Whoever ends a repacking early, and however: nothing is left that looks finished."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slim.errors import UsageError
from slim.repack.outputs import new_archive, new_directory
from tests.support.building import image, layer, save

COMMAND = (sys.executable, "-m", "slim", "repack", "--no-progress", "--quiet")


def large(folder: Path) -> Path:
    noise = os.urandom(1 << 20)
    files = {f"f{n}": noise + bytes([n]) for n in range(8)}
    return save(image(layer(files), layer(".wh.f0")), folder / "source.tar")


def small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))


@pytest.mark.parametrize("form", ["oci-archive", "oci-dir"])
def test_no_room(tmp_path: Path, form: str) -> None:
    source, out = large(tmp_path), tmp_path / "out"
    out.mkdir()
    done = subprocess.run(
        [*COMMAND, source, "-o", f"{form}:{out / 'result'}"],
        preexec_fn=small_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert not list(out.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    source, out = large(tmp_path), tmp_path / "out"
    out.mkdir()
    process = subprocess.Popen(
        [*COMMAND, source, "-o", out / "result.tar", "--compression", "gzip:9"],
        stderr=subprocess.DEVNULL,
    )
    while not list(out.iterdir()) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    process.wait(60)
    left = [each.name for each in out.iterdir()]
    if process.returncode == 0:  # it was ready before the signal came
        assert sorted(left) == ["result.json", "result.tar"]
    elif number == signal.SIGKILL:
        assert len(left) <= 1
        assert all(name.startswith(".slim-") for name in left)
    else:
        assert not left


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.tar"
    target.write_text("before")

    def fail() -> None:
        with new_archive(str(target)) as output:
            output.document("a", b"1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["out.tar"]
    with new_archive(str(target)) as output:
        output.document("a", b"1")
    assert target.stat().st_size == 4 * 512


def test_a_directory_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UsageError, match="exists"), new_directory(str(tmp_path / "out")):
        raise AssertionError


def test_a_blob_is_written_once(tmp_path: Path) -> None:
    with new_archive(str(tmp_path / "out.tar")) as output:
        first = output.blob([b"x" * 600])
        again = output.blob([b"x" * 300, b"x" * 300])
        assert first == again
        assert b"".join(again.blob.chunks()) == b"x" * 600
    assert (tmp_path / "out.tar").stat().st_size == (1 + 2 + 2) * 512
