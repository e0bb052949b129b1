"""HTTP for the APIs of forges: bounded, patient with a busy server, and careful with the token.

The token goes to the origin (scheme, host and port) of the API's address and nowhere else: redirects and
next pages that lead elsewhere are refused. What comes back is bounded in size, number of pages and time,
and an error shows a few words of it at most, without the token, should a server echo it.
"""

from __future__ import annotations

import base64
import json
import math
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from slim.errors import NetworkError, UsageError
from slim.version import VERSION

T = TypeVar("T")

_BODY_BYTES = 64 << 20
"""GitHub takes comments of 256 KiB and sends a hundred of them at once; with JSON's escapes this is more."""
_ERROR_BYTES = 64 << 10
_PAGES = 200
_REDIRECTS = 5
_TRIES = 4
_WAIT_SECONDS = 60
"""The longest wait that a server may ask for."""
_TIMEOUT_SECONDS = 30
_ANSWER_SECONDS = 120
_SAID = 200
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel="?next"?\s*(?:[,;]|$)')


class Refusal(NetworkError):
    """The forge answered, and the answer is no."""

    def __init__(self, slug: str, message: str, hint: str, status: int) -> None:
        super().__init__(slug, message, hint)
        self.status = status
        """HTTP's."""


class Unsure(NetworkError):
    """Nobody knows whether what was asked was done: the answer is lost."""


class Answer(msgspec.Struct, frozen=True):
    """What came back with a status of 200 to 299."""

    body: bytes
    headers: Message
    url: str

    def decode(self, type: type[T]) -> T:
        """The JSON of the body.

        Raises:
            NetworkError: it is not of that shape.
        """
        try:
            return msgspec.json.decode(self.body, type=type)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise NetworkError(
                "forge-answer",
                f"{_place(self.url)} sent what its API does not: {str(error)[:_SAID]}",
                "is the API's address right? --api-url",
            ) from None


class Transport(msgspec.Struct, frozen=True):
    """One API, with the headers that sign each request."""

    api_url: str
    """Without a slash at its end; from `check_url`."""
    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    """What must not be seen in an error, in each form in which it was sent."""
    sleep: Callable[[float], None] = time.sleep
    until: float = math.inf
    """When to give up, by the monotonic clock: for all requests together."""

    def __repr__(self) -> str:
        return f"Transport({self.api_url!r}, …)"

    def get(self, path: str) -> Answer:
        """Ask for a path below the API's address, or for an address that the API gave."""
        return self._send("GET", path, None, repeatable=True)

    def send(self, method: str, path: str, data: Any, *, repeatable: bool | None = None) -> Answer:
        """Send JSON.

        Args:
            method: HTTP's.
            path: below the API's address.
            data: what JSON can hold; None for no body.
            repeatable: whether a second time changes nothing; by default all methods but POST.

        Raises:
            Refusal: the forge said no (status 400 to 499).
            Unsure: it may have been done or not; only what is not repeatable.
            NetworkError: there was no answer, after several tries.
        """
        again = method != "POST" if repeatable is None else repeatable
        return self._send(method, path, data, repeatable=again)

    def pages(self, path: str) -> Iterator[Answer]:
        """A page and those after it, as the `Link` header says (RFC 8288)."""
        answer = self.get(path)
        yield answer
        for _ in range(_PAGES):
            following = next_link(answer.headers.get("Link", ""))
            if not following:
                return
            answer = self.get(following)
            yield answer
        raise too_many()

    def _send(self, method: str, path: str, data: Any, *, repeatable: bool) -> Answer:
        url = path if path.startswith(("http://", "https://")) else self.api_url + path
        # As UTF-8: a Gitea of 2022 refuses an escape that its reader's buffer happens to end in.
        body = None if data is None else json.dumps(data, ensure_ascii=False).encode()
        for attempt in range(1, _TRIES + 1):
            wait: float | None = None
            status = 0
            try:
                status, headers, content = self._follow(method, url, body)
            except (OSError, HTTPException, ValueError) as error:
                why = self._scrubbed(_reason(error))
            else:
                if 200 <= status < 300:
                    return Answer(content, headers, url)
                why = f"{status} {self._said(content)}".rstrip()
                if status < 500 and not _is_limited(status, headers):
                    where = f"{method} {_place(url)}"
                    raise Refusal("forge-refused", f"{where}: {why}", _hint(status), status)
                wait = _asked_to_wait(headers)
            if not repeatable and (status >= 500 or not status):
                raise Unsure("forge-unsure", f"{method} {_place(url)}: {why}", "try again")
            if wait is not None and wait > _WAIT_SECONDS:
                why += f"; it asks to wait {wait:,.0f} seconds"
                break
            if wait is None:
                # Jobs that started together should not come back together.
                wait = 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311
            if time.monotonic() + wait > self.until:
                why += "; there is no time left for another try"
                break
            if attempt < _TRIES:
                self.sleep(wait)
        raise NetworkError("forge-unavailable", f"{method} {_place(url)}: {why}", "try again later")

    def _follow(self, method: str, url: str, body: bytes | None) -> tuple[int, Message, bytes]:
        """One request, and redirects within the same origin."""
        for _ in range(_REDIRECTS + 1):
            if origin(url) != origin(self.api_url):
                raise Refusal(
                    "forge-elsewhere",
                    f"{_place(self.api_url)} leads to {_place(url)}: the token is not for there",
                    "is the token valid, and --api-url the address of the API itself?",
                    0,
                )
            left = self.until - time.monotonic()
            if left <= 0:
                raise OSError("there is no time left")
            status, headers, content = _open(method, url, body, self.headers, left)
            target = headers.get("Location")
            # 301 to 303 turn everything into a GET, which would not do what was asked.
            if not target or status not in (
                (301, 302, 303, 307, 308) if method == "GET" else (307, 308)
            ):
                return status, headers, content
            url = urljoin(url, target)
        raise OSError(f"more than {_REDIRECTS} redirects")

    def _said(self, content: bytes) -> str:
        """What an error's body says, in a few words."""
        text = content.decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        for name in ("message", "error_description", "error", "message"):
            if isinstance(found, dict) and name in found:
                found = found[name]
        if found is not None:
            text = found if isinstance(found, str) else json.dumps(found)
        return self._scrubbed(text)[:_SAID]

    def _scrubbed(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "[token]")
        return " ".join(text.split())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to `_follow`."""

    def redirect_request(self, *_: Any) -> None:
        """Never."""


def _open(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], left: float
) -> tuple[int, Message, bytes]:
    """Status, headers and body of one request that takes at most `left` seconds."""
    sent = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"slim/{VERSION}",
        **({"Content-Type": "application/json"} if body is not None else {}),
        **headers,
    }
    request = urllib.request.Request(url, body, sent, method=method)  # noqa: S310 - see check_url
    opener = urllib.request.build_opener(_NoRedirect)
    allowed = min(_ANSWER_SECONDS, left)
    started = time.monotonic()
    try:
        response = opener.open(request, timeout=min(_TIMEOUT_SECONDS, left))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read(_ERROR_BYTES)
    with response:
        content = bytearray()
        while chunk := response.read1(1 << 16):
            content += chunk
            if len(content) > _BODY_BYTES:
                raise OSError(f"the answer is larger than {_BODY_BYTES >> 20} MiB")
            if time.monotonic() - started > allowed:
                raise OSError(f"the answer takes longer than {allowed:,.0f} seconds")
        return response.status, response.headers, bytes(content)


def check_url(url: str, *, trusted: bool = False) -> str:
    """An API's address, fit to receive a token, without a slash at its end.

    `trusted`: the user gave it, so that it may be plain HTTP; otherwise only this machine may.

    Raises:
        UsageError: no such address.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(
            "bad-api-url", f"{url[:_SAID]!r} is no address of an API", "https://git.example/api/v1"
        )
    if parts.scheme != "https" and not (
        parts.scheme == "http" and (trusted or _LOOPBACK.fullmatch(host))
    ):
        raise UsageError(
            "bad-api-url",
            f"{_place(url)} is not https: whoever listens could read the token",
            "if you trust the network, name the address with --api-url",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            "bad-api-url", "an API's address has no user, query or fragment", "--token-file"
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
            "bad-token", f"what {source} holds is no token", "one line of printable characters"
        )
    return token


def bearer(token: str, word: str = "Bearer") -> tuple[dict[str, str], tuple[str, ...]]:
    """The header that signs requests, and what must stay secret of it."""
    return {"Authorization": f"{word} {token}"}, (token,)


def basic(user: str, token: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The same by RFC 7617."""
    coded = base64.b64encode(f"{user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {coded}"}, (coded, token)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname or "", port or {"https": 443, "http": 80}.get(parts.scheme)


def next_link(header: str) -> str:
    """The address with `rel="next"` of a `Link` header; empty when there is none."""
    for found in _LINK.finditer(header):
        if _NEXT.search(found[2]):
            return found[1]
    return ""


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def path_of(repo: str) -> str:
    """`owner/name` as the segments of a path."""
    return "/".join(segment(part) for part in repo.split("/"))


def too_many() -> NetworkError:
    """For a list that does not end."""
    return NetworkError(
        "too-many-comments",
        f"the comments fill more than {_PAGES} pages: slim's own was not looked for further",
        "--behavior new does not look for it",
    )


def pages_left() -> range:
    """How many pages are read, for APIs that have no `Link` header."""
    return range(_PAGES)


def _place(url: str) -> str:
    """An address without its query, for people."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _reason(error: Exception) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)[:1000]


def _is_limited(status: int, headers: Message) -> bool:
    """Too many requests: 429 (RFC 6585 §4), or what GitHub sends instead."""
    return status == 429 or (
        status == 403 and ("Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0")
    )


def _asked_to_wait(headers: Message) -> float | None:
    """Seconds until a next try, where the server says so (RFC 9110 §10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - time.time())
    return None


def _hint(status: int) -> str:
    return {
        401: "the token is not valid here, or no longer",
        403: "the token may not do this, or the discussion is locked",
        404: "is it the right repository and number, and may the token see them?",
        410: "the discussion is locked",
    }.get(status, "see what the forge says about it")
