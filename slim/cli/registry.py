"""The options about registries; with the environment they make an `Access`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec import Struct

from slim.cli.command import flag, option
from slim.errors import UsageError
from slim.image.registry.access import Access, Login, auth_file_paths, engine_sockets

_PASSWORD = "SLIM_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable
_PASSWORD_BYTES = 64 << 10
_A_DAY = 86_400
"""Seconds that a registry may take where there is no other bound."""


def own_login_files() -> tuple[str, ...]:
    """The files in which log-ins of this process may be, as its environment says."""
    return auth_file_paths(os.environ)


class RegistryOptions(Struct, frozen=True):
    """How registries are read, and who we are there."""

    heading: ClassVar[str] = "Registry"

    remote: Annotated[
        bool,
        flag(
            "--remote",
            "Look in a registry for a name without a registry host, such as app:1, that no container"
            " engine of this machine has.",
        ),
    ] = False
    plain_http: Annotated[
        Sequence[str],
        option(
            "--plain-http",
            "Use plain HTTP for this registry host, e.g. localhost:5000.",
            "HOST",
            multiple=True,
        ),
    ] = ()
    insecure: Annotated[
        Sequence[str],
        option(
            "--insecure", "Do not check the certificate of this registry.", "HOST", multiple=True
        ),
    ] = ()
    ca_file: Annotated[
        str | None,
        option(
            "--ca-file",
            "PEM file with the CA certificates to trust in place of the usual ones.",
            "FILE",
            file=True,
        ),
    ] = None
    auth_file: Annotated[
        str | None,
        option(
            "--auth-file",
            "Credentials file in Docker/Podman format. Default: the one docker or podman login wrote.",
            "FILE",
            file=True,
        ),
    ] = None
    registry_user: Annotated[
        Sequence[str],
        option(
            "--registry-user",
            "User for one registry; the password is in SLIM_REGISTRY_PASSWORD or"
            " --registry-password-file.",
            "HOST=USER",
            multiple=True,
        ),
    ] = ()
    registry_password_file: Annotated[
        str | None,
        option(
            "--registry-password-file",
            "File with the password of --registry-user.",
            "FILE",
            file=True,
        ),
    ] = None
    credential_helper: Annotated[
        Sequence[str],
        option(
            "--credential-helper",
            "Use docker-credential-NAME for this registry (helpers are never run otherwise).",
            "HOST=NAME",
            multiple=True,
        ),
    ] = ()
    anonymous: Annotated[bool, flag("--anonymous", "Do not use any credentials.")] = False
    trusted_realm: Annotated[
        Sequence[str],
        option(
            "--trusted-realm",
            "A token server on another host that may see the registry's credentials.",
            "HOST",
            multiple=True,
        ),
    ] = ()
    proxy: Annotated[
        str | None,
        option(
            "--proxy", "HTTP proxy for registries; http_proxy and the like are not used.", "URL"
        ),
    ] = None
    block_private: Annotated[
        bool, flag("--block-private", "Refuse hosts that resolve to private IP addresses.")
    ] = False

    def access(self, timeout: float, environ: Mapping[str, str] = os.environ) -> Access:
        """What the options and the environment say; `timeout` is the seconds that a registry may take, 0
        for no bound.

        Raises:
            UsageError: a value that is not valid, a file that cannot be read, a user without password.
        """
        files = (self.auth_file,) if self.auth_file else auth_file_paths(environ)
        for file in (self.ca_file, self.auth_file):
            if file and not os.path.isfile(file):
                raise UsageError("no-file", f"there is no file {file!r}")
        if self.proxy and not self.proxy.startswith(("http://", "https://")):
            raise UsageError("bad-proxy", "--proxy is not a URL", "write http://HOST:PORT")
        users, password_file = self.registry_user, self.registry_password_file
        return Access(
            plain_http=_hosts("--plain-http", self.plain_http),
            insecure=_hosts("--insecure", self.insecure),
            ca_file=self.ca_file,
            trusted_realms=_hosts("--trusted-realm", self.trusted_realm),
            logins={} if self.anonymous else _logins(users, password_file, environ),
            auth_files=() if self.anonymous else files,
            helpers={}
            if self.anonymous
            else _pairs("--credential-helper", "HOST=NAME", self.credential_helper),
            proxy=self.proxy,
            block_private=self.block_private,
            remote=self.remote,
            sockets=engine_sockets(environ),
            timeout=timeout or _A_DAY,
        )


class AttachedOptions(Struct, frozen=True):
    """Whether reports that are attached to images are used."""

    heading: ClassVar[str] = "Attached reports"

    attached: Annotated[
        bool,
        flag(
            "--attached/--no-attached",
            "Use the report that slim attach pushed instead of reading layers: for what is compared with,"
            " and in slim fleet scan.",
            default=True,
        ),
    ] = True
    require_signature: Annotated[
        bool,
        flag(
            "--require-signature",
            "Use an attached report only if a cosign signature is beside the image (not verified).",
        ),
    ] = False


def _hosts(flag: str, values: Sequence[str]) -> frozenset[str]:
    for value in values:
        if not value or "/" in value or "*" in value or "@" in value:
            raise UsageError(
                "bad-host",
                f"{flag} {value!r} is not a host",
                "write HOST or HOST:PORT, as in the name of the image",
            )
    return frozenset(value.lower() for value in values)


def _pairs(flag: str, form: str, values: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        host, equals, rest = value.partition("=")
        if not equals or not rest:
            raise UsageError(
                "bad-pair", f"{flag} lacks a host or its value", f"write {flag} {form}"
            )
        (host,) = _hosts(flag, [host])
        pairs[host] = rest
    return pairs


def _logins(
    user: Sequence[str], password_file: str | None, environ: Mapping[str, str]
) -> dict[str, Login]:
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
