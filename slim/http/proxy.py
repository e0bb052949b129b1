"""Which proxy the environment names for a URL, as curl and other tools read it."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

from slim.http.origin import Origin


def environment_proxy(origin: Origin) -> str | None:
    """The URL of the proxy of `http_proxy` or `https_proxy`, unless `no_proxy` excludes the host."""
    proxy = getproxies().get(origin.scheme, "")
    if not proxy or proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
