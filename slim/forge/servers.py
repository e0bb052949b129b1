"""Which forge a host is, and where a forge's server has its API [pure]."""

from __future__ import annotations

from urllib.parse import urlsplit

SERVERS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "bitbucket": "https://bitbucket.org",
}
"""Where there is one server that most use."""
HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "forgejo",
    "gitea.com": "gitea",
    "dev.azure.com": "azure",
}
_APIS = {
    "gitlab": "/api/v4",
    "gitea": "/api/v1",
    "forgejo": "/api/v1",
    "bitbucket_dc": "/rest/api/1.0",
}
"""Where a server of one's own has its API."""


def api_of(forge: str, server: str) -> str:
    """The address of the API of a server: `https://git.example` → `https://git.example/api/v1`."""
    server = server.rstrip("/")
    if not server:
        return ""
    if forge == "github":
        host = urlsplit(server).hostname or ""
        return "https://api.github.com" if host == "github.com" else f"{server}/api/v3"
    if forge == "bitbucket":
        return "https://api.bitbucket.org/2.0"
    return server + _APIS.get(forge, "")


def server_of(url: str) -> str:
    """The server of any address of it, by https; empty for what is no address."""
    return f"https://{host_of(url)}" if host_of(url) else ""


def host_of(url: str) -> str:
    """The host of an address; empty for what is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
