"""The entries of a tar as Go's reader lists them, and whether slim agrees."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slim.errors import SlimError
from tests.conftest import skip_or_fail
from tests.support.tar_entries import list_entries

Entries = list[tuple[bytes, bytes, str, int]]
Listing = tuple[Entries, str]
Lister = Callable[[bytes], Listing]


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lister]:
    """Go's listing of a tar: entries, and the error or an empty string."""
    if shutil.which("go") is None:
        skip_or_fail("go is not installed")
    program = tmp_path_factory.mktemp("golist") / "golist"
    source = Path(__file__).parents[1] / "real" / "golist" / "main.go"
    subprocess.run(["go", "build", "-o", program, source], check=True)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def listing(data: bytes) -> Listing:
            stdin.write(struct.pack(">Q", len(data)) + data)
            stdin.flush()
            answer = json.loads(stdout.readline())
            entries = [
                (base64.b64decode(name), base64.b64decode(link), kind, size)
                for name, link, kind, size in answer["entries"]
            ]
            return entries, answer["error"]

        yield listing
        stdin.close()


def ours(data: bytes) -> Listing:
    """slim's listing by the exact path."""
    entries: Entries = []
    try:
        for entry in list_entries([data]):
            entries.append((entry.name, entry.link, entry.type, entry.size))
    except SlimError as error:
        return entries, str(error)
    return entries, ""


def agree(data: bytes, go: Lister) -> str:
    """The disagreement with Go in words, or an empty string.

    slim refuses an entry with a wrong sparse map at once; Go returns it and fails in its body. A
    whiteout without a name is a fault of the layer, of which a tar reader knows nothing.
    """
    (theirs, fault), (entries, error) = go(data), ours(data)
    if error.endswith("(invalid-whiteout)") and entries == theirs[: len(entries)]:
        return ""
    if bool(error) != bool(fault):
        return f"slim says {error!r}, Go {fault!r}"
    if entries == theirs or (fault.startswith("body:") and entries == theirs[:-1]):
        return ""
    return f"slim lists {entries}, Go {theirs}"
