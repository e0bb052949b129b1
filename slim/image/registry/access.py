"""What the user allows a registry, and who the user is there: plain values, no I/O; images that are files do
without the rest of this package."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct, field


class Login(Struct, frozen=True):
    """A user and a password, for one registry."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r}, …)"


class Access(Struct, frozen=True):
    """How registries are read. Hosts are exact, `host[:port]` as in a reference."""

    plain_http: frozenset[str] = frozenset()
    """Asked without TLS."""
    insecure: frozenset[str] = frozenset()
    """Their certificates are not checked; those of the hosts that they point to are."""
    ca_file: str | None = None
    """Certificates of authorities to trust instead of the usual ones."""
    trusted_realms: frozenset[str] = frozenset()
    """Hosts of token servers that may see the credentials of a registry elsewhere."""
    logins: Mapping[str, Login] = field(default_factory=dict)
    """By host: before all files."""
    auth_files: tuple[str | os.PathLike[str], ...] = ()
    """Of docker or podman, looked at in this order; what is missing is passed over."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """By host: the `docker-credential-<name>` to run for it. No other one is ever run."""
    proxy: str | None = None
    """URL of an HTTP proxy; the environment's is not used."""
    block_private: bool = False
    """Refuse hosts whose names lead to addresses of private networks."""
    remote: bool = False
    """A name without a registry's host that no engine of this machine knows may be looked up in one."""
    sockets: Mapping[str, str] = field(default_factory=dict)
    """Container engine → where it listens, as `unix:///run/docker.sock`, where that is not the usual place;
    only used where its command is not installed."""
    timeout: float = 900.0
    """Seconds in all, after which every connection is cut."""


ANONYMOUS = Access()
"""No credentials, TLS everywhere."""


def engine_sockets(environ: Mapping[str, str]) -> dict[str, str]:
    """Where docker and podman listen, as the variables say that their own commands read."""
    variables = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
    return {engine: environ[name] for engine, name in variables.items() if environ.get(name)}


def auth_file_paths(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where docker and podman keep credentials, in the order in which podman looks."""
    if path := environ.get("REGISTRY_AUTH_FILE"):
        return (path,)
    paths: list[str] = []
    if run := environ.get("XDG_RUNTIME_DIR"):
        paths.append(os.path.join(run, "containers/auth.json"))
    home = environ.get("HOME", "")
    if config := environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        paths.append(os.path.join(config, "containers/auth.json"))
    if docker := environ.get("DOCKER_CONFIG") or (home and f"{home}/.docker"):
        paths.append(os.path.join(docker, "config.json"))
    return tuple(paths)
