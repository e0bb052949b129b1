"""Who the user is at a registry: from the files that docker and podman keep, or one program they name.

Sources: containers-auth.json(5) (a key may go on with a repository: the longest that fits counts), docker's
`config.json`. Keys are compared exactly; nothing is sent anywhere here. Programs are run only for the
host that the user gave one for, by docker's credential helper protocol.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import stat
import subprocess
from contextlib import suppress
from threading import Timer
from typing import IO, Any, cast

from slim.errors import InputError, NetworkError, UsageError
from slim.image.documents import parse
from slim.image.reference import HUB, Reference
from slim.image.registry.access import Access, Login
from slim.limits import DEFAULT_LIMITS
from slim.patterns import regex

_FILE_BYTES = 1 << 20
_HELPER_NAME = regex(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HELPER_SECONDS = 10
_HELPER_BYTES = 64 << 10
_HUB_KEY = "https://index.docker.io/v1/"
"""Under which docker keeps what it knows for Docker Hub."""


def find_login(access: Access, reference: Reference) -> Login | None:
    """User and password for an image's registry; None where the user has named none.

    Raises:
        UsageError: a file or helper that the user named cannot be used.
        NetworkError: the helper failed.
    """
    if login := access.logins.get(reference.host):
        return login
    if name := access.helpers.get(reference.host):
        return _ask(name, _HUB_KEY if reference.host == HUB else reference.host)
    for path in access.auth_files:
        if login := _in_file(path, reference):
            return login
    return None


def _in_file(path: str | os.PathLike[str], reference: Reference) -> Login | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be read") from None
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _unusable(path, "it is not a regular file")
        data = file.read(_FILE_BYTES + 1)
    if len(data) > _FILE_BYTES:
        raise _unusable(path, f"it has more than {_FILE_BYTES:,} bytes")
    try:
        document = parse(data, os.fspath(path), DEFAULT_LIMITS)
    except InputError as error:
        # The parser's message quotes what it does not understand.
        raise _unusable(path, "it is not valid JSON") from error
    auths = document.get("auths") if isinstance(document, dict) else None
    if not isinstance(auths, dict):
        return None
    for key in _keys(reference):
        entry = auths.get(key)
        if isinstance(entry, dict) and (login := _login(entry)):
            return login
    return None


def _keys(reference: Reference) -> list[str]:
    """Keys under which credentials for an image may stand, the most special first."""
    host, parts = reference.host, reference.repository.split("/")
    keys = ["/".join([host, *parts[:count]]) for count in range(len(parts), 0, -1)]
    keys.append(host)
    if host == HUB:
        return [*keys, _HUB_KEY, "index.docker.io"]
    return [*keys, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/"]


def _login(entry: dict[str, Any]) -> Login | None:
    text = entry.get("auth")
    if not isinstance(text, str) or not text:
        return None
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    password = password.rstrip("\0")
    return Login(user, password) if colon and user and password else None


def _ask(name: str, server: str) -> Login | None:
    """Run one credential helper: the server goes to its stdin, JSON comes back."""
    if not _HELPER_NAME.fullmatch(name):
        raise UsageError(
            "bad-helper",
            f"{name[:80]!r} is not the name of a credential helper",
            "such as: pass, ecr-login",
        )
    folders = [folder for folder in os.get_exec_path() if os.path.isabs(folder)]
    program = shutil.which(f"docker-credential-{name}", path=os.pathsep.join(folders))
    if program is None:
        raise UsageError(
            "no-helper", f"docker-credential-{name} is not on the PATH", "install it, or log in"
        )
    # Its output never gets into a message: it is a password.
    try:
        with subprocess.Popen(  # noqa: S603 - the user named it, and the name is checked
            [program, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            return _answer(process, name, server)
    except OSError as error:
        raise _failed(name, error.strerror or "it cannot be run") from None


def _answer(process: subprocess.Popen[bytes], name: str, server: str) -> Login | None:
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    timer = Timer(_HELPER_SECONDS, process.kill)
    timer.start()
    try:
        with suppress(BrokenPipeError):
            stdin.write(server.encode())
            stdin.close()
        output = stdout.read(_HELPER_BYTES + 1)
        if len(output) > _HELPER_BYTES:
            process.kill()
            raise _failed(name, f"it answered with more than {_HELPER_BYTES:,} bytes")
        code = process.wait()
    finally:
        timer.cancel()
    if code < 0:
        raise _failed(name, f"it took longer than {_HELPER_SECONDS} seconds")
    if code:
        raise _failed(name, f"it ended with code {code}: it may know no user for {server}")
    try:
        answer = parse(output, "the answer", DEFAULT_LIMITS)
        user, password = answer["Username"], answer["Secret"]
    except (InputError, KeyError, TypeError):
        raise _failed(name, "it did not answer with a user and a password") from None
    if not isinstance(user, str) or not isinstance(password, str) or not user or not password:
        raise _failed(name, "it did not answer with a user and a password")
    if user == "<token>":
        raise _failed(
            name, "it has an identity token, which slim cannot use: log in with a password"
        )
    return Login(user, password)


def _failed(name: str, why: str) -> NetworkError:
    return NetworkError(
        "helper-failed", f"docker-credential-{name} failed: {why}", "try it by hand"
    )


def _unusable(path: str | os.PathLike[str], why: str) -> UsageError:
    return UsageError(
        "bad-auth-file",
        f"cannot use the credentials in {os.fspath(path)!r}: {why}",
        "name another one with --auth-file, or go without credentials: --anonymous",
    )
