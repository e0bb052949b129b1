"""Becomes the program of an image, in namespaces that `unshare` has just made.

Run as a script, it has the image's root, user, directory, variables and command as JSON in its only
argument, gives the root the devices and the /proc that every container engine gives, and executes
the command as process 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def _mount(kind: str, place: Path) -> None:
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", kind, kind, str(place)], check=True)


def main(about: str) -> None:
    """Execute the command; never returns."""
    start = json.loads(about)
    root = Path(start["root"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    _mount("proc", root / "proc")
    _mount("tmpfs", root / "dev")
    for name, numbers in _DEVICES.items():
        os.mknod(root / "dev" / name, 0o020666, os.makedev(*numbers))
        (root / "dev" / name).chmod(0o666)
    for name, target in _LINKS.items():
        (root / "dev" / name).symlink_to(target)
    _mount("tmpfs", root / "dev/shm")
    os.chroot(root)
    Path("/tmp").mkdir(exist_ok=True)  # noqa: S108
    Path("/tmp").chmod(0o1777)  # noqa: S108
    os.chdir(start["directory"])
    os.setgroups(start["groups"])
    os.setgid(start["group"])
    os.setuid(start["user"])
    os.environ["PATH"] = start["env"]["PATH"]
    os.execvpe(start["command"][0], start["command"], start["env"])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1])
