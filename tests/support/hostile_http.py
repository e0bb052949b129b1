"""Servers that speak HTTP in order to keep a client waiting or busy: scripts for whoever sends requests.

A script writes to the socket once a request's headers have come. Those in `DRIPS` send a byte often enough
for every timeout of a socket, and would go on for ten seconds: only a deadline ends them.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Script = Callable[[Any], None]

OK = b"HTTP/1.1 200 OK\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\n"


def drip(start: bytes, piece: bytes, times: int = 200, pause: float = 0.05) -> Script:
    """Send a piece after the other."""

    def script(out: Any) -> None:
        out.write(start)
        for _ in range(times):
            out.write(piece)
            out.flush()
            time.sleep(pause)

    return script


def at_once(data: bytes, times: int = 1) -> Script:
    """Send everything."""
    return drip(b"", data, times, 0)


DRIPS: dict[str, Script] = {
    "status-line": drip(b"HTTP/1.1 200 ", b"O"),
    "header": drip(OK + b"X: ", b"y"),
    "headers": drip(OK, b"X: y\r\n", 90, 0.1),
    "continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "continue-with-headers": drip(b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"),
    "body": drip(OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "body-without-length": drip(OK + b"\r\n", b" "),
    "chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "chunk-extension": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"y"),
    "trailers": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 90, 0.1),
    "404-header": drip(NOT_FOUND + b"X: ", b"y"),
    "404-body": drip(NOT_FOUND + b"Content-Length: 60000\r\n\r\n", b" "),
    "503-body": drip(b"HTTP/1.1 503 Busy\r\nContent-Length: 60000\r\n\r\n", b" "),
    "redirect-header": drip(b"HTTP/1.1 302 Found\r\nLocation: /", b"y"),
}
BURSTS: dict[str, Script] = {
    "nothing": at_once(b""),
    "no-http": at_once(b"SSH-2.0-x\r\n"),
    "thousands-of-headers": at_once(OK + b"X: y\r\n" * 5000 + b"\r\n"),
    "endless-header": at_once(OK + b"X: " + b"y" * 200_000),
    "endless-404": at_once(NOT_FOUND + b"\r\n" + b"x" * (1 << 20), 8),
    "bad-length": at_once(OK + b"Content-Length: -5\r\n\r\n{}"),
    "two-lengths": at_once(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}"),
    "bad-chunk": at_once(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "encoded": at_once(OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    "early-hints": at_once(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 20_000),
    "come-back-in-years": at_once(
        b"HTTP/1.1 503 Busy\r\nRetry-After: 100000000\r\nContent-Length: 0\r\n\r\n"
    ),
    "redirect-in-a-circle": at_once(
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    ),
    "redirect-to-a-file": at_once(
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
    ),
    "redirect-away": at_once(
        b"HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\n\r\n"
    ),
}
"""Scripts that end by themselves, with nothing that a client could use."""


@contextmanager
def serve(script: Script, *, waits_for_request: bool = True) -> Iterator[str]:
    """Answer every connection by a script; yields `127.0.0.1:PORT`."""
    stop = threading.Event()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            if waits_for_request:
                request = b""
                while b"\r\n\r\n" not in request:
                    part = connection.recv(65536)
                    if not part:
                        return
                    request += part
            with connection.makefile("wb") as out:
                script(out)

    def accept() -> None:
        while not stop.is_set():
            with suppress(OSError):
                connection, _ = server.accept()
                thread = threading.Thread(target=handle, args=(connection,), daemon=True)
                thread.start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()
            acceptor.join()
