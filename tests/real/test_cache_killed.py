"""The cache under others: runs that are killed at every write, runs side by side, other users, planted links.

Whatever lies in the folder, a run says what it says without a cache.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.real.tools import need
from tests.support.building import image, layer, save

pytestmark = pytest.mark.real

CALLS = "write,rename,renameat,renameat2,unlink,mkdir,ftruncate,utimensat"
NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""Another user, who can read all files, so that slim runs from wherever it lies, and write none of root's."""
LARGE = 100_000
"""Bytes of a layer that is worth a file."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    built = image(*(layer({f"usr/lib/{at}.so": os.urandom(LARGE)}) for at in range(3)))
    path = save(built, folder / "image.tar")
    for each in (*folder.parents, folder):
        if "pytest" in str(each):
            each.chmod(0o755)
    path.chmod(0o644)
    return path


def analyzed(
    archive: Path, cache: Path, *options: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    words = ("analyze", str(archive), "--no-progress", "-o", "json", *options)
    return subprocess.run(
        [*before, sys.executable, "-m", "slim", *words],
        env={**os.environ, "SLIM_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def uncached(archive: Path) -> bytes:
    done = analyzed(archive, Path("/nonexistent"), "--no-cache")
    assert done.returncode == 0, done.stderr
    return done.stdout


def tables(cache: Path) -> list[Path]:
    return sorted(cache.glob("sha256*.table"))


def test_a_run_that_is_killed_at_any_write_leaves_no_wrong_table(
    archive: Path, uncached: bytes, tmp_path: Path
) -> None:
    """By strace, at the first call of each kind that a thread makes, the second, and so on to the last."""
    need("strace")
    whole, log = tmp_path / "whole", tmp_path / "trace"
    trace = ("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}")
    assert analyzed(archive, whole, "--jobs=1", before=trace).stdout == uncached
    calls = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(), re.MULTILINE))
    most = {call: max(calls[key] for key in calls if key[1] == call) for _, call in calls}
    assert most["rename"] >= len(tables(whole)) == 3, most
    sound = {path.name: path.read_bytes() for path in tables(whole)}
    for call, count in most.items():
        for number in range(1, count + 1):
            cache = tmp_path / f"{call}-{number}"
            inject = ("-e", f"inject={call}:signal=KILL:when={number}")
            killed = analyzed(archive, cache, "--jobs=1", before=(*trace, *inject))
            assert killed.returncode, (call, number)
            for path in tables(cache):
                assert path.read_bytes() == sound[path.name]
            after = analyzed(archive, cache)
            assert (after.returncode, after.stdout) == (0, uncached), (call, number)


def test_runs_side_by_side_that_are_killed(archive: Path, uncached: bytes, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def run(number: int) -> None:
        before = ("timeout", "-s", "KILL", f"{0.2 + number % 7 / 10}") if number % 2 else ()
        done = analyzed(archive, cache, before=before)
        assert done.returncode in (0, -9, 137), done.stderr
        assert done.returncode or done.stdout == uncached

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(16)))
    assert analyzed(archive, cache).stdout == uncached
    assert len(tables(cache)) == 3


def test_what_another_user_has_put_there_is_not_believed(
    archive: Path, uncached: bytes, tmp_path: Path
) -> None:
    """Of a folder of somebody else's nothing is read; nor is a file of theirs in a folder of one's own."""
    need("strace")
    for parent in (tmp_path, *tmp_path.parents):
        if "pytest" in str(parent):
            parent.chmod(0o755)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    first = analyzed(archive, theirs)
    assert first.stdout == uncached
    assert tables(theirs) == [], "root writes nothing into a folder of another user"
    own = tmp_path / "own"
    assert analyzed(archive, own).stdout == uncached
    kept = tables(own)
    os.chown(kept[0], NOBODY, NOBODY)
    trace = ("strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=rename,renameat")
    assert analyzed(archive, own, before=trace).stdout == uncached
    assert kept[0].name in (tmp_path / "trace").read_text(), "it was read again and replaced"
    assert kept[0].stat().st_uid == 0


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777])
def test_two_users_of_one_folder(mode: int, archive: Path, uncached: bytes, tmp_path: Path) -> None:
    """Neither reads what the other has written, nor changes it, where the modes would allow it."""
    need("strace", "setpriv")
    shared, log = tmp_path / "shared", tmp_path / "trace"
    assert analyzed(archive, shared).stdout == uncached
    kept = {path: path.read_bytes() for path in tables(shared)}
    assert len(kept) == 3
    for path in kept:
        path.chmod(0o666)
    shared.chmod(mode)
    trace = ("strace", "-f", "-qq", "-o", str(log), "-e", "trace=read,rename,unlink", "-y")
    done = analyzed(archive, shared, before=(*trace, *AS_NOBODY))
    assert (done.returncode, done.stdout) == (0, uncached), done.stderr
    assert "image.tar>" in log.read_text(), "reads are seen"
    assert ".table" not in log.read_text()
    assert {path: path.read_bytes() for path in tables(shared)} == kept


def test_links_in_the_folder_lead_nowhere(archive: Path, uncached: bytes, tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "precious"
    assert analyzed(archive, own).stdout == uncached
    for path in tables(own):
        other.write_bytes(b"precious")
        path.unlink()
        path.symlink_to(other)
    for path in tables(own):
        (own / f".new-{path.name}").symlink_to(other)
    assert analyzed(archive, own).stdout == uncached
    cleared = subprocess.run(
        [sys.executable, "-m", "slim", "cache", "clear"],
        env={**os.environ, "SLIM_CACHE_DIR": str(own)},
        check=False,
    )
    assert cleared.returncode == 0
    assert other.read_bytes() == b"precious"
    (tmp_path / "link").symlink_to(own)
    assert analyzed(archive, tmp_path / "link").stdout == uncached


@pytest.mark.parametrize("mode", [0o000, 0o500, 0o777, 0o1777])
def test_modes_of_the_folder(mode: int, archive: Path, uncached: bytes, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(mode)
    done = analyzed(archive, cache)
    assert (done.returncode, done.stdout) == (0, uncached)
    assert bool(tables(cache)) == (mode & 0o022 == 0), "root writes into any folder of its own"
