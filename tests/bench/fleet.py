"""Fleets: scans of many and of large images, with known tables too, and queries over synthesized rows.

    python -m tests.bench.fleet [--large N] [--images N] [--rows N] [--write]

Each scan is a process of its own with its workers. What is printed: wall time, processor time of all
processes and of the busiest worker, and the most memory that all had together (pages that they share count
once). On a machine that does other work, too, only processor time says something: its load is printed.
Nothing passes or fails. `--write` puts the table into docs/fleet.md. Temporary files take up to 12 GB.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tabulate import tabulate

from slim.fleet.database import database, quoted, select
from slim.fleet.folder import folder_of
from slim.fleet.scan import Task
from slim.fleet.schema import IMAGE_TABLES
from slim.fleet.store import Store
from slim.fleet.work import Done
from tests.bench.large_images import write_large
from tests.support.building import image, layer, save
from tests.support.fleets import Inline
from tests.support.fleets import scan as read_only

_LAYERS, _KINDS = 20, 60
_BLOCK = "<!-- measured: fleet -->\n", "<!-- /measured -->\n"
QUERIES = {
    "count": """
SELECT count(*) AS files, sum(bytes) AS bytes, count(DISTINCT layer) AS layers
FROM files WHERE path LIKE '%/cache/%' AND bytes > 50000
""",
    "images": """
SELECT i.repository, count(DISTINCT l.image) AS images, sum(f.bytes) AS bytes
FROM (SELECT layer, sum(bytes) AS bytes FROM files WHERE path LIKE '%/cache/%' GROUP BY layer) f
  JOIN image_layers l ON l.digest = f.layer JOIN images i USING (image)
GROUP BY ALL ORDER BY bytes DESC LIMIT 10
""",
}


@dataclass
class Measured:
    """What a process with its children took."""

    wall: float = 0
    cpu: dict[int, float] = field(default_factory=dict)
    """Processor seconds by process; the first one is the command's own."""
    memory: int = 0
    """Most bytes at one moment."""

    @property
    def total(self) -> float:
        return sum(self.cpu.values())

    @property
    def busiest(self) -> float:
        """Of the workers."""
        return max(list(self.cpu.values())[1:], default=0)


def write_images(folder: Path, count: int, begin: int = 0) -> None:
    """Layouts of images of 20 layers and 1,200 files; 19 layers are of 60 that all images share."""
    shared = []
    for kind in range(_KINDS):
        random = Random(kind)  # noqa: S311
        shared.append(
            layer({f"usr/lib/l{kind}/f{part}": random.randbytes(200 + part) for part in range(60)})
        )
    for number in range(begin, count):
        random = Random(number)  # noqa: S311
        own = layer({f"app/{number}/{part}": random.randbytes(100) for part in range(30)})
        below = [shared[(number * 7 + at) % _KINDS] for at in range(_LAYERS - 1)]
        tags = (f"registry.example/team{number % 9}/app{number}:1",)
        save(image(*below, own, tags=tags), folder / f"{number}", "oci-dir")
        link_equal(folder, number)


def link_equal(folder: Path, number: int) -> None:
    """One copy of each blob on the disk."""
    pool = next(each for each in folder.parents if each.name == "small") / "blobs"
    pool.mkdir(exist_ok=True)
    for blob in (folder / f"{number}" / "blobs" / "sha256").iterdir():
        known = pool / f"{number // 30_000}-{blob.name}"
        if known.exists():
            blob.unlink()
            os.link(known, blob)
        else:
            os.link(blob, known)


def scan(store: Path, source: Path, workers: int) -> Measured:
    """Bring a store up to date."""
    words = [sys.executable, "-m", "slim", "fleet", "scan", str(source), "--store", str(store)]
    return measure([*words, "--workers", str(workers)])


def measure(words: list[str]) -> Measured:
    """Run a command."""
    found = Measured()
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, found, over))
        watcher.start()
        errors = process.stderr.read() if process.stderr else b""
        process.wait()
        found.wall = time.perf_counter() - began
        over.set()
        watcher.join()
    assert process.returncode == 0, errors.decode()
    return found


def _watch(pid: int, found: Measured, over: threading.Event) -> None:
    while not over.wait(0.2):
        memory = 0
        for each in _tree(pid):
            try:
                stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
                found.cpu[each] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
                rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            except OSError:
                continue
            memory += 1024 * next(
                (int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0
            )
        found.memory = max(found.memory, memory)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text().split() if task.name != str(pid) else []
    except OSError:
        return
    for child in dict.fromkeys(children):
        yield from _tree(int(child))


def forget_images(store: Path) -> None:
    """Leave the tables of layers alone in a store."""
    for table in IMAGE_TABLES:
        shutil.rmtree(store / table, ignore_errors=True)


def synthesize(store: Path, rows: int) -> None:
    """What a fleet has, in Parquet as `merge` writes it: segments of ten million file rows, layers of 2,000
    files, and 20 layers to an image."""
    layers = max(1, rows // 2000)
    with database() as connection:
        _copy(
            connection,
            store,
            "image_layers/0.parquet",
            "SELECT 'i' || (i // 20) AS image, i % 20 AS position,"  # noqa: S608
            f" 'sha256:' || ((i * 31) % {layers}) AS digest FROM range({layers * 4}) t(i)",
        )
        _copy(
            connection,
            store,
            "images/0.parquet",
            "SELECT 'i' || i AS image, 'registry.example/app' || (i % 900) AS repository"  # noqa: S608
            f" FROM range({layers * 4 // 20}) t(i)",
        )
        for number, start in enumerate(range(0, rows, 10_000_000)):
            end = min(rows, start + 10_000_000)
            _copy(
                connection,
                store,
                f"files/{number:06x}.parquet",
                "SELECT 'sha256:' || (i // 2000) AS layer, 'usr/' || (i % 97) || '/' ||"  # noqa: S608
                " CASE WHEN i % 50 = 0 THEN 'cache/' ELSE 'lib/' END || i AS path,"
                " (i * 7919) % 100000 AS bytes, (i * 7919) % 40000 AS pull_bytes,"
                f" hash(i % 3000000)::UBIGINT AS content FROM range({start}, {end}) t(i)",
            )


def _copy(connection: object, store: Path, name: str, rows: str) -> None:
    target = store / name
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(  # type: ignore[attr-defined]
        f"COPY ({rows}) TO {quoted(str(target))}"
        " (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"
    )


class Table:
    """The lines of the table, printed as they come."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    def add(self, what: str, measured: Measured, note: str = "") -> None:
        """A line."""
        row = [
            what,
            f"{measured.wall:.0f} s",
            f"{measured.total:.0f} s",
            f"{measured.busiest:.0f} s" if measured.busiest else "",
            f"{measured.memory / 1e9:.2f} GB" if measured.memory else "",
            f"{os.getloadavg()[0]:.1f}",
            note,
        ]
        self.rows.append(row)
        print(" | ".join(row), flush=True)

    def markdown(self) -> str:
        """As a page has it."""
        headings = ["", "wall", "processor", "busiest worker", "memory", "load", ""]
        align = ("left", *["right"] * 5, "left")
        return tabulate(self.rows, headings, tablefmt="pipe", colalign=align, disable_numparse=True)


def large(root: Path, count: int, table: Table) -> None:
    """Large images, cold, by one worker and by two."""
    with emptied(root / "large"):
        total = write_large(root / "large" / "in", count)
        one = scan(root / "large" / "store1", root / "large" / "in", 1)
        table.add(f"{count} images of {total / count / 1e9:.1f} GB, cold, 1 worker", one)
        two = scan(root / "large" / "store2", root / "large" / "in", 2)
        table.add(
            f"{count} images of {total / count / 1e9:.1f} GB, cold, 2 workers",
            two,
            efficiency(one, two),
        )


def efficiency(one: Measured, two: Measured) -> str:
    """Of two workers against one, by what the busiest has to do; by wall time where the machine is quiet."""
    by_work = one.busiest / (2 * two.busiest)
    return f"efficiency {by_work:.2f} (wall: {one.wall / (2 * two.wall):.2f})"


class OnlyLayers(Inline):
    """Reads layers, and analyzes no image."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        yield from super().run(task for task in tasks if task[0].startswith("layer-"))


def small(root: Path, count: int, table: Table) -> None:
    """Many images whose tables are known: half of them, and all; a tenth by one worker and by two."""
    with emptied(root / "small"):
        folder, store = root / "small" / "in", root / "small" / "store"
        tenth, half = folder / "half" / "tenth", folder / "half"
        write_images(tenth, count // 10)
        write_images(half, count // 2, count // 10)
        write_images(folder, count, count // 2)
        read_only(store, folder, runner=OnlyLayers())
        known = scan(store, half, 2)
        table.add(f"{count // 2:,} images of 20 layers, known tables, 2 workers", known)
        forget_images(store)
        double = scan(store, folder, 2)
        what = f"{count:,} images of 20 layers, known tables, 2 workers"
        table.add(what, double, f"{double.total / known.total:.2f} × of half as many")
        again = scan(store, folder, 2)
        table.add(f"{count:,} images, nothing new", again)
        words = [
            sys.executable,
            "-m",
            "slim",
            "fleet",
            "report",
            "--store",
            str(store),
            "--no-config",
        ]
        table.add(f"report of {count:,} images", measure([*words, "-o", f"html={root / 'x.html'}"]))
        forget_images(store)
        one = scan(store, tenth, 1)
        table.add(f"{count // 10:,} images of 20 layers, known tables, 1 worker", one)
        forget_images(store)
        two = scan(store, tenth, 2)
        what = f"{count // 10:,} images of 20 layers, known tables, 2 workers"
        table.add(what, two, efficiency(one, two))


def queries(root: Path, rows: int, table: Table) -> None:
    """Questions to the file rows of a whole fleet, each by a command of its own."""
    with emptied(root / "rows"):
        synthesize(root / "rows", rows)
        Store(folder_of(str(root / "rows"))).check(create=True)
        with database(Store(folder_of(str(root / "rows")))) as connection:
            _, found = select(connection, "SELECT count(*) FROM images")
        words = [sys.executable, "-m", "slim", "fleet", "sql", "--store", str(root / "rows")]
        for name, query in QUERIES.items():
            what = f"query `{name}` over {found[0][0]:,} images, {rows / 1e6:.0f} M file rows"
            table.add(what, measure([*words, query]))


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """A folder that is gone afterwards."""
    folder.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(folder)


def write_down(table: str) -> None:
    """The table into docs/fleet.md."""
    page = Path(__file__).parents[2] / "docs" / "fleet.md"
    text = io.StringIO(page.read_text()).getvalue()
    before, _, rest = text.partition(_BLOCK[0])
    page.write_text(before + _BLOCK[0] + table + "\n" + _BLOCK[1] + rest.partition(_BLOCK[1])[2])


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--large", type=int, default=60)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="slim-bench-") as folder:
        for measured, count in (
            (large, arguments.large),
            (small, arguments.images),
            (queries, arguments.rows),
        ):
            if count:
                measured(Path(folder), count, table)
    if arguments.write:
        write_down(table.markdown())


if __name__ == "__main__":
    main()
