"""The API of one forge: JSON over the shared HTTP client, with the token for its origin alone.

Redirects and next pages that lead to another origin (scheme, host, port) are refused. An error shows a few
words of what the forge answered, without the token, should the forge echo it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urljoin

import msgspec

from slim.errors import NetworkError
from slim.forge.links import next_link
from slim.http.client import Answer as HttpAnswer
from slim.http.client import GaveUp, HttpClient
from slim.http.failures import HttpError
from slim.http.origin import UrlError, origin_of, show
from slim.http.proxy import environment_proxy

T = TypeVar("T")

_BODY_BYTES = 64 << 20
"""GitHub takes comments of 256 KiB and sends a hundred of them at once; with JSON's escapes this is more."""
_PAGES = 200
_ANSWER_SECONDS = 120.0
_SHOWN = 200
"""Characters of an answer in an error."""


class Refusal(NetworkError):
    """The forge answered, and the answer is no."""

    def __init__(self, slug: str, message: str, hint: str, status: int) -> None:
        super().__init__(slug, message, hint)
        self.status = status
        """HTTP's."""


class Unsure(NetworkError):
    """Nobody knows whether the request was carried out: the answer is lost."""


class Answer(msgspec.Struct, frozen=True):
    """What came back with a status of 200 to 299."""

    body: bytes
    headers: Mapping[str, str]
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
                f"{show(self.url)} sent what its API does not define: {str(error)[:_SHOWN]}",
                "is the API's address right? --api-url",
            ) from None


class Transport:
    """One API, with the headers that sign each request; closed after use."""

    def __init__(
        self,
        api_url: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        sleep: Callable[[float], None] | None = None,
        timeout: float = 0,
    ) -> None:
        """Start the clock.

        Args:
            api_url: without a slash at its end; from `check_url`.
            headers: with the token.
            secrets: what must not be seen in an error, in each form in which it is sent.
            sleep: waits between tries; for tests.
            timeout: seconds for all requests together; 0 for no bound.
        """
        self.api_url = api_url
        self._headers = dict(headers)
        self._secrets = secrets
        self._origin = origin_of(api_url)
        self._http = HttpClient(
            timeout=timeout or None,
            answer_timeout=_ANSWER_SECONDS,
            proxy=environment_proxy,
            headers={"Accept": "application/json", "Connection": "close"},
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"Transport({self.api_url!r}, …)"

    def close(self) -> None:
        """Stop the clock; nothing can be sent afterwards."""
        self._http.close()

    def has_time(self, seconds: float) -> bool:
        """Whether the deadline is further away than that."""
        return self._http.has_time(seconds)

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
        for _ in pages_left():
            following = next_link(answer.headers.get("Link", ""))
            if not following:
                return
            answer = self.get(following)
            yield answer
        raise too_many()

    def _send(self, method: str, path: str, data: Any, *, repeatable: bool) -> Answer:
        url = path if path.startswith(("http://", "https://")) else self.api_url + path
        self._check_origin(url)
        headers = dict(self._headers)
        body = None
        if data is not None:
            headers["Content-Type"] = "application/json"
            # As UTF-8: a Gitea of 2022 refuses an escape that its reader's buffer happens to end in.
            body = json.dumps(data, ensure_ascii=False).encode()
        where = f"{method} {show(url)}"
        try:
            answer = self._http.follow(
                method, url, headers, self._next_url, body, repeatable=repeatable, whole=_BODY_BYTES
            )
        except HttpError as error:
            raise NetworkError(
                "forge-unavailable", f"{where}: {error}", "try again later"
            ) from None
        except GaveUp as failed:
            raise self._unavailable(where, failed) from None
        if not 200 <= answer.status < 300:
            why = f"{where}: {self._words(answer)}"
            raise Refusal("forge-refused", why, _hint(answer.status), answer.status)
        return Answer(answer.content, answer.headers, url)

    def _check_origin(self, url: str) -> None:
        try:
            is_home = origin_of(url) == self._origin
        except UrlError:
            is_home = False
        if not is_home:
            raise Refusal(
                "forge-elsewhere",
                f"{show(self.api_url)} leads to {show(url)}: the token is not for there",
                "is the token valid, and --api-url the address of the API itself?",
                0,
            )

    def _next_url(self, url: str, location: str) -> str:
        """Where a redirect leads, which is within the origin."""
        try:
            target = urljoin(url, location)
        except ValueError:
            target = ""
        self._check_origin(target)
        return target

    def _unavailable(self, where: str, failed: GaveUp) -> NetworkError:
        why = self._words(failed.answer) if failed.answer is not None else str(failed.error)
        if failed.why == "unsure":
            return Unsure("forge-unsure", f"{where}: {why}", "try again")
        if failed.why == "wait":
            why += f"; it asks to wait {failed.wait:,.0f} seconds"
        if failed.why == "time":
            why += "; there is no time left for another try"
        return NetworkError("forge-unavailable", f"{where}: {why}", "try again later")

    def _words(self, answer: HttpAnswer) -> str:
        """The status, and what an error's body says in a few words."""
        text = answer.content.decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        for name in ("message", "error_description", "error", "message"):
            if isinstance(found, dict) and name in found:
                found = found[name]
        if found is not None:
            text = found if isinstance(found, str) else json.dumps(found)
        for secret in self._secrets:
            text = text.replace(secret, "[token]")
        return f"{answer.status} {' '.join(text.split())[:_SHOWN]}".rstrip()


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
        f"the comments fill more than {_PAGES} pages: slim stopped looking for its own",
        "--behavior new does not look for it",
    )


def pages_left() -> range:
    """How many pages are read."""
    return range(_PAGES)


def _hint(status: int) -> str:
    return {
        401: "the token is not valid here, or no longer",
        403: "the token may not do this, or the discussion is locked",
        404: "is it the right repository and number, and may the token see them?",
        410: "the discussion is locked",
    }.get(status, "see what the forge says about it")
