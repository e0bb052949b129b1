"""Where a URL leads: scheme, host and port, and whether that is inside a private network."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from msgspec import Struct

from slim.patterns import regex

_URL = regex(r"[!-~]{1,8192}", re.ASCII)
_HOST = regex(r"[a-zA-Z0-9._-]{1,255}|[0-9a-fA-F:.]{2,45}", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_SHOWN = 300
"""Characters of a URL that are shown."""


class UrlError(ValueError):
    """A URL that is not asked for; the text says why and quotes nothing of it but a scheme."""


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
        UrlError: not http or https, with a user or unusual characters in it, or not a URL.
    """
    check_characters(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UrlError("it is not a URL") from None
    if parts.scheme not in _PORTS:
        raise UrlError(f"its scheme is {parts.scheme[:20]!r}")
    if "@" in parts.netloc:
        raise UrlError("it has a user in it")
    if not _HOST.fullmatch(host):
        raise UrlError("it has no valid host")
    return Origin(parts.scheme, host.rstrip(".").lower(), port or _PORTS[parts.scheme])


def check_characters(url: str) -> None:
    """Refuse what two readers of URLs would read differently.

    Raises:
        UrlError: it has characters outside of printable ASCII, or backslashes, or is too long.
    """
    if not _URL.fullmatch(url) or "\\" in url:
        raise UrlError("it has characters that are not allowed in URLs")


def show(url: str) -> str:
    """A URL for people: without user, query and fragment, where passwords, signatures and tokens are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_SHOWN]


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
