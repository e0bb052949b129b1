"""Start an image's program in a chroot and ask it over HTTP: the proof that an image still works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.tools import TAG, run

_DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}
_PATIENCE = 60.0


def unpack(layout: Path, folder: Path) -> Path:
    """Unpack an image with umoci, and give it the devices that every engine gives a container."""
    run("umoci", "raw", "unpack", "--image", f"{layout}:{TAG}", folder)
    (folder / "dev").mkdir(exist_ok=True)
    for name, numbers in _DEVICES.items():
        path = folder / "dev" / name
        path.unlink(missing_ok=True)
        os.mknod(path, 0o666 | 0o020000, os.makedev(*numbers))
        path.chmod(0o666)
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    return folder


def settings(layout: Path) -> dict[str, Any]:
    """The `config` of an image's configuration."""
    about = json.loads(run("skopeo", "inspect", "--config", f"oci:{layout}:{TAG}"))
    found: dict[str, Any] = about["config"]
    return found


@contextmanager
def serving(layout: Path, folder: Path) -> Iterator[str]:
    """Run what an image runs, as the user that it names; gives the address of its server.

    The unpacked image is in `folder` meanwhile and gone afterwards.
    """
    root = unpack(layout, folder)
    config = settings(layout)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = dict(one.split("=", 1) for one in config["Env"])
    variables |= {"PORT": str(port), "RELEASE_DISTRIBUTION": "none"}
    words = config["Cmd"]
    user = _user(root, str(config.get("User", "")))
    where = str(config.get("WorkingDir") or "/")
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["chroot", f"--userspec={user}", root, *_program(root, where, words, variables)],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield _wait(f"http://127.0.0.1:{port}", process, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            shutil.rmtree(root)
            log.unlink()


def ask(address: str) -> str:
    """The body of a page."""
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body.decode()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            ask(f"{address}/")
            return address
        except (urllib.error.URLError, ConnectionError):
            said = log.read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"the program ended: {said}"
            assert time.monotonic() < until, f"the program does not answer: {said}"
            time.sleep(0.1)


def _program(root: Path, where: str, words: list[str], variables: dict[str, str]) -> list[str]:
    """The command in its directory: through the image's shell, or as it is where it has none."""
    if (root / "bin/sh").exists():
        return ["/bin/sh", "-c", 'cd "$0" && exec "$@"', where, *words]
    assert words[0].startswith("/"), f"no shell to find {words[0]} with ({variables.get('PATH')})"
    return words


def _user(root: Path, name: str) -> str:
    """`user[:group]` of the image's settings as numbers."""
    user = name.partition(":")[0] or "0"
    if user.isdecimal():
        return f"{user}:{user}"
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == user:
            return f"{fields[2]}:{fields[3]}"
    raise AssertionError(f"no user {user} in the image")
