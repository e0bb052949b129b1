"""Small inputs that unfold: each ends at a limit, in a process of its own whose memory is looked at."""

from __future__ import annotations

import lzma
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.support.attacks import Attack
from tests.support.building import (
    Layer,
    archive,
    extension,
    file,
    gzip,
    header,
    pax_record,
    zstandard,
)
from tests.support.layouts import config, docker, with_config, write
from tests.support.sizes import run_and_measure

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1 << 20
GIB = 1 << 30
ALLOWED = 200 * 1000 * 1000
"""Bytes of memory that a run may take at its peak."""
HEAD = header(file("bomb", size=8 * GIB))


def one_member(size: int) -> bytes:
    """gzip of a file of zeros; its end is never reached, so that it need not be right."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflate.compress(HEAD) + deflate.flush(zlib.Z_FULL_FLUSH)
    zeros = deflate.compress(bytes(16 * MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + start + zeros * (size // (16 * MIB)) + bytes(8)


def several(squeeze: Callable[[bytes], bytes], size: int) -> bytes:
    """The same in members, frames or streams on end."""
    return squeeze(HEAD) + squeeze(bytes(8 * MIB)) * (size // (8 * MIB))


def windowed(size: int) -> bytes:
    """One zstd frame with the largest window that is allowed."""
    parameter = zstd.CompressionParameter
    engine = zstd.ZstdCompressor(options={int(parameter.window_log): 27})
    block = bytes(range(256)) * (MIB // 256)
    start = engine.compress(HEAD, engine.FLUSH_BLOCK)
    blocks = [engine.compress(block, engine.FLUSH_BLOCK) for _ in range(size // MIB)]
    return start + b"".join(blocks) + engine.flush()


def several_windows(count: int) -> bytes:
    """A docker-archive of layers with such windows, which their diff ids tell apart."""
    blob = windowed(150 * MIB)
    layers = [Layer((), str(number).encode(), blob) for number in range(count)]
    return archive(docker(config(*layers), *layers))


def layer_of(blob: bytes) -> bytes:
    """A docker-archive whose layer is this blob."""
    layer = Layer((), b"", blob)
    return archive(docker(config(layer), layer))


def headers(count: int) -> bytes:
    """zstd of empty files."""
    return zstandard(header(file("f")) * 1000) * (count // 1000)


def long_names(count: int) -> bytes:
    """An archive in zstd of members with names of 2,000 bytes."""
    names = (b"%04d" % number + b"x" * 2000 for number in range(1000))
    block = b"".join(
        extension(b"x", pax_record(b"path", name)) + header(file("f")) for name in names
    )
    return zstandard(block) * (count // 1000)


def config_of(text: bytes) -> bytes:
    """An archive with a config of nearly 4 MiB of one text on end."""
    return archive(with_config(b'{"x":[' + text * ((4 * MIB - 100) // len(text)) + b"0]}"))


@dataclass(frozen=True)
class Bomb:
    id: str
    given: str
    build: Callable[[], bytes]
    limit: str
    """NAME=VALUE of the limit that it runs into."""
    jobs: int = 1

    @property
    def slug(self) -> str:
        return f"limit-{self.limit.partition('=')[0]}"


SMALL_LAYER = "layer-bytes=100MiB"
SMALL_IMAGE = "image-bytes=100MiB"
"""The defaults would take too long for a test."""

BOMBS = (
    Bomb(
        "gzip",
        "gzip of 4 GiB of zeros in one member",
        lambda: layer_of(one_member(4 * GIB)),
        SMALL_LAYER,
    ),
    Bomb(
        "gzip-members",
        "gzip of 4 GiB of zeros in 512 members",
        lambda: layer_of(several(gzip, 4 * GIB)),
        SMALL_LAYER,
    ),
    Bomb(
        "zstd", "zstd of 4 GiB of zeros", lambda: layer_of(several(zstandard, 4 * GIB)), SMALL_LAYER
    ),
    Bomb(
        "zstd-window",
        "zstd of 300 MiB with a window of 128 MiB",
        lambda: layer_of(windowed(300 * MIB)),
        "layer-bytes=256MiB",
    ),
    Bomb(
        "zstd-windows",
        "four layers in zstd with windows of 128 MiB, read at once",
        lambda: several_windows(4),
        "layer-bytes=140MiB",
        jobs=4,
    ),
    Bomb(
        "xz", "xz of 4 GiB of zeros", lambda: layer_of(several(lzma.compress, 4 * GIB)), SMALL_LAYER
    ),
    Bomb(
        "outer-gzip",
        "an archive in gzip with a member of 4 GiB",
        lambda: one_member(4 * GIB),
        SMALL_IMAGE,
    ),
    Bomb(
        "outer-zstd",
        "an archive in zstd with a member of 4 GiB",
        lambda: several(zstandard, 4 * GIB),
        SMALL_IMAGE,
    ),
    Bomb(
        "nested",
        "a gzip bomb in an archive in zstd",
        lambda: zstandard(layer_of(one_member(4 * GIB))),
        SMALL_LAYER,
    ),
    Bomb(
        "entries",
        "zstd of 100,000 headers",
        lambda: layer_of(headers(100_000)),
        "layer-entries=20000",
    ),
    Bomb(
        "names",
        "an archive in zstd of 10,000 members with names of 2,000 bytes",
        lambda: long_names(10_000),
        "member-name-bytes=10MiB",
    ),
    Bomb(
        "extensions",
        "an archive in zstd of 1,000,000 extension headers",
        lambda: zstandard(extension(b"x", b"") * 1000) * 1000,
        "members=20000",
    ),
    Bomb(
        "arrays",
        "a config of 4 MiB of empty arrays",
        lambda: config_of(b"[],"),
        "json-nodes=200000",
    ),
    Bomb(
        "keys", "a config of 4 MiB of objects", lambda: config_of(b'{"a":""},'), "json-nodes=200000"
    ),
)

ATTACKS = tuple(
    Attack(
        id=f"X1-{bomb.id}",
        given=bomb.given,
        outcome=f"error {bomb.slug} (exit code 5), under 200 MB of memory",
        proof="test_a_bomb_ends_at_a_limit_in_little_memory",
    )
    for bomb in BOMBS
)


@LONG
@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.id)
def test_a_bomb_ends_at_a_limit_in_little_memory(bomb: Bomb, tmp_path: Path) -> None:
    path = write(tmp_path, bomb.build())
    assert path.stat().st_size < 12 * MIB
    code, peak, errors = run_and_measure(
        "analyze", str(path), f"--jobs={bomb.jobs}", f"--limit={bomb.limit}", timeout=60
    )
    assert code == 5, errors
    assert f"[{bomb.slug}]" in errors
    assert peak < ALLOWED, f"{peak:,} bytes"


@LONG
def test_time_is_bounded_and_nothing_is_half_written(tmp_path: Path) -> None:
    path = write(tmp_path, layer_of(one_member(20 * GIB)))
    report = tmp_path / "report.json"
    started = time.monotonic()
    run = subprocess.run(
        [*(sys.executable, "-m", "slim", "analyze", str(path), "--timeout", "1"),
         *("-o", "text", "-o", f"json={report}")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert time.monotonic() - started < 10
    assert (run.returncode, run.stdout) == (5, "")
    assert run.stderr.splitlines() == [
        "slim: error: timeout: not ready within the limit of 1 seconds [limit-timeout]",
        "      hint: if you trust the input, give it more: --timeout SECONDS (0: as long as it takes)",
    ]
    assert sorted(tmp_path.iterdir()) == [path]


ATTACKS += (
    Attack(
        id="B-time",
        given="a layer that takes longer than --timeout",
        outcome="error limit-timeout (exit code 5), and no output",
        proof="test_time_is_bounded_and_nothing_is_half_written",
    ),
)
