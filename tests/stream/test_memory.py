"""Memory that decompressors share: no more is held at once than there is, and nobody waits forever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Lock

import pytest

from slim import SlimError, analyze
from slim.limits import Limits
from slim.stream.compression import Marks
from slim.stream.inflate import inflate
from slim.stream.memory import Memory
from tests.support.building import gzip, image, layer, save
from tests.support.compression import in_window


def test_shares_are_never_more_than_all_but_for_one_alone() -> None:
    memory, lock, started = Memory(100), Lock(), Barrier(8)
    held: list[int] = []
    most: list[tuple[int, int]] = []

    def work(count: int) -> None:
        started.wait()
        for _ in range(50):
            memory.take(count)
            with lock:
                held.append(count)
                most.append((sum(held), len(held)))
            with lock:
                held.remove(count)
            memory.give_back(count)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, (10, 30, 50, 60, 80, 100, 120, 200)))
    assert len(most) == 8 * 50
    assert all(total <= 100 or count == 1 for total, count in most)
    memory.take(100)


def test_a_stream_gives_back_what_it_held_whatever_happens() -> None:
    memory = Memory(1 << 24)
    good, small = in_window(24), gzip(b"x")
    for data in (good, good + good, good[:-3], good + b"garbage", small):
        pieces = inflate([data], "gzip" if data is small else "zstd", Marks(), Limits(), memory)
        try:
            next(pieces)
            list(pieces)
        except SlimError:
            pass
        pieces.close()
        memory.take(1 << 24)
        memory.give_back(1 << 24)


@pytest.mark.parametrize("jobs", [1, 4])
def test_layers_that_fail_do_not_make_others_wait(jobs: int, tmp_path: Path) -> None:
    """The first layers are damaged while the others wait for the memory that they hold."""
    layers = [layer({str(number): bytes(100_000)}) for number in range(6)]
    path = save(image(*layers), tmp_path / "image.tar", "docker-old")
    data = path.read_bytes()
    for built in layers:
        packed = in_window(27, built.tar)
        blob = packed[:-4] + bytes(4)
        data = data.replace(built.tar, blob.ljust(len(built.tar), b"\0"))
    path.write_bytes(data)
    with pytest.raises(SlimError):
        analyze(path, jobs=jobs)
