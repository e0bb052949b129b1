"""The options about registries, which several commands take; with the environment they make an `Access`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from slim.cli_options import option
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.image.registry.access import Access, Login

_PASSWORD = "SLIM_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable
_PASSWORD_BYTES = 64 << 10
_A_DAY = 86_400
"""Seconds that a registry may take where there is no other bound."""


PlainHttp = Annotated[
    list[str] | None,
    option(
        "--plain-http",
        "Ask this registry without TLS, as written in IMAGE, such as localhost:5000.",
        "HOST",
        show_default=False,
    ),
]
Insecure = Annotated[
    list[str] | None,
    option(
        "--insecure",
        "Do not check the certificate of this registry.",
        "HOST",
        show_default=False,
    ),
]
CaFile = Annotated[
    str | None,
    option("--ca-file", "Certificates of the authorities to trust, in PEM.", "FILE"),
]
AuthFile = Annotated[
    str | None,
    option(
        "--auth-file",
        "Credentials as docker or podman keep them; by default theirs are looked for.",
        "FILE",
    ),
]
RegistryUser = Annotated[
    list[str] | None,
    option(
        "--registry-user",
        "User for one registry; the password is in SLIM_REGISTRY_PASSWORD or --registry-password-file.",
        "HOST=USER",
        show_default=False,
    ),
]
RegistryPasswordFile = Annotated[
    str | None,
    option("--registry-password-file", "File with the password of --registry-user.", "FILE"),
]
CredentialHelper = Annotated[
    list[str] | None,
    option(
        "--credential-helper",
        "Run docker-credential-NAME for one registry; none is run without this.",
        "HOST=NAME",
        show_default=False,
    ),
]
Anonymous = Annotated[bool, option("--anonymous", "Look for no credentials.")]
TrustedRealm = Annotated[
    list[str] | None,
    option(
        "--trusted-realm",
        "A token server on another host that may see the registry's credentials.",
        "HOST",
        show_default=False,
    ),
]
Proxy = Annotated[
    str | None,
    option("--proxy", "HTTP proxy for registries; http_proxy and the like are not used.", "URL"),
]
BlockPrivate = Annotated[
    bool,
    option("--block-private", "Refuse hosts whose names lead into a private network."),
]


class RegistryOptions(NamedTuple):
    """How registries are read, and who we are there."""

    plain_http: PlainHttp = None
    insecure: Insecure = None
    ca_file: CaFile = None
    auth_file: AuthFile = None
    registry_user: RegistryUser = None
    registry_password_file: RegistryPasswordFile = None
    credential_helper: CredentialHelper = None
    anonymous: Anonymous = False
    trusted_realm: TrustedRealm = None
    proxy: Proxy = None
    block_private: BlockPrivate = False

    def access(self, timeout: float) -> Access:
        """What the options and the environment say; `timeout` is the seconds that a registry may take."""
        return parse_access(timeout, **self._asdict(), environ=os.environ)


def parse_access(
    timeout: float,
    *,
    plain_http: Sequence[str] | None,
    insecure: Sequence[str] | None,
    ca_file: str | None,
    auth_file: str | None,
    registry_user: Sequence[str] | None,
    registry_password_file: str | None,
    credential_helper: Sequence[str] | None,
    anonymous: bool,
    trusted_realm: Sequence[str] | None,
    proxy: str | None,
    block_private: bool,
    environ: Mapping[str, str],
) -> Access:
    """How registries are read; the values are those of the options, of `timeout` 0 means no bound.

    Raises:
        UsageError: a value that is none, a file that cannot be read, a user without password.
    """
    from slim.image.registry.access import Access, auth_file_paths

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
        logins={} if anonymous else _logins(registry_user, registry_password_file, environ),
        auth_files=() if anonymous else files,
        helpers={} if anonymous else _pairs("--credential-helper", "HOST=NAME", credential_helper),
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
