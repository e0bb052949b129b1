"""The host and the server in an address."""

from __future__ import annotations

from urllib.parse import urlsplit


def server_of(url: str) -> str:
    """The server of any address of it, by https; empty for what is not an address."""
    return f"https://{host_of(url)}" if host_of(url) else ""


def host_of(url: str) -> str:
    """The host of an address; empty for what is not one."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
