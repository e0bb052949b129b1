"""Requests under one deadline: repeated, redirected and read within bounds.

The deadline is for every byte on a socket: when it is over, all connections are cut, whether they are being
made, shake hands, send headers, informational answers (100 Continue) or bodies. Redirects are followed by
the caller's rule; credentials (`Authorization`) never leave the origin of the first URL, and do not come back
after a detour. Nothing is read from the environment, no cookies are kept, nothing is decoded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from threading import Event, Timer
from typing import Any, Literal, cast

import urllib3
import urllib3.exceptions

from slim.http.connections import Connections
from slim.http.failures import HttpError, explain_failure
from slim.http.origin import Origin, origin_of, show
from slim.http.retries import LONGEST_WAIT, TRIES, asked_to_wait, backoff, is_temporary
from slim.version import VERSION

REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
"""Seconds to connect, and between two bytes."""
_CHUNK = 256 << 10
_ERROR_BYTES = 64 << 10
"""Of the body of an error."""
_FAILURES = (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
_log = logging.getLogger(__name__)

NextUrl = Callable[[str, str], str]
"""(URL, its `Location`) → the URL to follow; raises what the caller wants where it must not be followed."""


class Answer:
    """An answer whose body may still be on its way; a file to read from, for who wants one."""

    def __init__(self, client: HttpClient, url: str, response: urllib3.BaseHTTPResponse) -> None:
        self._client = client
        self._response = response
        self.url = url
        self.origin = origin_of(url)
        self.status = response.status
        self.reason = response.reason
        self.headers: Mapping[str, str] = cast("Mapping[str, str]", response.headers)
        """Names in any case."""
        self.content = b""
        """The body, as much of it as `HttpClient.request` was asked to read."""

    def read(self, count: int = _CHUNK) -> bytes:
        """The next bytes of the body as they were sent, at most `count`; empty at its end.

        Raises:
            HttpError: the connection broke, or the deadline is over.
        """
        try:
            # Only urllib3's own class has it, and no other one is made here.
            data: bytes = cast("Any", self._response).read1(count, decode_content=False)
        except _FAILURES as error:
            raise self._client.failure(error, self.origin) from None
        if not data:
            # A connection that was cut ends like one without Content-Length.
            self._client.check_time(self.origin)
        return data

    def body(self, limit: int, *, cut: bool = False) -> bytes:
        """The rest of the body, which is closed then; with `cut` only its first `limit` bytes.

        Raises:
            HttpError: as `read`; or it has more than `limit` bytes.
        """
        data = bytearray()
        try:
            while part := self.read(min(_CHUNK, limit + 1 - len(data))):
                data += part
                if len(data) > limit:
                    if cut:
                        return bytes(data[:limit])
                    words = f"the answer is larger than {limit:,} bytes"
                    raise HttpError("too-long", words, self.origin)
        finally:
            self.close()
        return bytes(data)

    def close(self) -> None:
        """Give the connection back; what was not read is lost."""
        self._response.close()
        self._response.release_conn()


class GaveUp(Exception):
    """The last try failed temporarily, and there is no further one.

    `answer` is the last one, its body not read unless that was asked for; or `error` says why there is none.
    """

    def __init__(
        self,
        why: Literal["tries", "wait", "time", "unsure"],
        answer: Answer | None,
        error: HttpError | None,
        wait: float,
    ) -> None:
        super().__init__(why)
        self.why = why
        """`tries`: it failed too often; `wait`: the server asks to wait too long; `time`: the deadline comes
        before the next try; `unsure`: nobody knows whether it was done, and it must not be done twice."""
        self.answer = answer
        self.error = error
        self.wait = wait
        """Seconds until the next try, had there been one."""


class HttpClient:
    """Sends requests until it is closed or its deadline is over; used by several threads."""

    def __init__(
        self,
        *,
        timeout: float | None,
        answer_timeout: float | None = None,
        ca_file: str | None = None,
        insecure: frozenset[str] = frozenset(),
        proxy: Callable[[Origin], str | None] = lambda origin: None,
        refuse_private: bool = False,
        headers: Mapping[str, str] | None = None,
        pause: float = 1.0,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """Start the clock.

        Args:
            timeout: seconds for all requests together; None for no bound.
            answer_timeout: seconds for a whole answer that `request` reads; one thread at a time then.
            ca_file: certificates of authorities to trust; those of the system by default.
            insecure: hosts, as `str(Origin)`, whose certificates are not checked.
            proxy: the URL of the proxy for an origin.
            refuse_private: refuse to connect to addresses of private networks.
            headers: sent with every request.
            pause: about the seconds before the second try; then twice as many each time.
            sleep: waits between tries, in place of a wait that closing the client ends.
        """
        self._headers = {
            "User-Agent": f"slim/{VERSION}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        self._connections = Connections(
            ca_file=ca_file, insecure=insecure, proxy=proxy, refuse_private=refuse_private
        )
        self._answer_timeout, self._pause, self._sleep = answer_timeout, pause, sleep
        self._closed = Event()
        self._timeout = timeout
        self._until = None if timeout is None else time.monotonic() + timeout
        self._timer: Timer | None = None
        if timeout is not None:
            self._timer = _start(timeout, self._end)

    def close(self) -> None:
        """Cut all connections; nothing can be read afterwards."""
        if self._timer is not None:
            self._timer.cancel()
        self._end()

    def _end(self) -> None:
        self._closed.set()
        self._connections.close()

    def has_time(self, seconds: float) -> bool:
        """Whether the deadline is further away than that."""
        return self._until is None or time.monotonic() + seconds < self._until

    def check_time(self, origin: Origin) -> None:
        """Stop when the deadline is over; `origin` is who was asked.

        Raises:
            HttpError: it is, or somebody closed the client.
        """
        if not self.has_time(0):
            raise HttpError("deadline", f"not done within {self._timeout:g} seconds", origin)
        if self._closed.is_set():
            raise HttpError("closed", "the client is closed", origin)

    def failure(self, error: Exception, origin: Origin) -> HttpError:
        """What an exception of the libraries means."""
        try:
            self.check_time(origin)
        except HttpError as over:
            return over
        return explain_failure(error, origin)

    def follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        next_url: NextUrl,
        body: bytes | None = None,
        *,
        repeatable: bool = True,
        whole: int | None = None,
    ) -> Answer:
        """`request`, and its redirects: only 307 and 308 for methods that change something.

        Raises:
            HttpError: as `request`; or too many redirects.
            GaveUp: as `request`.
        """
        first = origin_of(url)
        # 301 to 303 turn everything into a GET, which would not do what was asked.
        redirected = (301, 302, 303, 307, 308) if method in ("GET", "HEAD") else (307, 308)
        for _ in range(REDIRECTS + 1):
            answer = self.request(method, url, headers, body, repeatable=repeatable, whole=whole)
            if answer.status not in redirected:
                return answer
            answer.close()
            url = next_url(url, answer.headers.get("Location", ""))
            if origin_of(url) != first:
                headers = {
                    name: value
                    for name, value in headers.items()
                    if name.lower() != "authorization"
                }
        raise HttpError("redirects", f"more than {REDIRECTS} redirects", first)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        repeatable: bool = True,
        whole: int | None = None,
    ) -> Answer:
        """One URL's answer; after temporary failures it is asked for again, a little later each time.

        Args:
            method: HTTP's.
            url: without user.
            headers: beside those of the client.
            body: what is sent.
            repeatable: sending it twice changes nothing.
            whole: read the body, too, up to so many bytes; that of an error up to 64 KiB.

        Raises:
            HttpError: there is no answer, and there will be none.
            GaveUp: all answers were temporary failures.
        """
        for attempt in range(1, TRIES + 1):
            answer: Answer | None = None
            problem: HttpError | None = None
            wait: float | None = None
            try:
                answer = self._exchange(method, url, headers, body, whole)
            except HttpError as error:
                if error.kind != "connection":
                    raise
                # A new one: the traceback of this one would hold on to this frame.
                problem = HttpError(error.kind, str(error), error.origin)
            else:
                if not is_temporary(answer.status, answer.headers):
                    return answer
                wait = asked_to_wait(answer.headers)
            unsure = not repeatable and (answer is None or answer.status >= 500)
            if wait is None:
                wait = backoff(self._pause, attempt)
            if unsure:
                raise GaveUp("unsure", answer, problem, wait)
            if wait > LONGEST_WAIT:
                raise GaveUp("wait", answer, problem, wait)
            if attempt == TRIES:
                raise GaveUp("tries", answer, problem, wait)
            if not self.has_time(wait):
                raise GaveUp("time", answer, problem, wait)
            if answer is not None:
                answer.close()
            self.wait(wait, origin_of(url))
        raise AssertionError("the last attempt returns or raises")

    def wait(self, seconds: float, origin: Origin) -> None:
        """Wait, but not beyond the deadline.

        Raises:
            HttpError: it is over, or the client was closed.
        """
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            self._closed.wait(seconds)
        self.check_time(origin)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        whole: int | None,
    ) -> Answer:
        if whole is None:
            return self._send(method, url, headers, body)
        with self._bounded(origin_of(url)):
            answer = self._send(method, url, headers, body)
            is_error = not 200 <= answer.status < 300
            answer.content = answer.body(_ERROR_BYTES if is_error else whole, cut=is_error)
            return answer

    @contextmanager
    def _bounded(self, origin: Origin) -> Iterator[None]:
        """Cut the connection when one answer takes too long; new ones can be made."""
        seconds = self._answer_timeout
        if seconds is None:
            yield
            return
        is_over = Event()

        def cut() -> None:
            is_over.set()
            self._connections.cut()

        timer = _start(seconds, cut)
        words = f"the answer takes longer than {seconds:,g} seconds"
        try:
            yield
        except HttpError as error:
            if is_over.is_set() and error.kind == "connection":
                raise HttpError("connection", words, origin) from None
            raise
        finally:
            timer.cancel()
        if is_over.is_set():
            raise HttpError("connection", words, origin)

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        origin = origin_of(url)
        self.check_time(origin)
        try:
            response = self._connections.manager(origin).urlopen(
                method,
                url,
                redirect=False,
                body=body,
                headers={**self._headers, **headers},
                retries=False,
                timeout=_TIMEOUT,
                preload_content=False,
                decode_content=False,
            )
        except _FAILURES as error:
            raise self.failure(error, origin) from None
        answer = Answer(self, url, response)
        try:
            # Headers that were cut look like complete ones.
            self.check_time(origin)
        except HttpError:
            answer.close()
            raise
        part = f" ({headers['Range']})" if "Range" in headers else ""
        _log.debug("%s %s%s: %d", method, show(url), part, answer.status)
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            answer.close()
            raise HttpError("encoding", f"the encoding {encoding[:40]!r}", origin)
        return answer


def _start(seconds: float, action: Callable[[], None]) -> Timer:
    timer = Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer
