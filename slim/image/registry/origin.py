"""Which URL may be asked, and whether credentials may go there [pure].

A registry says where its tokens and blobs are; a hostile one says what helps it. So: no TLS is given up on
the way, no address inside a network is reached through a registry outside of it, and credentials stay
with the origin (scheme, host, port) that they are for.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from slim.errors import NetworkError
from slim.image.reference import HUB_API
from slim.image.registry.access import Access

_TOKEN_SERVERS = {HUB_API: "auth.docker.io"}
"""Registries whose token server is another host by their own documentation."""
_URL = re.compile(r"[!-~]{1,8192}", re.ASCII)
_HOST = re.compile(r"[a-zA-Z0-9._-]{1,255}|[0-9a-fA-F:.]{2,45}", re.ASCII)
_PORTS = {"http": 80, "https": 443}


class Origin(Struct, frozen=True):
    """Scheme, host in lower case, port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """The origin of a URL that somebody else has written.

    Raises:
        NetworkError: not http or https, with a user or odd characters in it, or not a URL.
    """
    if not _URL.fullmatch(url) or "\\" in url:
        raise _refused("it has characters that no URL has")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("it is no URL") from None
    if parts.scheme not in _PORTS:
        raise _refused(f"its scheme is {parts.scheme[:20]!r}")
    if "@" in parts.netloc:
        raise _refused("it has a user in it")
    if not _HOST.fullmatch(host):
        raise _refused("it has no proper host")
    return Origin(parts.scheme, host.rstrip(".").lower(), port or _PORTS[parts.scheme])


def registry_origin(host: str, *, plain_http: bool) -> Origin:
    """The origin of a registry, from the checked host of a reference."""
    return origin_of(f"{'http' if plain_http else 'https'}://{host}/")


def follow(url: str, location: str, registry: Origin, access: Access) -> str:
    """Where a redirect leads.

    Raises:
        NetworkError: away from TLS, or into a private network.
    """
    origin_of(url)
    if not _URL.fullmatch(location):
        raise _refused("it has characters that no URL has")
    try:
        target = urljoin(url, location.partition("#")[0])
    except ValueError:
        raise _refused("it is no URL") from None
    check_target(origin_of(target), registry, access, "a redirect")
    return target


def check_target(target: Origin, registry: Origin, access: Access, what: str) -> None:
    """Whether a registry may send us there; `what` it was that did.

    The registry itself may be asked, and what the user named; else only hosts with TLS that are not
    written as an address inside a network.

    Raises:
        NetworkError: it may not.
    """
    if target == registry:
        return
    if target.scheme != "https" and str(target) not in access.plain_http:
        raise NetworkError(
            "registry-downgrade",
            f"the registry {registry} sent {what} to {target} without TLS",
            f"slim does not go there; if it is yours, allow it with --plain-http {target}",
        )
    named = access.plain_http | access.insecure | access.trusted_realms
    same_port = (target.host, target.port) == (registry.host, registry.port)
    if is_private(target.host) and not same_port and str(target) not in named:
        raise NetworkError(
            "registry-private-address",
            f"the registry {registry} sent {what} to {target}, an address inside a network",
            f"slim does not go there; if it is yours, allow it with --trusted-realm {target}",
        )


def may_see_credentials(target: Origin, registry: Origin, access: Access) -> bool:
    """Whether a token server, which `check_target` allows, may be told who we are."""
    if target == registry or str(target) in access.trusted_realms:
        return True
    if target.scheme != "https":
        return False
    return target.host == registry.host or _TOKEN_SERVERS.get(str(registry)) == str(target)


def is_private(host: str) -> bool:
    """Whether a host is written as an address, or is a name, that leads into a network or this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global or address.is_multicast


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    # inet_aton(3) also takes 127.1, 0x7f000001 and 2130706433, and resolvers call it.
    parts = host.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0[xX][0-9a-fA-F]*|[0-9]+", part) for part in parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return ipaddress.IPv4Address(0)
    last = 256 ** (5 - len(parts))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= last:
        return ipaddress.IPv4Address(0)
    value = numbers[-1]
    for index, number in enumerate(numbers[:-1]):
        value += number << (24 - 8 * index)
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part)


def show(url: str) -> str:
    """A URL for people: without query and fragment, where signatures and tokens are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _refused(why: str) -> NetworkError:
    return NetworkError(
        "registry-url",
        f"the registry answered with a URL that cannot be used: {why}",
        "this is the registry's fault, or somebody between",
    )
