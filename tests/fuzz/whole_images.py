"""Whole images by their structure: tars of layers in compressed blobs in an archive, with true digests.

An input is four bytes (form of the archive, compression of layers, pieces of each blob, cuts) and then,
with `CUT` between them, the `config` object and the tars of layers. So what the fuzzer changes is an entry,
a record or a setting, and not a digest that no longer holds. Oracle: verified, nothing but a SlimError; the
same numbers, or an error, in each form of archive and each compression; every output can be made.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import slim
from slim.errors import SlimError
from slim.formats.formats import format_names
from slim.report.model import Report
from tests.fuzz.tar_reader import CUT, mended
from tests.fuzz.targets import SMALL, assert_clear
from tests.support.building import COMPRESSIONS, Image, entries, raw_layer, save, tar
from tests.support.checked import checked_analyze
from tests.support.engine_disagreements import CASES
from tests.support.heads import ELF, KEY
from tests.support.package_databases import SOUND

FORMS = ("oci-archive", "docker", "docker-old")
SETTINGS = (
    b'{"Env":["A=b"],"Cmd":["/bin/run","x"],"Labels":{"org.slim.ignore":"DEB001"},"User":"1"}'
)


def seeds() -> Iterator[bytes]:
    for number, case in enumerate(CASES[::4]):
        tars = [tar(entries(contents), b"") for contents in case.layers]
        yield bytes([number % 3, number % 3, number % 2, 0]) + CUT.join((SETTINGS, *tars))
    small = {name.decode(): data for name, data in SOUND.items() if len(data) < 600}
    rest = {"bin/run": b"#!/bin/sh\nexec app\n", "bin/app": ELF, "root/.ssh/id_rsa": KEY}
    yield b"\0\1\1\0" + CUT.join((SETTINGS, tar(entries(small), b""), tar(entries(rest))))


def check(data: bytes) -> None:
    head, rest = data[:4].ljust(4, b"\0"), data[4:]
    settings, *tars = rest.split(CUT, 3)
    built = mended_image(head, settings, tars)
    outcomes = set()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for step in (0, 1):
            form = FORMS[(head[0] + step) % len(FORMS)]
            report = analyzed(built[step], Path(folder) / f"{form}.tar", form)
            if isinstance(report, Report):
                name = format_names()[head[3] % len(format_names())]
                slim.render(report, name)
                outcomes.add((report.totals.disk_bytes, report.totals.live_bytes))
            else:  # of two layers that are wrong the larger blob comes first
                outcomes.add((-1, -1))
    assert len(outcomes) == 1, outcomes


def mended_image(head: bytes, settings: bytes, tars: list[bytes]) -> tuple[Image, Image]:
    """The image, and the same image otherwise compressed."""
    try:
        config = json.loads(settings)
    except (ValueError, RecursionError):
        config = {}
    config = config if isinstance(config, dict) else {}
    datas = [mended(tar) for tar in tars]
    both = []
    for step in (0, 1):
        compression = COMPRESSIONS[(head[1] + step) % len(COMPRESSIONS)]
        layers = [raw_layer(data, (), compression, 1 + head[2] % 3) for data in datas]
        both.append(Image(tuple(layers), ("app:1",), config))
    return both[0], both[1]


def analyzed(built: Image, path: Path, form: str) -> Report | str:
    save(built, path, form)
    try:
        return checked_analyze(path, limits=SMALL, jobs=1)
    except SlimError as error:
        assert_clear(error, 2, 3, 4, 5)
        return error.slug
