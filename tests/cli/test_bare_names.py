"""`slim analyze app:1`: engines of this machine come first, and no registry hears of the name."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import slim
from slim.image.ref import ImageRef
from slim.image.source import open_image
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.commands import run

ROOT = Path(slim.__path__[0]).parent
SLIM = (sys.executable, "-m", "slim")
Engine = Callable[[str, str], None]
ABSENT = {
    "docker": "echo 'Error response from daemon: No such image: app:1' >&2; exit 1",
    "podman": "exit 1",
    "ctr": "exit 0",
    "buildah": "echo 'Error: app:1: image not known' >&2; exit 125",
}
FOUND = {
    "docker": 'case "$1" in image) echo sha256:1 ;; save) exec /bin/cat "$APP" ;; esac',
    "podman": 'case "$1" in image) exit 0 ;; save) exec /bin/cat "$APP" ;; esac',
    "ctr": """case "$*" in
        *'list --quiet name=="'*'/library/app:1"') echo app ;; *list*) ;; *) exec /bin/cat "$APP" ;; esac""",
    "buildah": 'case "$1" in inspect) echo 1 ;; push) exec /bin/cat "$APP" ;; esac',
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Puts the command of an engine on PATH, where nothing else is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.setenv(name, f"unix://{folder}/none.sock")
    monkeypatch.setenv("APP", str(tmp_path / "saved.tar"))
    save(image(layer({"etc/a": b"a" * 1000}), layer({"etc/b": b"b"})), tmp_path / "saved.tar")
    save(image(layer({"etc/a": b"a" * 1000})), tmp_path / "base.tar")
    monkeypatch.chdir(folder)

    def install(command: str, script: str) -> None:
        (folder / command).write_text(f"#!/bin/sh\n{script}\n")
        (folder / command).chmod(0o755)

    return install


@pytest.fixture
def proxy() -> Iterator[socket.socket]:
    """Where every request to a registry arrives: nothing may."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def was_called(server: socket.socket, seconds: float = 0) -> bool:
    return bool(select.select([server], [], [], seconds)[0])


@pytest.mark.parametrize("command", FOUND)
def test_the_engine_that_has_it_answers(
    command: str, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for other, script in FOUND.items():
        engine(other, script if other == command else ABSENT[other])
    assert run("analyze", "app:1", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["totals"]["layers"] == 2
    name = {"ctr": "containerd"}.get(command, command)
    assert f"slim: app:1 is an image of {name}: reading {name}:" in err


def test_the_first_of_several_engines_is_taken(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, script in FOUND.items():
        engine(command, script)
    assert run("analyze", "app:1", "-o", "json") == 0
    assert "is an image of docker" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["app:1", "app", "team/app:1", f"app@sha256:{'a' * 64}"])
@pytest.mark.parametrize("how", ["analyze", "against", "compare", "base", "explain"])
def test_no_registry_hears_of_a_name_that_no_engine_has(
    name: str, how: str, engine: Engine, proxy: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, script in ABSENT.items():
        engine(command, script)
    words = {
        "analyze": ("analyze", name),
        "against": ("analyze", "../saved.tar", "--against", name),
        "compare": ("compare", "../base.tar", name),
        "base": ("analyze", "../saved.tar", "--base", name),
        "explain": ("explain", "deb/apt-lists", name),
    }[how]
    assert run(*words, "--proxy", address(proxy)) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{name!r} is not a file, and no container engine on this machine has" in err
    assert "docker: has no such image" in err
    assert "--remote" in err
    assert not was_called(proxy)


@LONG
def test_with_remote_a_registry_is_asked_after_the_engines(
    engine: Engine, proxy: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    engine("docker", ABSENT["docker"])
    with subprocess.Popen(
        [*SLIM, "analyze", "app:1", "--remote", "--proxy", address(proxy)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stderr is not None
        assert "slim: app:1 is in no container engine here: reading " in process.stderr.readline()
        assert was_called(proxy, 30)
        process.kill()
    engine("docker", FOUND["docker"])
    assert run("analyze", "app:1", "--remote", "-o", "json") == 0
    assert "is an image of docker" in capsys.readouterr().err


def test_an_engine_that_fails_is_not_one_that_lacks_the_image(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    engine("podman", FOUND["podman"])
    assert run("analyze", "app:1", "-o", "json") == 0
    assert "is an image of podman" in capsys.readouterr().err
    engine("podman", ABSENT["podman"])
    assert run("analyze", "app:1") == 3
    err = capsys.readouterr().err
    assert "docker: failed: Cannot connect to the Docker daemon" in err
    assert "podman: has no such image" in err
    assert "not on PATH: ctr, buildah" in err


def test_only_a_registry_has_manifests_alone(
    engine: Engine, proxy: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    engine("docker", FOUND["docker"])
    assert run("analyze", "app:1", "--manifest-only", "--proxy", address(proxy)) == 3
    assert "--remote" in capsys.readouterr().err
    assert not was_called(proxy)


def test_the_base_image_of_an_engine(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine("docker", FOUND["docker"].replace("$APP", "../base.tar"))
    for name in ("debian:13", "docker:debian:13"):
        assert run("analyze", "../saved.tar", "--base", name, "-o", "json") == 0
        assert json.loads(capsys.readouterr().out)["image"]["base"]["layers"] == 1


def test_the_library_asks_engines_and_no_registry(engine: Engine) -> None:
    engine("docker", FOUND["docker"])
    assert slim.analyze("app:1").totals.layers == 2
    engine("docker", ABSENT["docker"])
    with pytest.raises(slim.SlimError) as refused:
        slim.analyze("app:1")
    assert (refused.value.slug, refused.value.exit_code) == ("not-local", 3)
    with pytest.raises(slim.SlimError) as refused, open_image(ImageRef("app:1")):
        pass
    assert refused.value.slug == "not-local"


@LONG
@pytest.mark.parametrize("answer", [b"y\n", b"n\n", b"\x04"], ids=["yes", "no", "end"])
def test_somebody_at_a_terminal_is_asked(
    answer: bytes, engine: Engine, proxy: socket.socket
) -> None:
    engine("docker", ABSENT["docker"])
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*SLIM, "analyze", "app:1", "--proxy", address(proxy)],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    ) as process:
        os.close(theirs)
        question = b""
        while b"[y/N]" not in question:
            question += os.read(ours, 1000)
        os.write(ours, answer)
        if answer == b"y\n":
            assert was_called(proxy, 30)
            process.kill()
        else:
            assert process.wait(30) == 3
            assert not was_called(proxy)
    os.close(ours)
    assert b"No container engine here has app:1." in question
