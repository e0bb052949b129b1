"""Many entries, quickly made, and the memory of the process that reads them.

For attacks at their size: making an entry by `building.header` takes longer than reading it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.support.building import (
    END,
    Entry,
    Layer,
    extension,
    file,
    header,
    padded,
    pax_record,
    raw_layer,
)
from tests.support.layouts import Members, config, docker, pack

RUN = """
from slim.__main__ import _run
code = _run()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(code, int(status["VmHWM"].split()[0]) * 1024)
"""
"""A run of slim with the arguments that follow, which prints its exit code and its peak of memory."""


def run_and_measure(*arguments: str, timeout: int = 100) -> tuple[int, int, str]:
    """(exit code, bytes of memory at its peak, standard error) of slim in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    words = run.stdout.split()[-2:]  # what the command itself prints comes before
    assert len(words) == 2, run.stderr
    return int(words[0]), int(words[1]), run.stderr


def headers(entries: Iterable[Entry], like: Entry) -> bytes:
    """Entries that differ from `like` in a name and a link of less than 100 bytes: quick to make."""
    block, content = header(like), padded(like.content)
    middle, last = block[100:148], block[257:]
    total = sum(block) - sum(block[:100]) - sum(block[148:156]) - sum(block[157:257]) + 8 * 0x20
    parts = []
    for entry in entries:
        name, link = entry.name, entry.link
        check = b"%06o\0 " % (total + sum(name) + sum(link))
        parts.append(
            name.ljust(100, b"\0")
            + middle
            + check
            + like.type
            + link.ljust(100, b"\0")
            + last
            + content
        )
    return b"".join(parts)


def bodies(names: Iterable[str]) -> bytes:
    """Files of one byte."""
    return headers(map(file, names), file("f", b"x"))


def markers(entries: Iterable[Entry]) -> bytes:
    """Whiteouts and the like."""
    return headers(entries, file("f"))


def with_records(entry: Entry, **records: bytes) -> bytes:
    """An entry after an extended header."""
    body = b"".join(pax_record(key.encode(), value) for key, value in records.items())
    return extension(b"x", body) + header(entry)


def image_of(*tars: bytes, compression: str = "zstd") -> Members:
    """A docker-archive of these layers, which have no ends yet."""
    layers = [raw_layer(tar + END, compression=compression) for tar in tars]
    return docker(config(*layers), *layers)


def image_of_blobs(blobs: Iterable[bytes], folder: Path) -> Path:
    """A docker-archive of layers whose diff ids nobody computed: for `--no-verify`."""
    layers = [Layer((), b"%d" % number, blob) for number, blob in enumerate(blobs)]
    return pack(folder, docker(config(*layers), *layers))
