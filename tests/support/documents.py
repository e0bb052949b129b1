"""The code blocks of all pages for people, and a place where their commands do what the pages say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from slim.cli.app import app
from tests.support.environments import CI
from tests.support.examples import FAT, ROOT, SLIM

PAGES = [
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples").rglob("*.md")),
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "plugin/docs.md", "rules/FORMAT.md"),
]
REGISTRY = re.compile(r"registry\.example\.com|localhost:5000")
_BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_GENERATED = re.compile(r"<!-- generated: [a-z-]+ -->\n.*?<!-- /generated -->", re.DOTALL)


class Block(NamedTuple):
    """A block between fences."""

    page: str
    language: str
    text: str
    generated: bool
    """The build writes it, and compares it with what the program says now."""

    @property
    def name(self) -> str:
        """Its page and its first line."""
        return f"{self.page}: {self.text.partition(chr(10))[0].strip()[:48].strip()}"

    @property
    def names_registry(self) -> bool:
        """Its commands read or write images in a registry."""
        return self.language == "sh" and REGISTRY.search(self.text) is not None


def blocks() -> list[Block]:
    """All blocks of all pages."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text("utf-8")
        generated = [match.span() for match in _GENERATED.finditer(text)]
        for match in _BLOCK.finditer(text):
            lines = [line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True)]
            inside = any(start <= match.start() < end for start, end in generated)
            found.append(Block(page, match[2], "".join(lines), inside))
    return found


STAND_INS = {
    "slim": 'exec {python} -m slim "$@"',
    "python": 'exec {python} "$@"',
    "python3": 'exec {python} "$@"',
    "make": 'exec /usr/bin/make --no-print-directory --dry-run --directory {root} "$@" >/dev/null',
    "docker": """case "$1" in
        image) echo sha256:1 ;;
        save) while [ $# -gt 1 ]; do case "$1" in -o|--output) out="$2" ;; esac; shift; done
              if [ "$out" ]; then cp app.tar.kept "$out"; else cat app.tar.kept; fi ;;
        esac""",
    "podman": 'case "$1" in save) cat app.tar.kept ;; esac',
    "ctr": 'case "$*" in *export*) cat app.tar.kept ;; *) echo app ;; esac',
    "buildah": 'case "$1" in push) cat app.tar.kept ;; *) echo 1 ;; esac',
    "pipx": "exit 0",
    "pip3": "exit 0",
    "compile_python_fuzzer": '[ -s "$1" ]',
}
"""Commands that are not run for themselves: engines that have one image, installers, builders of others."""


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that pages name, and the stand-ins on PATH; it becomes the current one."""
    for name in list(os.environ):
        if name.startswith((*CI, "PLUGIN_")) and name != "SLIM_CACHE_DIR":
            monkeypatch.delenv(name)
    bin_ = folder / "bin"
    bin_.mkdir()
    for name, script in STAND_INS.items():
        text = script.replace("{python}", shlex.quote(sys.executable)).replace("{root}", str(ROOT))
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    work = folder / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in ("app.tar.kept", "app.tar", "web.tar", "worker.tar"):
        shutil.copy(SLIM, name)
    for name in ("api.tar", "image.tar"):  # which are over their limits
        shutil.copy(FAT, name)
    shutil.copy(ROOT / "fixtures" / "phoenix-slim.Dockerfile", "Dockerfile")
    for name in ("tests", "slim", "rules"):
        Path(name).symlink_to(ROOT / name)
    Path("examples/drone-phoenix").mkdir(parents=True)
    Path("fixtures").mkdir()
    for path in (ROOT / "fixtures").glob("phoenix-*"):
        shutil.copy(path, "fixtures")
    Path("main").mkdir()
    for name in ("main.json", "main/api.json", "main/web.json", "report.json"):
        words = ["analyze", "app.tar", "-o", f"json={name}", "--no-progress"]
        assert app.run(words) == 0
    for variable in ("OUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(variable, str(folder / variable.lower()))
    (folder / "out").mkdir()
    return work


def run_block(
    text: str, env: Mapping[str, str], folder: str = "."
) -> subprocess.CompletedProcess[str]:
    """All commands; one that fails ends it, unless it is a gate that failed."""
    script = f"trap 'code=$?; [ $code -le 1 ] || exit $code' ERR\n{text}\nexit 0"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-o", "pipefail", "-E", "-c", script],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
