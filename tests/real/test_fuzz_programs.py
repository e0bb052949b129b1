"""Fuzz targets as programs of their own: as docs/fuzzing.md starts one, and frozen, as OSS-Fuzz runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.real.tools import run
from tests.support.documents import blocks
from tests.support.examples import ROOT

pytestmark = pytest.mark.real

TARGET = "elf_files"
"""The one that is frozen; that the others can be is not tried, since each takes a minute."""
FREEZE = f"""#!/bin/sh
case "$1" in
fuzz_{TARGET}.py) program="$1"; shift
  exec pyinstaller --log-level ERROR --onefile --name fuzz_{TARGET} \\
    --distpath "$OUT" --workpath work "$@" "$program" ;;
*) [ -s "$1" ] ;;
esac
"""
"""What OSS-Fuzz's command of that name does, for one target."""


def block(beginning: str) -> str:
    """The block of docs/fuzzing.md that begins so."""
    (found,) = (
        each.text
        for each in blocks()
        if each.page == "docs/fuzzing.md" and each.text.startswith(beginning)
    )
    return found


def coverage(*command: str | Path, **environment: str) -> int:
    """Run a target for a while; how many places of slim its inputs reached."""
    done = subprocess.run(
        command, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return max(map(int, re.findall(r"\bcov: (\d+)", done.stderr)), default=0)


def test_a_target_is_started_and_frozen_with_its_seeds(tmp_path: Path) -> None:
    """The frozen program holds slim, its rules and its seeds, and slim's ways through inputs are seen."""
    checkout, tools, out = tmp_path / "slim", tmp_path / "tools", tmp_path / "out"
    run("git", "clone", "--quiet", ROOT, checkout)
    run(sys.executable, "-m", "venv", tools)
    run(
        tools / "bin/pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "atheris>=3",
        "pyinstaller",
    )
    out.mkdir()
    freezer = tools / "bin/compile_python_fuzzer"
    freezer.write_text(FREEZE)
    freezer.chmod(0o755)
    environment = {
        "PATH": f"{tools / 'bin'}:{os.environ['PATH']}",
        "OUT": str(out),
        "PYTHONPATH": "",
    }
    run("sh", "-e", "-c", block("pip3 install"), cwd=checkout, **environment)

    listed = run(tools / "bin/python", "-m", "tests.fuzz", "--list", cwd=checkout).split()
    assert {path.name for path in out.glob("*.zip")} == {
        f"fuzz_{name}_seed_corpus.zip" for name in listed
    }
    seeds = tmp_path / "seeds"
    zipfile.ZipFile(out / f"fuzz_{TARGET}_seed_corpus.zip").extractall(seeds)
    assert coverage(out / f"fuzz_{TARGET}", "-runs=2000", seeds) > 100

    command = block("python -c").replace("100000", "2000")
    environment["PYTHONPATH"] = str(checkout)
    assert coverage("sh", "-c", command, **environment) > 10
