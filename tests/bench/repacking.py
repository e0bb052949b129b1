"""Repacking: against the compressors alone, its memory on an image of 5 GB, and against other tools.

    python -m tests.bench.repacking [--quick] [--rounds N] [--only speed|memory|peers] [--image PATH]

Each command is a whole process, and those of one image alternate, as in `bench`, whose images these are:
docker-archives of uncompressed layers. What is not installed is said to be missing. docker-squash is
installed beside the images, and asks a docker daemon, which is started for it; docker-repack is looked for on
the PATH, and built by cargo where that reaches its registry.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

from slim.repack.model import LAYER_MODES, LEVELS
from tests.bench.bench import MB, PYTHON, ROOT, Row, Run, alternate, image, limit, run

COMPRESSIONS = ("gzip:9", "gzip:1", "zstd:12", "zstd:3")
SHAPES = (
    *((level, layers, "zstd:1") for level in LEVELS for layers in LAYER_MODES),
    *(
        ("all", "flat", compression)
        for compression in (
            *("none", "gzip:1", "zstd:12", "zstd:19"),
            *("zstd:chunked:3", "zstd:chunked:12", "zstd:chunked:19", "estargz:1"),
        )
    ),
    ("dead", "flat", "zstd:12"),
    ("dead", "flat", "zstd:chunked:12"),
)
"""Level, layers and compression. gzip takes as much memory at each of its levels."""
PEERS = ("debian", "wheels")


def repack(path: str, target: str, *options: str) -> list[str]:
    """The command."""
    return [PYTHON, "-m", "slim", "repack", path, "-o", target, "--no-progress", *options]


def speed(path: str, rounds: int, compressions: tuple[str, ...]) -> Iterator[Row]:
    """Repack against a compressor of the same bytes, and the floor that reads and hashes the image."""
    name = Path(path).name
    cores = len(os.sched_getaffinity(0))
    for compression in compressions:
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
            shape = ("--include-base", "--compression")
            run(repack(path, f"oci-dir:{folder}/tars", *shape, "none"))
            tars = [str(each) for each in Path(folder, "tars", "blobs", "sha256").iterdir()]
            commands = {
                "slim": repack(path, f"{folder}/result.tar", *shape, compression),
                "floor": [PYTHON, "-m", "tests.bench.floor", path, "--mode", "pool"],
                **compressors(tars, compression, cores),
            }
            runs = alternate(commands, rounds)
        for peer in list(commands)[2:]:
            yield from against(
                f"{name} {compression}", peer, runs["slim"], runs[peer], runs["floor"]
            )
        if compression.startswith("gzip") and not shutil.which("pigz"):
            yield Row(f"{name} {compression}", "pigz", "not installed")


def compressors(tars: list[str], compression: str, cores: int) -> dict[str, list[str]]:
    """The same bytes through the programs that are there; their output goes nowhere."""
    form, level = compression.split(":")
    programs = {
        "gzip": {f"gzip -{level}": ["gzip"], f"pigz -{level}": ["pigz", "-p", str(cores)]},
        "zstd": {f"zstd -{level} -T{cores}": ["zstd", "-q", f"-T{cores}"]},
    }[form]
    words = " ".join(f"'{tar}'" for tar in tars)
    return {
        label: ["sh", "-c", f"cat {words} | {' '.join(program)} -{level} -c > /dev/null"]
        for label, program in programs.items()
        if shutil.which(program[0])
    }


def against(label: str, peer: str, ours: Run, theirs: Run, floor: Run) -> Iterator[Row]:
    """Wall time as it is; processor time also with what reading and hashing takes anyway."""
    if ours.code or theirs.code or floor.code:
        yield Row(label, f"slim / {peer}", "failed", "", "no")
        return
    yield Row(
        label,
        f"wall: slim / {peer}",
        f"{ours.wall / theirs.wall:.2f}  ({ours.wall:.1f} s / {theirs.wall:.1f} s)",
    )
    value = ours.cpu / (theirs.cpu + floor.cpu)
    yield Row(
        label,
        f"processor time: slim / ({peer} + floor)",
        f"{value:.2f}  ({ours.cpu:.1f} s / ({theirs.cpu:.1f} + {floor.cpu:.1f}) s)",
        "≤ 1.2",
        "yes" if value <= 1.2 else "no",
    )


def memory(paths: list[str], shapes: tuple[tuple[str, str, str], ...]) -> Iterator[Row]:
    """The peak of memory on an image of 5 GB: the layers of real images on top of each other."""
    with tempfile.TemporaryDirectory(dir=Path(paths[0]).parent) as folder:
        joined = f"{folder}/joined.tar"
        made = subprocess.run(
            [PYTHON, "-m", "tests.bench.joined_image", joined, *paths],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for level, layers, compression in shapes:
            options = ("--level", level, "--layers", layers, "--compression", compression)
            done = run(repack(joined, f"{folder}/result.tar", *options))
            what = f"peak memory: {level}, {layers}, {compression}"
            yield limit(made.stdout.strip(), what, done, done.rss / MB, 250, "MB")


def peers(path: str, tools: Path) -> Iterator[Row]:
    """Size, time, memory and differences of what each tool makes of an image."""
    name = Path(path).name
    yield Row(name, "source", sizes(path))
    with tempfile.TemporaryDirectory(dir=tools) as folder:
        target = f"{folder}/slim.tar"
        # Compressed, and as docker-squash writes it.
        for layers, form in (("keep", "oci-archive:"), ("squash", "docker-archive:")):
            options = ("--include-base", "--layers", layers, "--certificate", f"{folder}/slim.json")
            done = run(repack(path, f"{form}{target}", *options))
            yield from outcome(name, f"slim --layers {layers}, {form[:-1]}", done, path, target)
        if docker_squash := squash(tools):
            yield from squashed(name, docker_squash, path, folder)
        else:
            yield Row(
                name, "docker-squash", "not installed: pip does not find it, or dockerd is missing"
            )
        if docker_repack := built(tools):
            source, target = f"{folder}/source", f"{folder}/repacked"
            copy = ["skopeo", "copy", "--quiet", "--insecure-policy"]
            run([*copy, f"docker-archive:{path}", f"oci:{source}:1"])
            done = run([docker_repack, f"oci://{source}", f"oci://{target}", "--target-size=50MB"])
            yield from outcome(name, "docker-repack", done, path, f"oci-dir:{target}")
        else:
            yield Row(name, "docker-repack", "not installed, and cargo does not reach its registry")


def squashed(name: str, program: str, path: str, folder: str) -> Iterator[Row]:
    """What docker-squash makes of an image that a docker daemon has."""
    # Only here: this process must stay small.
    from tests.real.daemons import daemons

    Path(folder, "docker").mkdir()
    with daemons(Path(folder, "docker"), "overlay2"):
        loaded = subprocess.run(
            ["docker", "load", "-i", path], check=True, capture_output=True, text=True
        )
        tag = loaded.stdout.strip().rpartition(": ")[2]
        target = f"{folder}/squashed.tar"
        written = ["--output-path", target, "--load-image", "False"]
        done = run([program, tag, "-t", "bench/squashed:1", *written])
    yield from outcome(name, "docker-squash", done, path, target)


def outcome(name: str, tool: str, done: Run, before: str, after: str) -> Iterator[Row]:
    """One result; what differs is what `slim verify` finds."""
    if done.code:
        yield Row(name, tool, f"failed ({done.code})")
        return
    spent = f"{done.wall:.1f} s, {done.cpu:.1f} s of processor time, {done.rss / MB:.0f} MB"
    yield Row(name, tool, f"{sizes(after)}; {spent}")
    found = subprocess.run(
        [PYTHON, "-m", "tests.bench.differences", before, after],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    yield Row(name, f"{tool}: differences", found.stdout.strip())


def sizes(path: str) -> str:
    """On disk and in the pull."""
    command = [PYTHON, "-m", "slim", "analyze", path, "-o", "json", "--no-cache", "--no-advice"]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    totals = json.loads(found.stdout)["totals"]
    return (
        f"{totals['disk_bytes'] / MB:,.0f} MB on disk, {totals['pull_bytes'] / MB:,.0f} MB to pull"
    )


def squash(tools: Path) -> str | None:
    """docker-squash, in an environment of its own; None where it is not to be had."""
    place = tools / "docker-squash"
    program = place / "bin" / "docker-squash"
    if not all(map(shutil.which, ("dockerd", "docker", "containerd", "ctr"))):
        return None
    if not program.exists():
        subprocess.run([PYTHON, "-m", "venv", place], check=True)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", "docker-squash"], check=False)
    return str(program) if program.exists() else None


def built(tools: Path) -> str | None:
    """docker-repack; None where it is not to be had."""
    place = tools / "docker-repack"
    program = place / "bin" / "docker-repack"
    if (found := shutil.which("docker-repack")) or program.exists():
        return found or str(program)
    if not shutil.which("cargo"):
        return None
    words = ["cargo", "install", "--quiet", "--locked", "--root", str(place), "docker-repack"]
    subprocess.run(words, check=False, capture_output=True)
    return str(program) if program.exists() else None


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="one image, one round")
    parser.add_argument("--rounds", type=int, default=3, help="runs per command (default: 3)")
    parser.add_argument("--only", default="", choices=("", "speed", "memory", "peers"))
    parser.add_argument("--image", help="this docker-archive instead of the real images")
    arguments = parser.parse_args()
    names = PEERS[:1] if arguments.quick else PEERS
    made_by = "tests.bench.real_images"
    paths = (
        [arguments.image] if arguments.image else [image(name, "plain", made_by) for name in names]
    )
    rows: list[Row] = []
    print(f"load before: {os.getloadavg()}", file=sys.stderr)
    if arguments.only in ("", "speed"):
        rounds = 1 if arguments.quick else arguments.rounds
        rows += speed(paths[0], rounds, COMPRESSIONS[::2] if arguments.quick else COMPRESSIONS)
    if arguments.only in ("", "memory"):
        whole = ("phoenix", "next", "wheels", "debian", "three-stacks")
        given = paths if arguments.image else [image(name, "gzip", made_by) for name in whole]
        rows += memory(given, SHAPES[:1] if arguments.quick else SHAPES)
    if arguments.only in ("", "peers"):
        for path in paths:
            rows += peers(path, Path(path).parent)
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{len(os.sched_getaffinity(0))} cores, load {loads}")
    print(tabulate(rows, headers=["image", "what", "measured", "target", "met"]))


if __name__ == "__main__":
    main()
