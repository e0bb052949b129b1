"""Fleets: scans of many images, cold and with known tables, and a query over synthesized rows.

    python -m tests.bench.fleet [--images N] [--rows N] [--workers N …]

Each scan is a process of its own with its workers. Images have 20 layers, 19 of them shared, and about 1,200
files; `--rows` are file rows in as many layers as a fleet of 10,000 images may have. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from slim.fleet.database import database, quoted, select
from slim.fleet.folder import folder_of
from slim.fleet.schema import IMAGE_TABLES
from slim.fleet.store import Store
from tests.support.building import image, layer, save

_LAYERS, _KINDS = 20, 60
QUERY = """
SELECT count(*) AS files, sum(bytes) AS bytes, count(DISTINCT layer) AS layers
FROM files WHERE path LIKE '%/cache/%' AND bytes > 50000
"""


def write_images(folder: Path, count: int) -> None:
    """Layouts of images that share most of their layers."""
    random = Random(1)  # noqa: S311
    shared = [
        layer({f"usr/lib/l{kind}/f{part}": random.randbytes(200) for part in range(60)})
        for kind in range(_KINDS)
    ]
    for number in range(count):
        own = layer({f"app/{number}/{part}": random.randbytes(100) for part in range(30)})
        below = [shared[(number * 7 + at) % _KINDS] for at in range(_LAYERS - 1)]
        tags = (f"registry.example/team{number % 9}/app{number}:1",)
        save(image(*below, own, tags=tags), folder / f"{number}", "oci-dir")


def scan(store: Path, source: Path, workers: int) -> tuple[float, float]:
    """Wall time and the processor time of all processes, in seconds."""
    words = [sys.executable, "-m", "slim", "fleet", "scan", str(source), "--store", str(store)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*words, "--workers", str(workers)], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def forget_images(store: Path) -> None:
    """Leave the tables of layers alone in a store."""
    for table in IMAGE_TABLES:
        shutil.rmtree(store / table)


def synthesize(store: Path, rows: int) -> None:
    """File rows as Parquet, a segment for each ten million."""
    with database() as connection:
        for number, start in enumerate(range(0, rows, 10_000_000)):
            end = min(rows, start + 10_000_000)
            (store / "files").mkdir(parents=True, exist_ok=True)
            target = store / "files" / f"{number:06x}.parquet"
            connection.execute(
                "COPY (SELECT 'sha256:' || (i // 2000) AS layer, 'usr/' || (i % 97) || '/' ||"  # noqa: S608
                " CASE WHEN i % 50 = 0 THEN 'cache/' ELSE 'lib/' END || i AS path,"
                " (i * 7919) % 100000 AS bytes, (i * 7919) % 40000 AS pull_bytes,"
                f" hash(i % 3000000)::UBIGINT AS content FROM range({start}, {end}) t(i))"
                f" TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)"
            )


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if arguments.images:
            write_images(root / "in", arguments.images)
        for workers in arguments.workers if arguments.images else ():
            store = root / f"store{workers}"
            wall, cpu = scan(store, root / "in", workers)
            print(
                f"{arguments.images:,} images, cold, {workers} workers: {wall:.1f} s, cpu {cpu:.1f} s"
            )
            forget_images(store)
            wall, cpu = scan(store, root / "in", workers)
            print(
                f"{arguments.images:,} images, known tables, {workers} workers: {wall:.1f} s, cpu {cpu:.1f} s"
            )
        if arguments.rows:
            synthesize(root / "rows", arguments.rows)
            Store(folder_of(str(root / "rows"))).check(create=True)
            began = time.perf_counter()
            with database(Store(folder_of(str(root / "rows")))) as connection:
                _, found = select(connection, QUERY)
            print(
                f"query over {arguments.rows:,} rows: {time.perf_counter() - began:.2f} s, {found}"
            )


if __name__ == "__main__":
    main()
