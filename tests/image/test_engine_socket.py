"""Images of engines whose command is not installed, from a server at a unix socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

import slim
from slim.image.engine_socket import find_socket
from slim.image.registry.access import Access, engine_sockets
from tests.support.building import image, layer, save
from tests.support.commands import run
from tests.support.pipes import alike

Answer = Callable[[BaseHTTPRequestHandler], None]


class Engine(BaseHTTPRequestHandler):
    """Has one image, `team/app:1`; `send` decides how it is transferred."""

    protocol_version = "HTTP/1.1"
    saved = b""
    send: Answer
    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        if self.path == "/images/team/app:1/json":
            self.reply(200, b"{}")
        elif self.path == "/images/team/app:1/get":
            type(self).send(self)
        else:
            self.reply(404, json.dumps({"message": "No such image: \x1b[31mx"}).encode())

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may go away."""


@contextmanager
def serve(path: Path, saved: bytes, send: Answer) -> Iterator[list[str]]:
    """An engine at this socket; the value is what it has been asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    requests: list[str] = []
    kind = type(
        "Known", (Engine,), {"saved": saved, "send": staticmethod(send), "requests": requests}
    )
    with Server(str(path), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield requests
        server.shutdown()
        thread.join()


def chunked(engine: BaseHTTPRequestHandler, *, cut: int = 0) -> None:
    """As docker sends it; with `cut` the connection ends after so many bytes."""
    assert isinstance(engine, Engine)
    engine.send_response(200)
    engine.send_header("Transfer-Encoding", "chunked")
    engine.end_headers()
    saved = engine.saved[: cut or None]
    for at in range(0, len(saved), 5_000):
        piece = saved[at : at + 5_000]
        engine.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    if not cut:
        engine.wfile.write(b"0\r\n\r\n")
    engine.close_connection = True


def with_length(engine: BaseHTTPRequestHandler, *, more: int = 0) -> None:
    """With the number of bytes in front; with `more` it promises too many."""
    assert isinstance(engine, Engine)
    engine.send_response(200)
    engine.send_header("Content-Length", str(len(engine.saved) + more))
    engine.end_headers()
    engine.wfile.write(engine.saved)
    engine.close_connection = True


def until_it_closes(engine: BaseHTTPRequestHandler) -> None:
    assert isinstance(engine, Engine)
    engine.send_response(200)
    engine.send_header("Connection", "close")
    engine.end_headers()
    engine.wfile.write(engine.saved)
    engine.close_connection = True


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is saved of the image; no engine's command is on PATH, and none listens."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.setenv(name, f"unix://{tmp_path}/none.sock")
    built = image(layer({"etc/a": b"a" * 20_000}), layer({"etc/b": b"b"}))
    return save(built, tmp_path / "saved.tar", "docker")


def at(path: Path) -> Access:
    """docker listens there."""
    return Access(sockets={"docker": f"unix://{path}"})


@pytest.mark.parametrize("send", [chunked, with_length, until_it_closes])
def test_the_image_of_a_socket_is_that_of_the_file(
    send: Answer, saved: Path, tmp_path: Path
) -> None:
    path = tmp_path / "engine.sock"
    with serve(path, saved.read_bytes(), send) as requests:
        alike(slim.analyze(saved), slim.analyze("docker:team/app:1", registry=at(path)))
        assert requests == ["/images/team/app:1/get"]


def test_a_bare_name_is_looked_for_at_sockets_too(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "podman.sock"
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{path}")
    with serve(path, saved.read_bytes(), chunked) as requests:
        assert run("analyze", "team/app:1", "-o", "json") == 0
        assert "team/app:1 is an image of podman" in capsys.readouterr().err
        assert requests == ["/images/team/app:1/json", "/images/team/app:1/get"]
        assert run("analyze", "team/none:1") == 3
    err = capsys.readouterr().err
    assert "podman: has no such image" in err
    assert "not on PATH: docker, ctr, buildah" in err


@pytest.mark.parametrize(
    ("send", "says"),
    [
        (lambda engine: chunked(engine, cut=9_000), "breaks off"),
        (lambda engine: with_length(engine, more=7), "7 bytes early"),
        (lambda engine: engine.reply(500, b'{"message": "disk on fire\\nx"}'), "disk on fire"),
        (lambda engine: engine.reply(418, b""), "HTTP status 418"),
        (lambda engine: engine.wfile.write(b"HELLO\r\n\r\n") and None, "not HTTP"),
    ],
    ids=["breaks-off", "promises-more", "refuses", "says-nothing", "no-http"],
)
def test_an_engine_that_fails(send: Answer, says: str, saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with serve(path, saved.read_bytes(), send), pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:team/app:1", registry=at(path))
    assert (caught.value.slug, caught.value.exit_code) == ("engine-failed", 3)
    assert says in caught.value.message
    assert str(path) in str(caught.value.hint)


def test_what_is_no_image_ends_at_once(saved: Path, tmp_path: Path) -> None:
    """The engine would go on for longer than a pipe takes."""
    path = tmp_path / "engine.sock"
    with serve(path, b"no tar " * 1_000_000, chunked), pytest.raises(slim.SlimError) as caught:
        slim.analyze("docker:team/app:1", registry=at(path))
    assert caught.value.exit_code == 3


def test_where_engines_listen(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with serve(path, b"", chunked):
        assert find_socket("docker", {"docker": f"unix://{path}"}) == str(path)
        assert find_socket("docker", {"docker": "tcp://127.0.0.1:2375"}) == ""
        assert find_socket("podman", {"podman": f"unix://{saved}"}) == "", "a file is no socket"
        assert find_socket("buildah", {}) == ""
    assert engine_sockets({"DOCKER_HOST": "unix:///d", "CONTAINER_HOST": ""}) == {
        "docker": "unix:///d"
    }
