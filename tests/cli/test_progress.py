"""The bar that is shown while layers are read: only on a terminal, and gone at the end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.conftest import LONG

READ = """
import sys, time
from slim.cli.progress import progress
with progress(True) as advance:
    if advance is None:
        sys.exit("none")
    time.sleep(1.02)
    for read in (70, 350, 640, 10, 140):
        advance(read * 1_000_000, TOTAL * 1_000_000)
        time.sleep(0.06)
"""


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (700, ["10%  70.0 MB of 700 MB", "50%  350 MB of 700 MB", "20%  140 MB of 700 MB"]),
        (0, ["]  70.0 MB", "]  350 MB", "]  140 MB"]),
    ],
)
@LONG
def test_the_bar_says_how_far_the_image_is(total: int, expected: list[str]) -> None:
    """What falls back is the next image; of a pipe nobody knows the whole."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", READ.replace("TOTAL", str(total))],
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(slave)
        shown = b""
        with suppress(OSError):  # what Linux says of a terminal that nobody holds open any more
            while data := os.read(master, 1 << 16):
                shown += data
        os.close(master)
    assert process.returncode == 0
    lines = shown.decode().split("\r")
    found = [next((at for at, line in enumerate(lines) if text in line), -1) for text in expected]
    assert -1 not in found, lines
    assert found == sorted(found)
    assert lines[-1] == "\x1b[2K\x1b[?25h", "the line is empty again and the cursor is there"


def test_without_a_terminal_there_is_none() -> None:
    code = READ.replace("TOTAL", "700")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "none\n")
