"""Where a repacking goes wrong, the comparison with the source says so: exit code 70 or 4, and no file."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slim.repack import layers, outputs, repack
from slim.repack.edits import plan_edits
from slim.repack.model import LAYER_MODES, LayerMode
from slim.repack.rewrite import rewritten
from tests.support.building import directory, file, image, layer, save, symlink
from tests.support.commands import run

LINK = symlink("link", "target-of-link")
STACK = (
    [directory("d"), file("dead", b"x" * 700), file("d/hidden", b"old")],
    [
        file("kept", b"contents of kept", mode=0o640, mtime=1_234_567_890),
        LINK,
        file("d/other", b"1"),
    ],
    [".wh.dead", "d/.wh.hidden"],
)


@pytest.fixture(autouse=True)
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    first, second, third = STACK
    marks = " ".join(third)
    return save(
        image(layer(first), layer([*second, file("dead", b"y")]), layer(marks)), Path("app.tar")
    )


def refused(code: int, *options: str) -> None:
    assert run("repack", "app.tar", "-o", "out.tar", *options) == code
    assert [each.name for each in Path().iterdir()] == ["app.tar"]


@pytest.mark.parametrize("mode", LAYER_MODES)
@pytest.mark.parametrize(
    ("right", "wrong", "what"),
    [
        (b"contents of kept", b"contents 0f kept", "content"),
        (b"0000640\0", b"0000460\0", "mode"),  # the order of digits is nothing to the checksum
        (b"target-of-link", b"target-fo-link", "link target"),
    ],
)
def test_a_byte_that_was_not_copied(
    mode: LayerMode,
    right: bytes,
    wrong: bytes,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def faulty(*words: Any) -> Iterator[bytes]:
        yield b"".join(rewritten(*words)).replace(right, wrong)

    monkeypatch.setattr(layers, "rewritten", faulty)
    refused(70, "--layers", mode)
    error = capsys.readouterr().err
    assert "[not-identical]" in error
    assert f": {what}" in error


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (b"kept", "only in the source"),
        (b"link", "only in the source"),
        (b"d", "only in the source"),
    ],
)
@pytest.mark.parametrize("mode", LAYER_MODES)
def test_an_entry_that_was_forgotten(
    mode: LayerMode,
    name: bytes,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def faulty(files: Any, *words: Any) -> Any:
        edits = plan_edits(files, *words)
        for row in range(len(files)):
            if files.path(row) == name or files.path(row).startswith(name + b"/"):
                edits.keep[row] = 0
        return edits

    monkeypatch.setattr(repack, "plan_edits", faulty)
    refused(70, "--layers", mode)
    assert what in capsys.readouterr().err


def test_a_whiteout_that_was_forgotten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(image(layer(STACK[0])), Path("base.tar"))

    def faulty(files: Any, *words: Any) -> Any:
        edits = plan_edits(files, *words)
        edits.keep[files.name.index(b"hidden", files.starts[2])] = 0
        return edits

    monkeypatch.setattr(repack, "plan_edits", faulty)
    assert run("repack", "app.tar", "-o", "out.tar", "--base", "base.tar") == 70
    assert "only in the result" in capsys.readouterr().err
    assert not Path("out.tar").exists()


@pytest.mark.parametrize("compression", ["none", "gzip:1", "zstd:1", "zstd:chunked:1", "estargz:1"])
def test_a_layer_that_was_not_written_as_it_was_compressed(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one from which nothing goes, whose tar is known."""
    stored = "gzip" if compression.startswith("zstd") else "zstd"
    noise = file("noise", random.Random(1).randbytes(5_000))  # noqa: S311
    save(image(layer([noise], compression=stored)), Path("app.tar"))
    write: Callable[..., Any] = outputs._write_at

    def faulty(fd: int, start: int, pieces: Any) -> Any:
        written = write(fd, start, pieces)
        if written[0] > 300:
            (old,) = os.pread(fd, 1, start + 200)
            os.pwrite(fd, bytes([old ^ 1]), start + 200)
        return written

    monkeypatch.setattr(outputs, "_write_at", faulty)
    code = run("repack", "app.tar", "-o", "out.tar", "--compression", compression)
    assert code in (3, 4)
    assert [each.name for each in Path().iterdir()] == ["app.tar"]
