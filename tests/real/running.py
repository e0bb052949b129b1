"""Start an image's program in a chroot and ask it over HTTP: the proof that an image still works."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.tools import TAG, Store, run

_DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}
_PATIENCE = 60.0


def unpack(layout: Path, folder: Path) -> Path:
    """Unpack an image with umoci."""
    run("umoci", "raw", "unpack", "--image", f"{layout}:{TAG}", folder)
    return folder


def settings(layout: Path) -> dict[str, Any]:
    """The `config` of an image's configuration."""
    about = json.loads(run("skopeo", "inspect", "--config", f"oci:{layout}:{TAG}"))
    found: dict[str, Any] = about["config"]
    return found


@contextmanager
def mounted(store: Store, name: str) -> Iterator[Path]:
    """The root of a container of an image, to change and to throw away."""
    container = store.buildah("from", "--pull=never", name)
    try:
        yield Path(store.buildah("mount", container))
    finally:
        store.buildah("rm", container)


@contextmanager
def started(root: Path, config: dict[str, Any]) -> Iterator[str]:
    """Run what the configuration says in an unpacked image; gives the address of its server."""
    _devices(root)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = dict(entry.split("=", 1) for entry in config["Env"])
    variables |= {"PORT": str(port), "RELEASE_DISTRIBUTION": "none"}
    words = config["Cmd"]
    user = _user(root, str(config.get("User", "")))
    where = str(config.get("WorkingDir") or "/")
    with _processes(root), tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            ["chroot", f"--userspec={user}", root, *_program(root, where, words, variables)],
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield _wait(f"http://127.0.0.1:{port}", process, Path(log.name))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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
            output = log.read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"the program ended: {output}"
            assert time.monotonic() < until, f"the program does not answer: {output}"
            time.sleep(0.1)


def _program(root: Path, where: str, words: list[str], variables: dict[str, str]) -> list[str]:
    """The command in its directory: through the image's shell, or as it is where it has none."""
    if (root / "bin/sh").exists():
        return ["/bin/sh", "-c", 'cd "$0" && exec "$@"', where, *words]
    assert words[0].startswith("/"), f"no shell to find {words[0]} with ({variables.get('PATH')})"
    return words


@contextmanager
def _processes(root: Path) -> Iterator[None]:
    """Another thing that every engine gives: Java finds its libraries by /proc."""
    (root / "proc").mkdir(exist_ok=True)
    run("mount", "--bind", "/proc", root / "proc")
    try:
        yield
    finally:
        run("umount", "--lazy", root / "proc")


def _devices(root: Path) -> None:
    """What every engine gives a container."""
    (root / "dev").mkdir(exist_ok=True)
    for name, numbers in _DEVICES.items():
        path = root / "dev" / name
        path.unlink(missing_ok=True)
        os.mknod(path, 0o666 | 0o020000, os.makedev(*numbers))
        path.chmod(0o666)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)


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
