"""A slim.toml that is found may have come with a checkout of strangers: what it may not name."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slim.__main__ import main as program
from tests.support.building import image, layer, save


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an image; beside it is what must stay as it is."""
    for name in [name for name in os.environ if name.startswith("SLIM_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".bashrc").write_text("# mine\n")
    (folder / "outside").symlink_to("../elsewhere")
    (folder / "rc").symlink_to(tmp_path / ".bashrc")
    (folder / "inside").mkdir()
    (folder / "link").symlink_to("inside")
    save(image(layer({"app/a": b"x"})), folder / "image.tar")
    save(image(layer({"app/a": b"x"})), tmp_path / "elsewhere" / "base.tar")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Listens, and would have a connection waiting if somebody had called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def main(call: list[str]) -> int:
    """The exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["slim", *call])
        with pytest.raises(SystemExit) as stop:
            program()
    return int(stop.value.code or 0)


def run(*call: str) -> int:
    return main(["analyze", "image.tar", *call])


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "slim.toml"
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('output = ["text=+{}/.bashrc", "csv=../elsewhere/x"]', "'text=+{}/.bashrc' is not below"),
        ('output = "csv=../elsewhere"', "'csv=../elsewhere' is not below"),
        ('output = "csv={}/checkout/x.csv"', "is not below"),
        ('output = "json=outside/x.json"', "'json=outside/x.json' is not below"),
        ('output = "json=link/../outside/x.json"', "'json=outside/x.json' is not below"),
        ('output = "text=+rc"', "'text=+rc' is not below"),
        ('output = "json=/dev/fd/1"', "is not below"),
        ('output = "csv=.git/config"', "is not below"),
        ('output = "csv=inside/.GIT/hooks/x"', "is not below"),
        ('output = "csv={{}}/x.csv"', "is not below"),
        ('[image.api]\noutput = "csv=../x"', "[image.api] output: 'csv=../x'"),
        ('base = "{}/elsewhere/base.tar"', "is not below"),
        ('base = "../elsewhere/base.tar"', "is not below"),
        ('base = "outside/base.tar"', "is not below"),
        ('base = "docker-archive:outside/base.tar"', "is not below"),
        ('base = "debian:13-slim"', "is an image of an engine or in a registry"),
        ('base = "registry:debian"', "in a registry"),
        ('base = "registry:2"', "may be an image in a registry"),
        ('base = "podman:app:1"', "is an image of an engine"),
        ('base = "docker:app:1"', "is an image of an engine"),
        ('dockerfile = "../Dockerfile"', "dockerfile: '../Dockerfile' is not below"),
        ('[rules]\npacks = ["inside", "{}/rules"]', "packs: '{}/rules' is not below"),
    ],
)
def test_what_a_found_file_may_not_name(
    text: str, fault: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "slim.toml").write_text(text.format(checkout.parent))
    before = everything(checkout.parent)
    assert run("--key", "api") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "[untrusted-config]" in err
    assert fault.format(checkout.parent) in err
    assert err.splitlines()[-1].endswith("--trust-config; --no-config goes without")
    assert everything(checkout.parent) == before


def test_a_found_file_reaches_no_registry(
    checkout: Path, server: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "slim.toml").write_text(f'base = "127.0.0.1:{server.getsockname()[1]}/x:1"\n')
    for call in (["analyze", "image.tar"], ["explain", "VCS001", "image.tar"], ["config"]):
        assert main(call) == 2
        assert "is an image in a registry" in capsys.readouterr().err
    with pytest.raises(BlockingIOError):
        server.accept()
    # It does so for a file that is named, or the test could not fail.
    call = [sys.executable, "-m", "slim", "analyze", "image.tar", "--config", "slim.toml"]
    server.settimeout(60)
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            server.accept()[0].close()
        finally:
            running.kill()


def test_what_a_found_file_may_name(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(image(layer({"app/a": b"x"})), checkout / "inside" / "base.tar")
    (checkout / "slim.toml").write_text(
        'base = "link/base.tar"\noutput = ["text", "json=link/{}.json", "csv=+inside/x.csv"]\n'
    )
    assert run() == 0
    assert capsys.readouterr().out
    assert (checkout / "inside" / "image.json").exists()
    assert (checkout / "inside" / "x.csv").exists()


def test_below_its_own_folder_not_below_the_working_directory(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "slim.toml").write_text('output = "json=x.json"\n')
    monkeypatch.chdir(checkout / "inside")
    assert main(["analyze", "../image.tar"]) == 0
    assert (checkout / "x.json").exists()
    (checkout / "inside" / "slim.toml").write_text('output = "json=../y.json"\n')
    assert main(["analyze", "../image.tar"]) == 2
    assert not (checkout / "y.json").exists()


@pytest.mark.parametrize("trust", [["--config", "slim.toml"], ["--trust-config"], ["variable"]])
def test_a_trusted_file_may_name_anything(
    trust: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "slim.toml").write_text(
        'base = "../elsewhere/base.tar"\noutput = "json=../elsewhere/x.json"\n'
    )
    assert run("--no-config") == 0
    assert not (checkout.parent / "elsewhere" / "x.json").exists()
    if trust == ["variable"]:
        monkeypatch.setenv("SLIM_TRUST_CONFIG", "1")
        trust = []
    assert run(*trust) == 0
    assert (checkout.parent / "elsewhere" / "x.json").exists()
