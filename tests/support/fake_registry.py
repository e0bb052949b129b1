"""A registry that lies: on loopback, one image, and a script that says what it does instead.

A script sees each request before the registry does, and answers it or lets it pass. Everything that was
asked and every byte of a body that was sent is on record; any verb but GET and HEAD is a failure.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slim.image.registry.access import Access, Login
from tests.support.building import Image, oci_members

LOGIN = Login("reader", "hunter2-secret")


@dataclass
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """What `Content-Length` says, where it lies; -1 for none."""
    raw: Callable[[Any], None] | None = None
    """Writes to the socket by itself."""


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def login(self) -> str:
        """The credentials that came with it."""
        return self.headers.get("Authorization", "")


Script = Callable[["Fake", Request], "Answer | None"]


@dataclass
class Fake:
    """A registry at `host` with the image `app:1`."""

    host: str = ""
    manifest: bytes = b""
    blobs: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    """Manifests and indexes by tag or digest."""
    script: Script | None = None
    log: list[Request] = field(default_factory=list)
    sent: int = 0
    """Bytes of bodies."""
    fail: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """How the image is called."""
        return f"{self.host}/team/app:1"

    def access(self, **more: Any) -> Access:
        """What it takes to read it."""
        given: dict[str, Any] = {"plain_http": frozenset({self.host}), "timeout": 20.0}
        return Access(**given | more)

    def paths(self, part: str) -> list[Request]:
        """The requests for paths with `part` in them."""
        return [request for request in self.log if part in request.path]

    def layer_digest(self, index: int = 0) -> str:
        """Digest of a layer."""
        digest: str = json.loads(self.manifest)["layers"][index]["digest"]
        return digest

    def answer(self, request: Request) -> Answer:
        """What an honest registry answers."""
        kind, _, name = request.path.partition("/v2/team/app/")[2].partition("/")
        if kind == "manifests" and name in self.documents:
            data = self.documents[name]
            return Answer(200, data, {"Content-Type": json.loads(data)["mediaType"]})
        if kind == "blobs" and name in self.blobs:
            data = self.blobs[name]
            expected = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
            if expected:
                first, last = int(expected[1]), int(expected[2])
                span = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
                return Answer(206, data[first : last + 1], span)
            return Answer(200, data)
        return Answer(404, b'{"errors":[{"code":"UNKNOWN","message":"not here"}]}')


@contextmanager
def serve(served: Image | None = None, script: Script | None = None) -> Iterator[Fake]:
    """Serve an image (or nothing) as `script` says."""
    fake = Fake(script=script)
    if served is not None:
        members = oci_members(served)
        fake.blobs = {
            f"sha256:{name.rpartition('/')[2]}": data
            for name, data in members.items()
            if name.startswith("blobs/")
        }
        top = json.loads(members["index.json"])["manifests"][0]["digest"]
        fake.manifest = fake.blobs.pop(top)
        fake.documents = {"1": fake.manifest, top: fake.manifest}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def _serve(self) -> None:
            request = Request(self.command, self.path, dict(self.headers.items()))
            fake.log.append(request)
            if self.command not in ("GET", "HEAD"):
                fake.fail.append(self.command)
            answer = fake.script(fake, request) if fake.script else None
            answer = answer or fake.answer(request)
            with suppress(OSError):
                self._send(answer)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def _send(self, answer: Answer) -> None:
            if answer.raw is not None:
                self.close_connection = True
                answer.raw(self.wfile)
                return
            length = len(answer.body) if answer.length is None else answer.length
            self.send_response(answer.status)
            if length >= 0:
                self.send_header("Content-Length", str(length))
            if length != len(answer.body):
                self.send_header("Connection", "close")
                self.close_connection = True
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
                fake.sent += len(answer.body)

        def log_message(self, *words: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as http:
        fake.host = f"localhost:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            http.shutdown()
            thread.join()
    assert fake.fail == [], "slim only reads"
