"""Who we are, when a registry asks: a token from its token server, or user and password.

Credentials go to the registry itself, and to its token server if that is the same host, a known pair or
one that the user trusts; to any other server we are nobody, which is enough for public images.
Source: distribution's token authentication specification (GET; no POST is ever sent).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import requests

from slim.errors import InputError, LimitError, NetworkError
from slim.image.documents import parse
from slim.image.reference import Reference
from slim.image.registry.access import Access, Login
from slim.image.registry.challenge import Challenge, read_challenge
from slim.image.registry.credentials import find_login
from slim.image.registry.origin import (
    Origin,
    check_target,
    follow,
    may_see_credentials,
    origin_of,
    show,
)
from slim.limits import DEFAULT_LIMITS

_TOKEN_BYTES = 64 << 10
_REDIRECTS = 5

Get = Callable[[str, dict[str, str]], requests.Response]
"""One GET without following redirects: (url, headers) → answer."""
Read = Callable[[requests.Response, int], bytes]
"""The body of an answer, up to a bound."""


class Identity:
    """The headers that say who we are; used by several threads. A `transport.Guard`."""

    def __init__(self, reference: Reference, registry: Origin, access: Access) -> None:
        self._reference = reference
        self._registry = registry
        self._access = access
        self._lock = Lock()
        self._login: Login | None = None
        self._looked = False
        self._header = ""
        self.get: Get
        self.read: Read

    @property
    def header(self) -> str:
        """`Authorization` for the registry as far as we know it; empty while it has not asked."""
        return self._header

    def secrets(self) -> list[str]:
        """What must never be shown, even if a server says it."""
        found = [self._header.partition(" ")[2]]
        if self._login is not None:
            found.append(self._login.password)
        return [secret for secret in found if secret]

    def authenticate_request(
        self, response: requests.Response, headers: dict[str, str], refresh: bool = False
    ) -> tuple[dict[str, str], bool]:
        """See `transport.Guard`."""
        origin = origin_of(response.url)
        sent = headers.get("Authorization", "")
        asked = response.headers.get("WWW-Authenticate", "")
        status = response.status_code
        response.close()
        if origin != self._registry:
            raise NetworkError(
                "registry-foreign-login",
                f"{origin}, where the registry {self._registry} sent us, wants to know who we are",
                "slim says that to the registry only",
            )
        if status != 401 or refresh:
            raise NetworkError(
                "registry-denied",
                f"the registry {self._registry} denies access to {self._reference.repository}",
                self._hint(),
            )
        challenge = read_challenge(asked)
        if challenge is None:
            raise NetworkError(
                "registry-login",
                f"the registry {self._registry} wants a log-in of a kind that slim does not know",
                "slim knows tokens and passwords (Bearer and Basic)",
            )
        with self._lock:
            # Another thread may have got a token in the meantime.
            if not self._header or self._header == sent:
                self._header = self._answer(challenge, sent)
            return {**headers, "Authorization": self._header}, True

    def _answer(self, challenge: Challenge, sent: str) -> str:
        if not self._looked:
            self._login = find_login(self._access, self._reference)
            self._looked = True
        if challenge.scheme == "bearer":
            return f"Bearer {self._token(challenge)}"
        if self._login is None or sent.startswith("Basic "):
            raise NetworkError(
                "registry-login",
                f"the registry {self._registry} "
                + (
                    "does not accept the user and password"
                    if sent
                    else "wants a user and a password"
                ),
                self._hint(),
            )
        return _basic(self._login)

    def _token(self, challenge: Challenge) -> str:
        """Ask the token server; for pulling this repository, whatever scope the registry names."""
        # A token server inside of what somebody else named is no place to send anything to.
        query = {"scope": f"repository:{self._reference.repository}:pull"}
        if challenge.service:
            query = {"service": challenge.service, **query}
        realm = challenge.realm.partition("#")[0]
        origin = origin_of(realm)
        check_target(origin, self._registry, self._access, "a token server")
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        known = self._login is not None and may_see_credentials(
            origin, self._registry, self._access
        )
        for _ in range(_REDIRECTS + 1):
            headers = {}
            if known and self._login is not None:
                headers["Authorization"] = _basic(self._login)
            response = self.get(url, headers)
            if response.status_code not in (301, 302, 303, 307, 308):
                return self._read_token(response, url, known)
            location = response.headers.get("Location", "")
            response.close()
            before = origin_of(url)
            url = follow(url, location, self._registry, self._access)
            known = known and origin_of(url) == before
        raise NetworkError(
            "registry-redirects",
            f"the token server of {self._registry} redirects more than {_REDIRECTS} times",
            "ask the registry's operator",
        )

    def _read_token(self, response: requests.Response, url: str, known: bool) -> str:
        where = show(url)
        if response.status_code != 200:
            status = response.status_code
            response.close()
            who = "the user and password" if known else "anonymous requests"
            raise NetworkError(
                "registry-login", f"{where} does not accept {who} ({status})", self._hint(known)
            )
        data = self.read(response, _TOKEN_BYTES)
        try:
            document: Any = parse(data, "the token", DEFAULT_LIMITS)
        except (InputError, LimitError):
            document = None
        token = None
        if isinstance(document, dict):
            token = document.get("token") or document.get("access_token")
        if (
            not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
            or " " in token
        ):
            raise NetworkError(
                "registry-token", f"{where} did not answer with a token", "try again"
            )
        return token

    def _hint(self, known: bool = False) -> str:
        host = self._reference.host
        if self._login is not None and not known and self._header == "":
            return (
                "your credentials are only sent to the registry's own host;"
                " if its token server is yours to trust, name it with --trusted-realm HOST"
            )
        if self._login is None:
            return f"log in with `docker login {host}` or `podman login {host}`, or see --registry-user"
        return "check the name, and whether this user may read it"


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
