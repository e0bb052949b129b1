"""What the options and the environment say about registries → `Access`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.image.registry.access import Access, Login

_PASSWORD = "SLIM_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable
_PASSWORD_BYTES = 64 << 10
_A_DAY = 86_400
"""Seconds that a registry may take where there is no other bound."""


def parse_access(
    *,
    plain_http: Sequence[str] | None,
    insecure: Sequence[str] | None,
    ca_file: str | None,
    auth_file: str | None,
    user: Sequence[str] | None,
    password_file: str | None,
    helper: Sequence[str] | None,
    anonymous: bool,
    trusted_realm: Sequence[str] | None,
    proxy: str | None,
    block_private: bool,
    timeout: float,
    environ: Mapping[str, str],
) -> Access:
    """How registries are read; the values are those of the options, of `timeout` 0 means no bound.

    Raises:
        UsageError: a value that is none, a file that cannot be read, a user without password.
    """
    from slim.image.registry.access import Access
    from slim.image.registry.credentials import auth_file_paths

    files = (Path(auth_file),) if auth_file else auth_file_paths(environ)
    for one in (ca_file, auth_file):
        if one and not Path(one).is_file():
            raise UsageError("no-file", f"there is no file {one!r}")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise UsageError("bad-proxy", "--proxy is no URL", "write http://HOST:PORT")
    return Access(
        plain_http=_hosts("--plain-http", plain_http),
        insecure=_hosts("--insecure", insecure),
        ca_file=ca_file,
        trusted_realms=_hosts("--trusted-realm", trusted_realm),
        logins={} if anonymous else _logins(user, password_file, environ),
        auth_files=() if anonymous else files,
        helpers={} if anonymous else _pairs("--credential-helper", "HOST=NAME", helper),
        proxy=proxy,
        block_private=block_private,
        timeout=timeout or _A_DAY,
    )


def _hosts(flag: str, values: Sequence[str] | None) -> frozenset[str]:
    for value in values or ():
        if not value or "/" in value or "*" in value or "@" in value:
            raise UsageError(
                "bad-host",
                f"{flag} {value!r} is no host",
                "write HOST or HOST:PORT, as in the name of the image",
            )
    return frozenset(value.lower() for value in values or ())


def _pairs(flag: str, form: str, values: Sequence[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values or ():
        host, equals, rest = value.partition("=")
        if not equals or not rest:
            raise UsageError(
                "bad-pair", f"{flag} has no host or nothing for it", f"write {flag} {form}"
            )
        (host,) = _hosts(flag, [host])
        pairs[host] = rest
    return pairs


def _logins(
    user: Sequence[str] | None, password_file: str | None, environ: Mapping[str, str]
) -> dict[str, Login]:
    from slim.image.registry.access import Login

    users = _pairs("--registry-user", "HOST=USER", user)
    if not users:
        return {}
    if len(users) > 1:
        raise UsageError(
            "too-many-users",
            "--registry-user is for one registry: there is one password",
            "log in to several with docker login or podman login",
        )
    password = _password_in(password_file) if password_file else environ.get(_PASSWORD, "")
    if not password:
        raise UsageError(
            "no-password",
            "--registry-user has no password",
            f"set {_PASSWORD}, or name a file with --registry-password-file",
        )
    return {host: Login(name, password) for host, name in users.items()}


def _password_in(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(_PASSWORD_BYTES)
        return data.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            "no-file", f"cannot read a password from {path!r}", "write it into a file of one line"
        ) from None
