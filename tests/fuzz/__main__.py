"""Run the targets, each in a process of its own, on all cores.

    python -m tests.fuzz [TARGET…] [--seconds N] [--runs N]
    python -m tests.fuzz --list | --minimise FOLDER [TARGET…]

With `--runs` the same inputs are tried on every machine as far as the time allows. An input that fails is
printed and kept in build/fuzz/TARGET; once its cause is known it belongs into tests/fuzz/found/TARGET.
docs/fuzzing.md has the rest.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.corpus import LARGEST, minimised, write
from tests.fuzz.targets import TARGETS, load

BUILD = Path(__file__).parents[2] / "build" / "fuzz"
OPTIONS = ("-seed=1", "-timeout=20", "-rss_limit_mb=1500", "-max_len=65536", "-print_final_stats=1")


def main() -> None:
    """Run all targets, and fail when one does."""
    parser = argparse.ArgumentParser(description="Fuzz slim.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target at most")
    parser.add_argument("--runs", type=int, default=-1, help="inputs of each target at most")
    parser.add_argument("--list", action="store_true", help="print the targets")
    parser.add_argument("--minimise", type=Path, metavar="FOLDER", help="write the corpus anew")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.targets or TARGETS
    if given.list:
        print("\n".join(names))
        return
    if given.minimise:
        _minimise(given.minimise, names)
        return
    if importlib.util.find_spec("atheris") is None:
        sys.exit(
            "Atheris is not installed: pip install -e '.[fuzz]' (it has no wheels for some Pythons)"
        )
    if given.inside:
        _fuzz(given.inside, given.seconds, given.runs)
        return
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda name: _apart(name, given.seconds, given.runs), names)
        for name, ended in zip(names, done, strict=True):
            output = ended.stderr.decode("utf-8", "replace")
            numbers = dict(
                line[6:].split(": ", 1) for line in output.splitlines() if line[:6] == "stat::"
            )
            print(
                f"{name}: {numbers.get('number_of_executed_units', '?').strip()} inputs", flush=True
            )
            if ended.returncode:
                failed.append(name)
                print(output[-6000:], ended.stdout.decode("utf-8", "replace")[-6000:], flush=True)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def _apart(name: str, seconds: int, runs: int) -> subprocess.CompletedProcess[bytes]:
    """Run one target in a process of its own, to its end."""
    limits = [f"--seconds={seconds}", f"--runs={runs}", f"--inside={name}"]
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *limits], capture_output=True, check=False
    )


def alone(name: str) -> None:
    """A target as a program of its own, whose options are libFuzzer's: for OSS-Fuzz."""
    import atheris

    # Also of loaders of their own, which frozen programs have.
    with atheris.instrument_imports(include=["slim"]):
        target = load(name)
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()


def _minimise(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        target = load(name)
        paths = [path for path in (folder / name / "seeds").glob("*") if path.is_file()]
        found = [path.read_bytes() for path in paths if path.stat().st_size <= LARGEST]
        small = [data for data in target.seeds if len(data) <= LARGEST]
        kept = minimised([*found, *small], target.check)
        print(f"{name}: {write(name, kept)} of {len(found) + len(small)} inputs", flush=True)


def _fuzz(name: str, seconds: int, runs: int) -> None:
    """Run one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["slim"], enable_loader_override=False):
        target = load(name)
    folder = BUILD / name
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds):
        (seeds / f"{number:04}").write_bytes(data)
    limits = [f"-max_total_time={seconds}", f"-runs={runs}", f"-artifact_prefix={folder}/"]
    atheris.Setup([name, *OPTIONS, *limits, str(seeds)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
