"""Starts an image as an engine would, in a network of its own, and asks what its project says.

The network is a namespace with nothing but a loopback interface, so that fixed ports never collide
and nothing outside is reached; the process namespace ends all that was started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.real.factory import launch
from tests.real.factory.project import Project, Question

_PATIENCE = 60
"""Seconds within which a server has to answer, and a program to end."""

_ASK = """
import sys, time, urllib.error, urllib.request
port, path, method, body, until = sys.argv[1:6]
until = time.monotonic() + float(until)
while True:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body.encode() or None, method=method,
        headers={"Content-Type": "application/json"})
    try:
        print(urllib.request.urlopen(request, timeout=20).read().decode(errors="replace"))
        break
    except urllib.error.HTTPError as error:
        if error.code in (502, 503, 504) and time.monotonic() < until:
            time.sleep(0.3)
            continue
        print(f"HTTP {error.code}: {error.read()[:1500].decode(errors='replace')}")
        break
    except OSError as error:
        if time.monotonic() > until:
            print(f"no answer: {error}")
            break
        time.sleep(0.2)
"""


def smoke(root: Path, config: dict[str, Any], project: Project) -> str | None:
    """Start what the configuration of an image says in its root.

    Returns None if every answer is right, else what is wrong and the last lines of the log.
    """
    with tempfile.NamedTemporaryFile(prefix="smoke-") as log:
        os.chmod(log.name, 0o666)  # noqa: S103  # others may open /dev/stdout
        process = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL",
             sys.executable, launch.__file__, json.dumps(_start(root, config, project.env))],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            wrong = _wrong(process, project, Path(log.name))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if wrong is None:
            return None
        said = Path(log.name).read_text(errors="replace").strip()[-1500:]
        return f"{wrong}\n{said}"


def _wrong(process: subprocess.Popen[bytes], project: Project, log: Path) -> str | None:
    if project.port is None:
        try:
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return "the program does not end"
        said = log.read_text(errors="replace")
        missing = [text for text in project.output if text not in said]
        if code:
            return f"exit code {code}"
        return f"not printed: {missing}" if missing else None
    with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
        while process.poll() is None and _network(process.pid) == _network("self"):
            time.sleep(0.01)  # unshare has not made the namespace yet
    for question in project.questions:
        said = _ask(process, project, question)
        if question.expect not in said:
            return f"{question.path}: {question.expect!r} is not in {said[-700:]!r}"
    return None


def _network(process: int | str) -> str:
    return os.readlink(f"/proc/{process}/ns/net")


def _ask(process: subprocess.Popen[bytes], project: Project, question: Question) -> str:
    """What the server answers, or that it ended."""
    asking = subprocess.Popen(
        ["nsenter", "--net", "--target", str(process.pid), sys.executable, "-c", _ASK,
         str(project.port), question.path, question.method, question.body, str(_PATIENCE)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return asking.communicate(timeout=1)[0].strip()
        if process.poll() is not None:
            asking.kill()
            asking.communicate()
            return "the program ended"


def _start(root: Path, config: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
    """What `launch` needs to know."""
    name, _, group_name = str(config.get("User") or "0").partition(":")
    user, group, home = _entry(root / "etc/passwd", name)
    if group_name:
        group = _entry(root / "etc/group", group_name)[0]
    variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    variables |= {"HOME": home}
    variables |= dict(one.split("=", 1) for one in config.get("Env") or ())
    return {
        "root": str(root),
        "user": user,
        "group": group,
        "groups": _groups(root / "etc/group", name, group),
        "directory": config.get("WorkingDir") or "/",
        "env": variables | env,
        "command": [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())],
    }


def _lines(path: Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text().splitlines()] if path.exists() else []


def _entry(path: Path, name: str) -> tuple[int, int, str]:
    """(user, group, home) of a name or number; of /etc/group the first only."""
    for fields in _lines(path):
        if name in (fields[0], fields[2]):
            if len(fields) < 6:
                return int(fields[2]), int(fields[2]), "/"
            return int(fields[2]), int(fields[3]), fields[5]
    return int(name), 0, "/"


def _groups(path: Path, name: str, group: int) -> list[int]:
    also = [int(fields[2]) for fields in _lines(path) if name in fields[3].split(",")]
    return [group, *also]
