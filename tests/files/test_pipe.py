"""Archives that go by in a pipe: whatever the order of their members, the report is that of the file."""

from __future__ import annotations

import io
import random
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

import slim
from slim.files import pipe as piped
from slim.files.cache import TableCache
from tests.conftest import LONG, THOROUGH
from tests.support.attacks import Attack, everywhere
from tests.support.building import COMPRESSIONS, Image, delete, gzip, image, layer, save, zstandard
from tests.support.pipes import alike, of_pipe, pipe

SCRIPT = b"#!/bin/sh\nexec /srv/app/bin/server start\n"
PLAIN = b"exec node server.js\n"


@pytest.fixture(params=["as it is", "nothing is small"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of tests are small enough to be kept; without room for them they must go by."""
    if request.param == "nothing is small":
        monkeypatch.setattr(piped, "SMALL", 0)


def app(compression: str) -> Image:
    return image(
        layer({"etc/passwd": b"root:x:0:0::/root:/bin/sh\n", "usr/lib/libc.so": bytes(3000)}),
        layer({"srv/app/start.sh": SCRIPT, "srv/app/boot": PLAIN, "tmp/x": b"1" * 700}),
        layer((delete("tmp/x"),)),
        layer({"etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}),
        config={"Entrypoint": ["sh", "boot"], "WorkingDir": "/srv/app", "Cmd": ["./start.sh"]},
        compression=compression,
    )


def shuffled(data: bytes, seed: int) -> bytes:
    """The same members in another order."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(data)) as source,
        tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as target,
    ):
        members = source.getmembers()
        random.Random(seed).shuffle(members)  # noqa: S311
        for member in members:
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
    return out.getvalue()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(4 if THOROUGH else 2))
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("form", ["docker-old", "docker", "oci-archive"])
@LONG
def test_any_order_of_members(form: str, compression: str, seed: int, tmp_path: Path) -> None:
    path = save(app(compression), tmp_path / "image.tar", form)
    data = shuffled(path.read_bytes(), seed)
    path.write_bytes(data)
    report, unverified = of_file(form, compression)
    alike(report, slim.analyze(path))
    alike(report, of_pipe(data))
    if form == "docker-old":
        alike(report, of_pipe(data, "docker-archive:"))
    alike(unverified, of_pipe(data, verify=False))


@cache
def of_file(form: str, compression: str) -> tuple[slim.Report, slim.Report]:
    """The reports, verified and not, in one order of the members."""
    with TemporaryDirectory() as folder:
        path = save(app(compression), Path(folder) / "image.tar", form)
        path.write_bytes(shuffled(path.read_bytes(), -1))
        return slim.analyze(path), slim.analyze(path, verify=False)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("pack", [gzip, zstandard])
def test_an_archive_that_is_compressed_as_a_whole(pack: Any, tmp_path: Path) -> None:
    data = pack(save(app("gzip"), tmp_path / "plain.tar").read_bytes())
    (tmp_path / "image.tar").write_bytes(data)
    alike(slim.analyze(tmp_path / "image.tar"), of_pipe(data))


@pytest.mark.parametrize("attack", everywhere(1))
@LONG
def test_attacks_through_a_pipe(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is an error in a file is the same error in a pipe, and what is a report the same report."""
    monkeypatch.setattr(piped, "SMALL", 2000)
    assert attack.make is not None
    source = attack.make(tmp_path)
    prefix, _, name = str(source).rpartition(":")
    if not Path(name).is_file():
        return  # a directory cannot go by in a pipe
    options = {"advice": False, **attack.options}

    def outcome(path: str) -> Any:
        try:
            report = slim.analyze(path, **options)
        except slim.SlimError as error:
            return error.slug, error.exit_code
        return msgspec.structs.replace(
            report, source=msgspec.structs.replace(report.source, input="")
        )

    expected = outcome(str(source))
    with pipe(Path(name).read_bytes()) as path:
        found = outcome(f"{prefix}:{path}" if prefix else path)
    if not Path(name).stat().st_size:
        expected = "empty-pipe", 3  # the command before the pipe failed, most likely
    assert found == expected


def test_a_cache_serves_pipes_and_files_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piped, "SMALL", 0)
    monkeypatch.setattr("slim.files.cache._SMALL", 0)
    path = save(app("gzip"), tmp_path / "image.tar")
    report = slim.analyze(path)
    for number, sources in enumerate((("pipe", "file"), ("file", "pipe"), ("pipe", "pipe"))):
        cache = TableCache(tmp_path / str(number))
        for source in sources:
            if source == "file":
                alike(report, slim.analyze(path, cache=cache))
            else:
                alike(report, of_pipe(path.read_bytes(), cache=cache))
        assert cache.usage().layers >= 3
