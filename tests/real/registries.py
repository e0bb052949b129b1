"""Debian's `docker-registry` on loopback: plain or with TLS, open or with passwords or tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from slim.image.registry.access import Access, Login
from tests.real.tools import run

USER, PASSWORD = "reader", "s3cr:t pass"


@dataclass(frozen=True)
class Registry:
    """A registry that answers at `host`."""

    host: str
    folder: Path
    tls: bool
    ca_file: str | None = None
    login: Login | None = None
    realm: str = ""

    def access(self, **more: Any) -> Access:
        """What it takes to read it."""
        plain_hosts = frozenset() if self.tls else frozenset({self.host})
        logins = {self.host: self.login} if self.login else {}
        trusted = frozenset({self.realm}) if self.realm else frozenset()
        given: dict[str, Any] = {
            "plain_http": plain_hosts,
            "ca_file": self.ca_file,
            "logins": logins,
            "trusted_realms": trusted,
        }
        return Access(**given | more)

    def sent(self) -> int:
        """Bytes of bodies that slim was sent so far, by the registry's own access log."""
        log = (self.folder / "access").read_text()
        return sum(int(size) for size in re.findall(r'" \d{3} (\d+) "[^"]*" "slim/', log))

    def push(self, source: str, name: str, *options: str) -> str:
        """Copy an image there with skopeo; returns its reference."""
        target = f"{self.host}/{name}"
        login = [f"--dest-creds={self.login.user}:{self.login.password}"] if self.login else []
        words = ["--quiet", "--insecure-policy", "--dest-tls-verify=false", *login, *options]
        # Else it takes other blobs of the same contents that it knows to be there.
        words.append("--preserve-digests")
        run("skopeo", "copy", *words, source, f"docker://{target}")
        return target


@contextmanager
def docker_registry(
    folder: Path, *, tls: bool = False, password: bool = False, token: bool = False
) -> Iterator[Registry]:
    """Start a registry that keeps its blobs in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    host = f"localhost:{_free_port()}"
    settings = ["version: 0.1", "log: {level: error}", "storage:"]
    settings += [f"  filesystem: {{rootdirectory: {folder / 'data'}}}"]
    settings += ["http:", f"  addr: {host}"]
    ca_file = None
    if tls or token:
        certificate, key = make_certificate(folder)
        ca_file = str(certificate)
    if tls:
        settings += [f"  tls: {{certificate: {certificate}, key: {key}}}"]
    login = Login(USER, PASSWORD) if password or token else None
    if password:
        users = folder / "htpasswd"
        users.write_text(run("htpasswd", "-Bbn", USER, PASSWORD) + "\n")
        settings += ["auth:", f"  htpasswd: {{realm: test, path: {users}}}"]
    realm = ""
    with token_server(folder) if token else _nothing() as server:
        if server is not None:
            realm = server.host
            settings += ["auth:", "  token:", f"    realm: https://{realm}/token"]
            settings += ["    service: test", "    issuer: tests"]
            settings += [f"    rootcertbundle: {certificate}"]
        config = folder / "config.yml"
        config.write_text("\n".join(settings) + "\n")
        with (folder / "log").open("wb") as log, (folder / "access").open("wb") as access:
            process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdout=access, stderr=log
            )
        try:
            _wait_for(host, process, folder / "log")
            yield Registry(host, folder, tls, ca_file, login, realm)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            socket.create_connection(("localhost", int(host.partition(":")[2])), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the registry does not start")


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate for `name` that is signed by itself, and its key."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    if not certificate.exists():
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        names = f"subjectAltName=DNS:{name}" + (",IP:127.0.0.1" if name == "localhost" else "")
        words += ["-subj", f"/CN={name}", "-addext", names]
        run(*words, "-keyout", key, "-out", certificate)
    return certificate, key


@dataclass
class TokenServer:
    """What a token server was asked."""

    host: str
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(scope, user) of each request."""


@contextmanager
def token_server(folder: Path) -> Iterator[TokenServer]:
    """Tokens for whoever knows the password, signed as the registry wants them."""
    certificate, key = make_certificate(folder)
    server = TokenServer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            scope = query.get("scope", [""])[0]
            text = base64.b64decode(self.headers.get("Authorization", "Basic ")[6:]).decode()
            server.requests.append((scope, text.partition(":")[0]))
            if text and text != f"{USER}:{PASSWORD}":
                self.send_error(401)
                return
            token = _signed(scope if text else "", query["service"][0], certificate, key)
            body = json.dumps({"token": token, "expires_in": 300}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("localhost", 0), Handler) as http:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        http.socket = context.wrap_socket(http.socket, server_side=True)
        server.host = f"localhost:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def _signed(scope: str, service: str, certificate: Path, key: Path) -> str:
    """A JWT that grants a scope (distribution's token specification), signed by openssl."""
    access = []
    if scope:
        kind, name, actions = scope.split(":")
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    now = int(time.time())
    chain = "".join(certificate.read_text().strip().splitlines()[1:-1])
    head = {"typ": "JWT", "alg": "RS256", "x5c": [chain]}
    claims = {"iss": "tests", "sub": USER, "aud": service, "nbf": now - 9, "exp": now + 300}
    body = {**claims, "iat": now, "jti": secrets.token_hex(8), "access": access}
    text = b".".join(_base64(json.dumps(part).encode()) for part in (head, body))
    words = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    signature = subprocess.run(words, input=text, check=True, capture_output=True).stdout
    assert len(hashlib.sha256(text).digest()) == 32
    return (text + b"." + _base64(signature)).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
