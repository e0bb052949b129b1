"""The options about registries, which several commands take; with the environment they make an `Access`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from slim.cli.grouped import Grouped
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.image.registry.access import Access, Login

_PASSWORD = "SLIM_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable
_PASSWORD_BYTES = 64 << 10
_A_DAY = 86_400
"""Seconds that a registry may take where there is no other bound."""


class RegistryOptions(Grouped, parameter="registry"):
    """How registries are read, and who we are there."""

    plain_http: Sequence[str]
    insecure: Sequence[str]
    ca_file: str | None
    auth_file: str | None
    registry_user: Sequence[str]
    registry_password_file: str | None
    credential_helper: Sequence[str]
    anonymous: bool
    trusted_realm: Sequence[str]
    proxy: str | None
    block_private: bool

    def access(self, timeout: float) -> Access:
        """What the options and the environment say; `timeout` is the seconds that a registry may take."""
        return parse_access(timeout, **vars(self), environ=os.environ)


def parse_access(
    timeout: float,
    *,
    plain_http: Sequence[str],
    insecure: Sequence[str],
    ca_file: str | None,
    auth_file: str | None,
    registry_user: Sequence[str],
    registry_password_file: str | None,
    credential_helper: Sequence[str],
    anonymous: bool,
    trusted_realm: Sequence[str],
    proxy: str | None,
    block_private: bool,
    environ: Mapping[str, str],
) -> Access:
    """How registries are read; the values are those of the options, of `timeout` 0 means no bound.

    Raises:
        UsageError: a value that is none, a file that cannot be read, a user without password.
    """
    from slim.image.registry.access import Access, auth_file_paths

    files = (auth_file,) if auth_file else auth_file_paths(environ)
    for one in (ca_file, auth_file):
        if one and not os.path.isfile(one):
            raise UsageError("no-file", f"there is no file {one!r}")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise UsageError("bad-proxy", "--proxy is no URL", "write http://HOST:PORT")
    return Access(
        plain_http=_hosts("--plain-http", plain_http),
        insecure=_hosts("--insecure", insecure),
        ca_file=ca_file,
        trusted_realms=_hosts("--trusted-realm", trusted_realm),
        logins={} if anonymous else _logins(registry_user, registry_password_file, environ),
        auth_files=() if anonymous else files,
        helpers={} if anonymous else _pairs("--credential-helper", "HOST=NAME", credential_helper),
        proxy=proxy,
        block_private=block_private,
        timeout=timeout or _A_DAY,
    )


def _hosts(flag: str, values: Sequence[str]) -> frozenset[str]:
    for value in values:
        if not value or "/" in value or "*" in value or "@" in value:
            raise UsageError(
                "bad-host",
                f"{flag} {value!r} is no host",
                "write HOST or HOST:PORT, as in the name of the image",
            )
    return frozenset(value.lower() for value in values)


def _pairs(flag: str, form: str, values: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        host, equals, rest = value.partition("=")
        if not equals or not rest:
            raise UsageError(
                "bad-pair", f"{flag} has no host or nothing for it", f"write {flag} {form}"
            )
        (host,) = _hosts(flag, [host])
        pairs[host] = rest
    return pairs


def _logins(
    user: Sequence[str], password_file: str | None, environ: Mapping[str, str]
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
