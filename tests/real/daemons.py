"""docker, and the containerd that it starts: one dockerd, without a network, all files in one folder."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.tools import need


@contextmanager
def daemons(folder: Path, driver: str) -> Iterator[None]:
    """Both run, empty at first, and their commands find them; `driver` is that of docker's storage."""
    need("dockerd", "docker", "containerd", "ctr")
    address = f"unix://{folder}/docker.sock"
    with pytest.MonkeyPatch.context() as patch, (folder / "log").open("wb") as log:
        patch.setenv("DOCKER_HOST", address)
        patch.setenv("CONTAINERD_ADDRESS", f"{folder}/exec/containerd/containerd.sock")
        daemon = subprocess.Popen(
            [
                *("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none"),
                *(f"--storage-driver={driver}", f"--data-root={folder}/data"),
                *(f"--exec-root={folder}/exec", f"--pidfile={folder}/pid", f"--host={address}"),
            ],
            stdout=log,
            stderr=log,
        )
        try:
            for command in (("docker", "version"), ("ctr", "version")):
                _wait_for(daemon, command, folder / "log")
            yield
        finally:
            daemon.terminate()
            daemon.wait(60)


def _wait_for(daemon: subprocess.Popen[bytes], command: tuple[str, ...], log: Path) -> None:
    until = time.monotonic() + 120
    while subprocess.run(command, capture_output=True, check=False, env=os.environ).returncode:
        alive = daemon.poll() is None and time.monotonic() < until
        assert alive, f"dockerd does not start: {log.read_text()[-3000:]}"
        time.sleep(0.1)
