"""Whole archives, from the first byte to the report and to every output.

Oracle: nothing but a SlimError with an exit code of its own and a hint; a report adds up, is the same
with any number of threads, and can be rendered; no gate that fails for it passes for its JSON.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import slim
from slim.errors import SlimError
from slim.formats.formats import format_names
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.load import parse_report
from tests.fuzz.tar_reader import mended
from tests.fuzz.targets import SMALL, assert_clear
from tests.support.building import FORMATS as FORMS
from tests.support.building import archive, delete, file, gzip, image, layer, save, zstandard
from tests.support.checked import checked_analyze
from tests.support.layouts import BYE, HELLO, config, docker

STRICT = Gates(size=0, pull_size=0, reclaimable=0, layers=0)


def seeds() -> Iterator[bytes]:
    sample = image(layer({"etc/a": b"one"}, file("b", b"x" * 300)), layer(delete("etc/a"), "c->d"))
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            path = save(sample, Path(folder) / form, form)
            if path.is_file():
                yield path.read_bytes()
    old = archive(docker(config(HELLO, BYE), HELLO, BYE))
    yield from (old, gzip(old), zstandard(old))


def check(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(mended(data))
        file.flush()
        # Without digests: else hardly anything that the fuzzer changes would be looked at.
        for verify in (False, True):
            try:
                report = checked_analyze(file.name, verify=verify, advice=verify, limits=SMALL)
            except SlimError as error:
                assert_clear(error, 2, 3, 4, 5)
                continue
            for name in format_names():
                slim.render(report, name)
            judged = judge(report, STRICT).verdict.result
            again = judge(parse_report(slim.render(report, "json").encode(), "a"), STRICT)
            assert judged == again.verdict.result == "fail"
