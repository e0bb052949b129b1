"""The benchmark: slim against the floor and against dive on real images, as ratios measured in one run.

    python -m tests.bench.bench [--quick] [--rounds N] [--only TEXT]

Every command is a whole process, measured from spawn to exit; the commands of an image
alternate (A B C A B C …) so that a busy machine slows all of them alike, and medians are
compared. Every file is read into the page cache first. The ratio of processor times tells on a
busy machine whether a bad ratio of wall times is slim's doing. Synthetic images show only how time and
memory grow. It exits 0 whatever the figures are: a benchmark is no gate.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
MB = 1e6


class Run(NamedTuple):
    """One process: wall and processor time (s), peak resident memory (bytes), exit code."""

    wall: float
    cpu: float
    rss: int
    code: int


class Row(NamedTuple):
    """One line of the table; an empty target means that the figure is for orientation."""

    image: str
    what: str
    figure: str
    target: str = ""
    met: str = ""


def run(command: list[str]) -> Run:
    """Run a command to its end with its output thrown away.

    This process must stay small: Linux counts the memory of the spawning process as the
    spawned one's peak, until it is exceeded.
    """
    start = time.perf_counter()
    # Users' modules are compiled once; a shell that forbids it would measure the compiler.
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CI": "true", "PYTHONDONTWRITEBYTECODE": ""},
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - start, cpu, usage.ru_maxrss * 1024, process.returncode)


def alternate(commands: Mapping[str, list[str]], rounds: int) -> dict[str, Run]:
    """Return the median wall and memory of each command; drop a command once it fails."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            if any(run.code for run in runs[name]):
                continue
            runs[name].append(run(command))
    return {
        name: Run(
            statistics.median(run.wall for run in some),
            statistics.median(run.cpu for run in some),
            int(statistics.median(run.rss for run in some)),
            max((run.code for run in some), key=abs),
        )
        for name, some in runs.items()
    }


def image(name: str, form: str = "plain", made_by: str = "tests.bench.images") -> str:
    """Return the path of an image, made by a process of its own if need be."""
    result = subprocess.run(
        [PYTHON, "-m", made_by, f"{name}.{form}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    path = result.stdout.strip()
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    return path


def slim(path: str, *options: str) -> list[str]:
    """Return the command that analyses an image; what it reads, it reads anew."""
    kept = () if "--cache" in options else ("--no-cache",)
    return [PYTHON, "-m", "slim", "analyze", path, "-o", "json", *kept, *options]


def dive(path: str) -> list[str] | None:
    """Return dive's command, its rules off, or None where it is not installed."""
    beside = Path(PYTHON).with_name("dive")
    found = str(beside) if beside.exists() else shutil.which("dive")
    return [found, "--ci", "--lowestEfficiency", "0", "--highestUserWastedPercent", "1",
            "--source", "docker-archive", path] if found else None  # fmt: skip


def ratio(
    label: str, what: str, above: Run | None, below: Run | None, limit: float, *, at_most: bool
) -> Row:
    """Compare two walls; a process that failed gives no figure."""
    sign = "≤" if at_most else "≥"
    target = f"{sign} {limit:g}" if limit else ""
    if above is None or below is None:
        return Row(label, what, "not run", target)
    if above.code or below.code:
        return Row(label, what, "failed", target, "no")
    value = above.wall / below.wall
    figure = f"{value:.2f}  ({above.wall:.2f} s / {below.wall:.2f} s)"
    met = ("yes" if (value <= limit if at_most else value >= limit) else "no") if limit else ""
    return Row(label, what, figure, target, met)


def limit(label: str, what: str, run: Run, value: float, most: float, unit: str) -> Row:
    """Compare one figure with the most that it may be."""
    if run.code:
        return Row(label, what, f"failed ({run.code})", f"≤ {most:g} {unit}", "no")
    met = "yes" if value <= most else "no"
    return Row(label, what, f"{value:.3g} {unit}", f"≤ {most:g} {unit}", met)


REAL = ("phoenix", "next", "wheels", "debian", "three-stacks", "node-modules", "pax-times")
"""Names that `real_images` knows; that module is imported by its own process only."""
GOALS = {
    "gzip": (3.0, 3.3, 1.5, 1.25),
    "zstd": (1.6, 1.85, 1.5, 1.25),
    "plain": (1.05, 1.3, 2.2, 1.6),
}
"""Form → dive's wall / slim's with advice and without; slim's processor time / the floor's, the same."""
SMALL_FILES = (1.3, 1.8)
"""dive's wall / slim's, where there are very many small files."""


def real(name: str, form: str, rounds: int, installed: str) -> list[Row]:
    """Measure one real image: slim with advice and without, the floor, dive; and slim's phases."""
    path = image(name, form, "tests.bench.real_images")
    floor = [PYTHON, "-m", "tests.bench.floor", path, "--mode"]
    users = ["env", "-C", installed]
    commands = {
        "slim": [*users, *slim(path)],
        "bare": [*users, *slim(path, "--no-advice")],
        "pool": [*floor, "pool"],
        "pipeline": [*floor, "pipeline"],
    }
    if peer := dive(path):
        commands["dive"] = peer
    runs = alternate(commands, rounds)
    floors = min(runs["pool"], runs["pipeline"], key=lambda run: (run.code, run.wall))
    faster, faster_bare, cpu, cpu_bare = GOALS[form]
    if name == "node-modules":
        faster, faster_bare = SMALL_FILES
    label, peer_run = f"{name} {form}", runs.get("dive")
    seconds = subprocess.run(
        [PYTHON, "-m", "tests.bench.phases", path],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    parts = ", ".join(f"{phase} {value:.2f}" for phase, value in json.loads(seconds).items())
    return [
        ratio(label, "dive / slim", peer_run, runs["slim"], faster, at_most=False),
        ratio(label, "dive / slim --no-advice", peer_run, runs["bare"], faster_bare, at_most=False),
        ratio(label, "slim / floor", runs["slim"], floors, 0, at_most=True),
        ratio(label, "processor time: slim / floor", on_processor(runs["slim"]),
              on_processor(floors), cpu, at_most=True),
        ratio(label, "processor time: slim --no-advice / floor", on_processor(runs["bare"]),
              on_processor(floors), cpu_bare, at_most=True),
        Row(label, "advice: wall, memory with it",
            f"{runs['slim'].wall - runs['bare'].wall:.2f} s, {runs['slim'].rss / MB:.0f} MB"),
        Row(label, "phases (s of processor time)", parts),
    ]  # fmt: skip


def estimate(name: str, rounds: int) -> list[Row]:
    """Measure the estimated size to pull: how far it is off, and what it costs."""
    path = image(name)
    command = [PYTHON, "-m", "tests.bench.pull_size", path]
    runs = alternate({mode: [*command, mode] for mode in ("stored", "estimated")}, rounds)
    guessed, exact = (
        int(subprocess.run([*command, mode], cwd=ROOT, check=True, capture_output=True).stdout)
        for mode in ("estimated", "exact")
    )
    error, extra = guessed / exact - 1, runs["estimated"].cpu / runs["stored"].cpu
    label = f"{name} plain"
    return [
        Row(label, "size to pull: estimate / gzip -6", f"{error:+.1%}",
            "± 5%", "yes" if abs(error) <= 0.05 else "no"),
        Row(label, "reading with the estimate / without, processor time", f"{extra:.3f}",
            "≤ 1.05", "yes" if extra <= 1.05 else "no"),
    ]  # fmt: skip


def on_processor(run: Run) -> Run:
    """The same run with its processor time as its wall."""
    return run._replace(wall=run.cpu)


def install(folder: Path) -> str:
    """Put slim where a wheel puts it, its rules already parsed; return the folder."""
    shutil.copytree(ROOT / "slim", folder / "slim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", folder / "slim" / "_rules")
    # In a process of its own: this one must stay small.
    write = (
        "import sys; from slim.advice.vocabulary import VOCABULARY;"
        "from slim.rules.builtin import COMPILED, rules_folder;"
        "from slim.rules.folder import parse_rules;"
        "from slim.rules.compiled import encode;"
        "open(f'{rules_folder()}/{COMPILED}', 'wb').write("
        "encode(parse_rules(rules_folder(), VOCABULARY)))"
    )
    subprocess.run(
        [PYTHON, "-c", write], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": str(folder)}
    )
    return str(folder)


def extremes(rounds: int, *, quick: bool) -> list[Row]:
    """Measure what must stay small: whiteouts, a million entries, memory, start-up."""
    rows = []
    measured = alternate({"slim": slim(image("whiteouts"))}, rounds)["slim"]
    rows.append(
        limit("whiteouts", "20,000 files, 1,000 whiteouts", measured, measured.wall, 1, "s")
    )
    if not quick:
        if peer := dive(image("whiteouts")):
            rows.append(Row("whiteouts", "the same with dive, once", f"{run(peer).wall:.3g} s"))
        for form in ("plain", "gzip"):
            measured = alternate({"slim": slim(image("million", form))}, rounds)["slim"]
            rows.append(limit(f"million {form}", "wall", measured, measured.wall, 12, "s"))
            rows.append(
                limit(f"million {form}", "peak memory", measured, measured.rss / MB, 600, "MB")
            )
        measured = alternate({"slim": slim(image("three"))}, rounds)["slim"]
        rows.append(limit("three plain", "peak memory", measured, measured.rss / MB, 200, "MB"))
    start = alternate(
        {"slim": [PYTHON, "-m", "slim", "--version"], "bare": [PYTHON, "-c", "pass"]}, 9
    )
    extra = (start["slim"].wall - start["bare"].wall) * 1000
    what = f"over a bare interpreter ({start['bare'].wall * 1000:.0f} ms)"
    rows.append(limit("slim --version", what, start["slim"], extra, 80, "ms"))
    return rows


def series(counts: Iterable[int], rounds: int) -> list[Row]:
    """Measure how time grows with the number of entries; each step is a doubling."""
    names = [f"series-{count}k" for count in counts]
    runs = alternate({name: slim(image(name)) for name in names}, rounds)
    rows = []
    for before, name in zip([None, *names], names, strict=False):
        run = runs[name]
        rows.append(Row(name, "wall, memory", f"{run.wall:.3g} s, {run.rss / MB:.0f} MB"))
        if before:
            rows.append(ratio(name, "against half as many", run, runs[before], 2, at_most=True))
    return rows


def kept(name: str, form: str, rounds: int) -> list[Row]:
    """Measure a pipe against the file, and a run whose layers are all in the cache."""
    path, label = image(name, form), f"{name} {form}"
    with tempfile.TemporaryDirectory(prefix="slim-bench-") as folder:
        cached = ["env", f"SLIM_CACHE_DIR={folder}/cache"]
        commands = {
            "file": slim(path),
            "pipe": ["sh", "-c", f"cat '{path}' | {' '.join(slim('-'))}"],
        }
        runs = alternate(commands, rounds)
        first = run([*cached, *slim(path, "--cache")])
        again = alternate(
            {
                "warm": [*cached, *slim(path, "--cache")],
                "fast": [*cached, *slim(path, "--cache", "--no-verify")],
                "bare": [*cached, *slim(path, "--cache", "--no-verify", "--no-advice")],
            },
            rounds,
        )
    stored = f"all layers in the cache, {os.stat(path).st_size / MB:.0f} MB stored"
    return [
        ratio(label, "pipe / file", runs["pipe"], runs["file"], 0, at_most=True),
        ratio(label, "empty cache / none", first, runs["file"], 0, at_most=True),
        limit(label, stored, again["warm"], again["warm"].wall, 0.7, "s"),
        limit(label, "the same, --no-verify", again["fast"], again["fast"].wall, 0.3, "s"),
        Row(label, "the same, --no-advice", f"{again['bare'].wall:.3g} s"),
    ]


def remote(name: str, rounds: int) -> list[Row]:
    """Measure an image in a registry on loopback against its file, and by tables of contents.

    Loopback has no latency to speak of: the figures are what slim adds to a download. What was
    transferred is what the registry's access log says.
    """
    if any(shutil.which(program) is None for program in ("docker-registry", "skopeo")):
        return [Row("registry", "docker-registry and skopeo", "not installed")]
    # Only here: this process must stay small.
    from tests.real.registries import docker_registry

    with tempfile.TemporaryDirectory(prefix="slim-bench-") as folder:
        layouts = {"gzip": f"{folder}/gzip", "zstd:chunked": f"{folder}/chunked"}
        for form, layout in layouts.items():
            subprocess.run(
                ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-compress-format", form,
                 f"docker-archive:{image(name)}", f"oci:{layout}:1"], check=True,
            )  # fmt: skip
        with docker_registry(Path(folder, "registry")) as registry:
            gzip, chunked = (
                registry.push(f"oci:{layout}:1", f"bench/{Path(layout).name}:1")
                for layout in layouts.values()
            )
            there = ("--plain-http", registry.host)
            commands = {
                "file": slim(f"oci-dir:{layouts['gzip']}"),
                "registry": slim(gzip, *there),
                "lazy": slim(chunked, *there),
                "full": slim(chunked, *there, "--full"),
            }
            runs = alternate(commands, rounds)
            counts = []
            for mode in ("lazy", "full"):
                before = registry.sent()
                run(commands[mode])
                counts.append(registry.sent() - before)
    share = 100 * counts[0] / max(counts[1], 1)
    what = f"transferred of {counts[1] / MB:,.0f} MB, by tables of contents"
    return [
        ratio(f"{name} registry", "registry / file, gzip", runs["registry"], runs["file"], 0,
              at_most=True),
        Row(f"{name} registry", "memory, streaming", f"{runs['registry'].rss / MB:.0f} MB"),
        ratio(f"{name} registry", "tables of contents / --full", runs["lazy"], runs["full"], 0,
              at_most=True),
        limit(f"{name} registry", what, runs["lazy"], share, 2, "%"),
    ]  # fmt: skip


def main() -> None:
    """Measure slim against the floor and dive, and print one table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="few images, one round")
    parser.add_argument("--rounds", type=int, default=5, help="runs per command (default: 5)")
    parser.add_argument("--only", default="", help="only the images whose name holds this text")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else arguments.rounds
    rows: list[Row] = []
    print(f"load before: {os.getloadavg()}", file=sys.stderr)
    if dive("") is None:
        print("dive is not installed: nothing is compared with it", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="slim-bench-") as folder:
        installed = install(Path(folder, "installed"))
        for name in REAL[:2] if arguments.quick else REAL:
            for form in GOALS:
                if arguments.only in f"{name}.{form}":
                    print(f"… {name}.{form}", file=sys.stderr, flush=True)
                    rows += real(name, form, rounds, installed)
    if not arguments.only or arguments.only in "estimate":
        print("… estimate", file=sys.stderr, flush=True)
        for name in ("small-files",) if arguments.quick else ("big-one", "many", "small-files"):
            rows += estimate(name, rounds)
    if not arguments.only or arguments.only in "extremes":
        print("… extremes", file=sys.stderr, flush=True)
        rows += extremes(rounds, quick=arguments.quick)
    if not arguments.only or arguments.only in "series":
        print("… series", file=sys.stderr, flush=True)
        rows += series((50, 100, 200) if arguments.quick else (50, 100, 200, 400, 800), rounds)
    if not arguments.only or arguments.only in "cache":
        print("… cache", file=sys.stderr, flush=True)
        rows += kept("stored", "gzip", rounds)
    if not arguments.only or arguments.only in "registry":
        print("… registry", file=sys.stderr, flush=True)
        rows += remote("big-one" if arguments.quick else "many", rounds)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, "
          f"medians of {rounds}, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")  # fmt: skip
    print(tabulate(rows, headers=["image", "what", "measured", "target", "met"]))


if __name__ == "__main__":
    main()
