"""Who we are, when a registry asks: a token from its token server, or user and password.

Credentials go to the registry itself, and to its token server if that is the same host, a known pair or
one that the user trusts; to any other server we are nobody, which is enough for public images.
Source: distribution's token authentication specification (GET; no POST is ever sent).
"""

from __future__ import annotations

import base64
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from slim.errors import InputError, LimitError, NetworkError
from slim.http.client import Answer, GaveUp, HttpClient
from slim.http.failures import HttpError
from slim.http.origin import Origin, show
from slim.image.documents import parse
from slim.image.reference import Reference
from slim.image.registry.access import Access, Login
from slim.image.registry.challenge import Challenge, read_challenge
from slim.image.registry.credentials import find_login
from slim.image.registry.failures import busy_error, network_error
from slim.image.registry.origin import check_target, follow, may_see_credentials, origin_of
from slim.limits import DEFAULT_LIMITS, exceeded

_TOKEN_BYTES = 64 << 10


class Identity:
    """The header that says who we are; used by several threads."""

    def __init__(
        self,
        reference: Reference,
        registry: Origin,
        access: Access,
        http: HttpClient,
        scope: str = "",
    ) -> None:
        """`scope` is what a token is asked for; pulling the repository by default."""
        self._reference = reference
        self._scope = scope or f"repository:{reference.repository}:pull"
        self._registry = registry
        self._access = access
        self._http = http
        self._lock = Lock()
        self._login: Login | None = None
        self._has_searched = False
        self._header = ""

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

    def log_in(self, answer: Answer, sent: str) -> None:
        """Find the header for a registry that answered with 401 to a request with the header `sent`.

        Raises:
            NetworkError: it answered with 403, or somebody else asks, or there is no way in.
            UsageError: a file or helper that the user named cannot be used.
        """
        if answer.origin != self._registry:
            raise NetworkError(
                "registry-foreign-login",
                f"{answer.origin} (a redirect from {self._registry}) asks for credentials",
                "slim sends them to the registry only",
            )
        if answer.status != 401:
            raise self.denied()
        challenge = read_challenge(answer.headers.get("WWW-Authenticate", ""))
        if challenge is None:
            raise NetworkError(
                "registry-login",
                f"the registry {self._registry} asks for an authentication scheme slim does not support",
                "slim knows tokens and passwords (Bearer and Basic)",
            )
        with self._lock:
            # Another thread may have got a token in the meantime.
            if not self._header or self._header == sent:
                self._header = self._answer(challenge, sent)

    def denied(self) -> NetworkError:
        """The error for an answer of 403."""
        return NetworkError(
            "registry-denied",
            f"the registry {self._registry} denies access to {self._reference.repository}",
            self._hint(),
        )

    def _answer(self, challenge: Challenge, sent: str) -> str:
        if not self._has_searched:
            self._login = find_login(self._access, self._reference)
            self._has_searched = True
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
        """Ask the token server; for what is needed here, whatever scope the registry names."""
        # Nothing is sent to a token server inside a network that somebody else names.
        query = {"scope": self._scope}
        if challenge.service:
            query = {"service": challenge.service, **query}
        realm = challenge.realm.partition("#")[0]
        origin = origin_of(realm)
        check_target(origin, self._registry, self._access, "a token server")
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        known = self._login is not None and may_see_credentials(
            origin, self._registry, self._access
        )
        headers = {}
        if known and self._login is not None:
            headers["Authorization"] = _basic(self._login)

        def next_url(before: str, location: str) -> str:
            return follow(before, location, self._registry, self._access)

        try:
            answer = self._http.follow("GET", url, headers, next_url)
            return self._read_token(answer, known and answer.origin == origin)
        except HttpError as error:
            if error.kind == "redirects":
                raise NetworkError(
                    "registry-redirects",
                    f"the token server of {self._registry} answers with {error}",
                    "ask the registry's operator",
                ) from None
            raise network_error(error, self._registry, self._access.timeout) from None
        except GaveUp as failed:
            if failed.answer is not None and failed.why == "tries":
                return self._read_token(failed.answer, known)
            last = failed.answer or failed.error
            target = last.origin if last else origin
            raise busy_error(failed, target, self._registry, self._access.timeout) from None

    def _read_token(self, answer: Answer, known: bool) -> str:
        where = show(answer.url)
        if answer.status != 200:
            answer.close()
            who = "the user and password" if known else "anonymous requests"
            raise NetworkError(
                "registry-login",
                f"{where} does not accept {who} ({answer.status})",
                self._hint(known),
            )
        try:
            data = answer.body(_TOKEN_BYTES)
        except HttpError as error:
            if error.kind == "too-long":
                where = f"an answer of {answer.origin}"
                raise exceeded("json_bytes", _TOKEN_BYTES + 1, _TOKEN_BYTES, where) from None
            raise
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
