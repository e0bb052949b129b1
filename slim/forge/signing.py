"""Tokens: what one looks like, how it is sent, and which addresses may receive it."""

from __future__ import annotations

import base64
import re

from slim.errors import UsageError
from slim.http.origin import UrlError, origin_of, show
from slim.patterns import regex

Signed = tuple[dict[str, str], tuple[str, ...]]
"""(the headers that sign requests, what must stay secret of them in each form in which it is sent)."""

_LOOPBACK = regex(r"localhost|127(?:\.\d{1,3}){3}|::1", re.ASCII)
_TOKEN = regex(r"[\x21-\x7e]{1,8192}")


def check_url(url: str, *, trusted: bool = False) -> str:
    """An API's address, fit to receive a token, without a slash at its end.

    `trusted`: the user gave it, so that it may be plain HTTP; otherwise only this machine may.

    Raises:
        UsageError: no such address. The message shows no password that is in it.
    """
    if "@" in url or "?" in url or "#" in url:
        raise UsageError(
            "bad-api-url", "an API's address has no user, query or fragment", "--token-file"
        )
    try:
        origin = origin_of(url)
    except UrlError:
        raise UsageError(
            "bad-api-url",
            f"{url[:200]!r} is not the address of an API",
            "https://git.example/api/v1",
        ) from None
    if origin.scheme != "https" and not (trusted or _LOOPBACK.fullmatch(origin.host)):
        raise UsageError(
            "bad-api-url",
            f"{show(url)} is not https: whoever listens could read the token",
            "if you trust the network, name the address with --api-url",
        )
    return url.rstrip("/")


def check_token(token: str, source: str) -> str:
    """The token; `source` says where it is from.

    Raises:
        UsageError: it has characters that no token has. The message does not show it.
    """
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "bad-token", f"{source} does not hold a token", "one line of printable characters"
        )
    return token


def bearer(token: str, word: str = "Bearer") -> Signed:
    """The token as it is (RFC 6750)."""
    return {"Authorization": f"{word} {token}"}, (token,)


def basic(user: str, token: str) -> Signed:
    """The token as a password (RFC 7617)."""
    coded = base64.b64encode(f"{user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {coded}"}, (coded, token)


def bearer_or_basic(token: str) -> Signed:
    """A bearer token; a person's may be given as `user:token`, and is a password then."""
    user, colon, secret = token.partition(":")
    return basic(user, secret) if colon else bearer(token)
