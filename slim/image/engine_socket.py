"""Images of an engine whose command is not installed: its HTTP API, over the unix socket where it listens.

Two requests are made, both of which only read: whether there is an image, and the image as an archive.
Sources: Docker Engine API, "Inspect an image" and "Export an image", which Podman answers alike; docker(1),
podman-system-service(1) for the places. containerd speaks gRPC and is only asked by its command.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import quote

from slim.errors import InputError, SlimError

_PLACES = {
    "docker": ("/var/run/docker.sock", "/run/user/{uid}/docker.sock"),
    "podman": ("/run/user/{uid}/podman/podman.sock", "/run/podman/podman.sock"),
}
"""Where an engine listens, for all and for this user alone."""
_SCHEME = "unix://"
_SECONDS = 10.0
"""For an answer that is not an image."""
_PIECE = 1 << 18
_WORDS = 4096
"""Bytes of an engine's own words."""
_OK, _NOT_FOUND = 200, 404


def find_socket(engine: str, addresses: Mapping[str, str]) -> str:
    """The path of the engine's socket, at its address if there is one; empty where it does not listen."""
    places = [place.format(uid=os.getuid()) for place in _PLACES.get(engine, ())]
    if address := addresses.get(engine):
        places = [address.removeprefix(_SCHEME)] if address.startswith(_SCHEME) else []
    return next((place for place in places if _is_socket(place)), "")


def ask(path: str, name: str) -> str | None:
    """Why the engine at a socket cannot give an image: None if it can, empty if it has none of that name."""
    try:
        with closing(_Connection(path)) as connection, _get(connection, name, "json") as response:
            if response.status == _OK:
                return None
            return "" if response.status == _NOT_FOUND else _words(response)
    except (OSError, HTTPException) as error:
        return _reason(error)


@contextmanager
def streaming(engine: str, path: str, name: str) -> Iterator[int]:
    """The file descriptor of a pipe through which the engine's archive of an image comes.

    Raises:
        InputError: the engine does not answer, has no such image, or breaks off.
    """
    failures: list[str] = []
    with closing(_Connection(path)) as connection:
        try:
            response = _get(connection, name, "get")
        except (OSError, HTTPException) as error:
            raise _failed(engine, path, name, _reason(error)) from None
        if response.status != _OK:
            raise _failed(engine, path, name, _words(response))
        # The engine may need longer than an answer for what it has to pack first.
        connection.unix.settimeout(None)
        ours, theirs = os.pipe()
        pump = threading.Thread(target=_pump, args=(response, theirs, failures), daemon=True)
        pump.start()
        try:
            yield ours
            pump.join(_SECONDS)
            if failures:
                raise _failed(engine, path, name, failures[0])
        except SlimError as error:
            # What was read makes no sense: perhaps because the engine broke off.
            if failures and error.slug != "engine-failed":
                raise _failed(engine, path, name, failures[0]) from None
            raise
        finally:
            os.close(ours)
            with suppress(OSError):
                connection.unix.shutdown(socket.SHUT_RDWR)
            pump.join()


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path
        # `sock` is forgotten as soon as an answer is known to be the last.
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def connect(self) -> None:
        self.sock = self.unix
        self.unix.settimeout(_SECONDS)
        self.unix.connect(self._path)

    def close(self) -> None:
        super().close()
        self.unix.close()


def _get(connection: HTTPConnection, name: str, what: str) -> HTTPResponse:
    connection.request("GET", f"/images/{quote(name, safe='/:@')}/{what}")
    return connection.getresponse()


def _pump(response: HTTPResponse, theirs: int, failures: list[str]) -> None:
    """From the answer into the pipe, until one of them ends."""
    with open(theirs, "wb", buffering=0) as pipe:
        try:
            while piece := response.read(_PIECE):
                view = memoryview(piece)
                while view:
                    view = view[pipe.write(view) or 0 :]
            if response.length:
                failures.append(f"its archive ends {response.length:,} bytes early")
        except BrokenPipeError:
            return
        except (OSError, HTTPException, ValueError) as error:
            failures.append(_reason(error))


def _words(response: HTTPResponse) -> str:
    """What the engine says of its refusal: JSON with a message, or any text."""
    text = response.read(_WORDS).decode("utf-8", "replace")
    try:
        reason = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = text
    line = str(reason).strip().partition("\n")[0]
    return line[:300] or f"HTTP status {response.status}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_SECONDS:.0f} seconds"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, IncompleteRead):
        return "its archive breaks off"
    return "what it answers is not HTTP"


def _failed(engine: str, path: str, name: str, reason: str) -> InputError:
    return InputError(
        "engine-failed",
        f"{engine} could not save {name!r}: {reason}",
        f"it listens at {path}, and its command is not on PATH",
    )


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
