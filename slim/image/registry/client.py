"""Documents and blobs of one repository: requests that are repeated, redirected and resumed within bounds.

A tag is resolved once; everything else is asked for by digest. What comes back is counted while it comes:
never more than was announced, and no request but GET and HEAD is ever sent.
Source: OCI distribution-spec "Pull"; RFC 9110 §14 (ranges), §10.2.3 (Retry-After).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from random import SystemRandom
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions

from slim.errors import InputError, IntegrityError, LimitError, NetworkError, SlimError
from slim.image import kinds
from slim.image.documents import check_digest
from slim.image.hashes import digest_of
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.origin import follow, origin_of, registry_origin, show
from slim.image.registry.tokens import Identity
from slim.image.registry.transport import Transport
from slim.limits import Limits, exceeded

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHUNK = 256 << 10
_REDIRECTS = 5
_TRIES = 4
_RESUMES = 3
_PAUSE = 0.25
"""Seconds before the second try, on the average; then twice as many each time."""
_LONGEST_WAIT = 60.0
_ERROR_BYTES = 64 << 10
_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_ACCEPT = ", ".join(sorted(kinds.INDEXES | kinds.MANIFESTS))
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.ASCII)
_jitter = SystemRandom().uniform


class Client:
    """Reads one repository until it is closed; used by several threads."""

    def __init__(self, reference: Reference, access: Access, limits: Limits) -> None:
        self.reference = reference
        self._access = access
        self._limits = limits
        plain = not {reference.host, reference.api_host}.isdisjoint(access.plain_http)
        self._origin = registry_origin(reference.api_host, plain_http=plain)
        self._base = f"{self._origin.scheme}://{reference.api_host}/v2/{reference.repository}"
        self._identity = Identity(reference, self._origin, access)
        self._transport = Transport(self._origin, access, self._identity)
        self._identity.get = lambda url, headers: self._repeat("GET", url, headers, guarded=False)
        self._identity.read = self._body

    def close(self) -> None:
        """Cut all connections; blobs cannot be read afterwards."""
        self._transport.close()

    def manifest(self, name: str) -> tuple[bytes, str, str]:
        """A manifest or index by tag or digest: its bytes, digest and content type.

        Raises:
            NetworkError: it could not be got.
            IntegrityError: it is not what the digest, or the registry itself, says.
            LimitError: it is too large.
        """
        url = f"{self._base}/manifests/{name}"
        data, response = self._document(url, {"Accept": _ACCEPT}, f"the manifest {name}")
        said = response.headers.get("Docker-Content-Digest", "")
        wanted = name if ":" in name else ""
        digest = digest_of(data, wanted.partition(":")[0] or "sha256", f"the manifest {name}")
        for claim in (wanted, said):
            if claim and not _agrees(claim, data, digest):
                raise IntegrityError(
                    "wrong-digest",
                    f"the manifest {name[:80]} has the digest {digest},"
                    f" but it should be {claim[:100]!r}",
                    "the registry, or somebody between, sent something else: try again",
                )
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return data, digest, kind

    def document(self, digest: str) -> bytes:
        """A small blob, such as a config; not verified yet.

        Raises:
            NetworkError, LimitError: as `manifest`.
        """
        return self._document(f"{self._base}/blobs/{digest}", {}, f"the blob {digest}")[0]

    def has_blob(self, digest: str) -> bool:
        """Whether the registry holds a blob.

        Raises:
            NetworkError: it does not say.
        """
        response = self._request("HEAD", f"{self._base}/blobs/{digest}", {})
        response.close()
        if response.status_code in (200, 404):
            return response.status_code == 200
        raise self._refusal(response, f"the blob {digest}")

    def stream(
        self, digest: str, size: int, first: int = 0, count: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of a blob of `size` bytes, or `count` of them from `first` on.

        A connection that breaks is resumed where it broke, `_RESUMES` times.

        Raises:
            NetworkError: they could not be got.
            IntegrityError: the registry has more or fewer bytes than `size`.
        """
        at, end = first, size if count is None else first + count
        resumes = 0
        while at < end:
            try:
                for piece in self._piece(digest, size, at, end):
                    at += len(piece)
                    yield piece
                if at < end:
                    raise ConnectionError(f"it ended at byte {at:,} of {end:,}")
            except ConnectionError as error:
                resumes += 1
                if resumes > _RESUMES:
                    raise NetworkError(
                        "registry-broken",
                        f"the blob {digest} of {self._origin} broke off {resumes} times: {error}",
                        "try again; if it always ends there, the registry has lost a part of it",
                    ) from None
                self._wait(_PAUSE * _jitter(0.5, 1) * 2**resumes)

    def part(self, digest: str, size: int, first: int, count: int) -> bytes | None:
        """A part of a blob of `size` bytes; None where the registry only sends blobs as a whole.

        Raises:
            NetworkError, IntegrityError: as `stream`.
        """
        url, last = f"{self._base}/blobs/{digest}", first + count - 1
        response = self._request("GET", url, {"Range": f"bytes={first}-{last}"})
        try:
            if response.status_code == 200:
                return None
            if response.status_code != 206:
                raise self._refusal(response, f"the blob {digest}")
            _position(response, digest, size, first, first + count)
            data = self._body(response, count)
        except LimitError:
            raise _too_long(digest, size) from None
        finally:
            response.close()
        if len(data) < count:
            # The connection broke: what is missing comes by the way that can resume.
            data += b"".join(self.stream(digest, size, first + len(data), count - len(data)))
        return data

    def _piece(self, digest: str, size: int, at: int, end: int) -> Iterator[bytes]:
        """One request's worth of a blob: from `at` to `end`, or to where the connection breaks."""
        whole = (at, end) == (0, size)
        headers = {} if whole else {"Range": f"bytes={at}-{end - 1}"}
        response = self._request("GET", f"{self._base}/blobs/{digest}", headers)
        try:
            if response.status_code not in (200, 206):
                raise self._refusal(response, f"the blob {digest}")
            skip, left = _position(response, digest, size, at, end)
            while True:
                piece = self._read(response, _CHUNK)
                if not piece:
                    return
                if skip:
                    # A registry that does not know ranges begins anew.
                    cut = min(skip, len(piece))
                    skip, piece = skip - cut, piece[cut:]
                    if not piece:
                        continue
                if len(piece) > left:
                    if response.status_code == 200 and end < size:
                        yield piece[:left]
                        return
                    raise _too_long(digest, size)
                left -= len(piece)
                yield piece
        finally:
            response.close()

    def _document(
        self, url: str, headers: Mapping[str, str], what: str
    ) -> tuple[bytes, requests.Response]:
        response = self._request("GET", url, headers)
        if response.status_code != 200:
            raise self._refusal(response, what)
        limit = self._limits.json_bytes
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
            response.close()
            raise exceeded("json_bytes", int(announced), limit, what)
        try:
            return self._body(response, limit), response
        except LimitError:
            raise exceeded("json_bytes", limit + 1, limit, what) from None

    def _body(self, response: requests.Response, limit: int) -> bytes:
        parts, size = [], 0
        try:
            while part := self._read(response, min(_CHUNK, limit + 1 - size)):
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise exceeded("json_bytes", size, limit, f"an answer of {self._origin}")
        except ConnectionError as error:
            raise NetworkError(
                "registry-broken", f"{show(response.url)} broke off: {error}", "try again"
            ) from None
        finally:
            response.close()
        return b"".join(parts)

    def _read(self, response: requests.Response, count: int) -> bytes:
        """The next bytes of a body as they were sent; empty at its end."""
        try:
            data: bytes = response.raw.read1(count, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self._transport.failure(error, origin_of(response.url)) from None
        return data

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        """An answer of the registry or of where it redirects to; credentials stay with the registry."""
        for _ in range(_REDIRECTS + 1):
            sent = dict(headers)
            if origin_of(url) == self._origin and self._identity.header:
                sent["Authorization"] = self._identity.header
            response = self._repeat(method, url, sent)
            if response.status_code not in _REDIRECTED:
                return response
            location = response.headers.get("Location", "")
            response.close()
            url = follow(url, location, self._origin, self._access)
        raise NetworkError(
            "registry-redirects",
            f"the registry {self._origin} redirects more than {_REDIRECTS} times",
            "ask the registry's operator",
        )

    def _repeat(
        self, method: str, url: str, headers: dict[str, str], *, guarded: bool = True
    ) -> requests.Response:
        """One URL's answer; what may pass is tried again, a little later each time."""
        for attempt in range(1, _TRIES + 1):
            try:
                response = self._transport.send(method, url, headers, guarded=guarded)
            except ConnectionError as error:
                if attempt == _TRIES:
                    raise NetworkError(
                        "registry-unreachable",
                        f"{origin_of(url)} cannot be reached: {error} ({_TRIES} tries)",
                        "check the name, the port and the network; plain HTTP needs --plain-http HOST",
                    ) from None
                self._wait(_PAUSE * _jitter(0.5, 1) * 2**attempt)
                continue
            if response.status_code not in _PASSING or attempt == _TRIES:
                return response
            pause = _retry_after(response)
            response.close()
            if pause is not None and pause > _LONGEST_WAIT:
                raise NetworkError(
                    "registry-busy",
                    f"{origin_of(url)} wants no request for {pause:,.0f} seconds",
                    "try again later, or log in: registries allow more to whom they know",
                )
            self._wait(pause if pause is not None else _PAUSE * _jitter(0.5, 1) * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        self._transport.over.wait(seconds)
        self._transport.check_time()

    def _refusal(self, response: requests.Response, what: str) -> SlimError:
        """Why the registry does not answer with what was asked for."""
        status, said = response.status_code, ""
        if response.request.method != "HEAD":
            said = self._error_text(response)
        response.close()
        where = origin_of(response.url)
        if status == 404:
            return NetworkError(
                "registry-not-found",
                f"{self.reference}: {where} does not have {what}{said}",
                "check the name and the tag; private images look like absent ones: log in",
            )
        if status == 429:
            return NetworkError(
                "registry-busy",
                f"{where} refuses {what}: too many requests{said}",
                "try again later, or log in: registries allow more to whom they know",
            )
        if status in (401, 403):
            return NetworkError(
                "registry-denied",
                f"{where} denies access to {what} ({status}){said}",
                "check the name, and whether this user may read it",
            )
        return NetworkError(
            "registry-error", f"{where} answered {status} for {what}{said}", "try again later"
        )

    def _error_text(self, response: requests.Response) -> str:
        """What the registry says about it: one line, without what nobody should read."""
        try:
            errors = json.loads(self._body(response, _ERROR_BYTES))["errors"]
            text = f"{errors[0].get('code', '')}: {errors[0].get('message', '')}"
        except (SlimError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return ""
        for secret in self._identity.secrets():
            text = text.replace(secret, "***")
        text = "".join(
            letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
        )
        return f" ({text[:200]})"


def _agrees(claim: str, data: bytes, digest: str) -> bool:
    """Whether a digest that somebody claims is that of the bytes."""
    try:
        check_digest(claim, "the digest")
        return claim == digest or claim == digest_of(data, claim.partition(":")[0], "the digest")
    except (InputError, IntegrityError):
        return False


def _position(
    response: requests.Response, digest: str, size: int, at: int, end: int
) -> tuple[int, int]:
    """(bytes to pass over, bytes to take) of an answer, if its headers fit what was asked for."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        if length and length != str(size):
            raise IntegrityError(
                "wrong-size",
                f"the registry has {length[:20]} bytes of {digest}, but its descriptor says {size:,}",
                "the registry, or somebody between, has something else: try again",
            )
        return at, end - at
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or (int(found[1]), int(found[2])) != (at, end - 1):
        raise NetworkError(
            "registry-range",
            f"the registry answered with another part of {digest} than was asked for",
            "try again; ask the registry's operator if it stays so",
        )
    if found[3] not in ("*", str(size)):
        raise _too_long(digest, size)
    return 0, end - at


def _too_long(digest: str, size: int) -> IntegrityError:
    return IntegrityError(
        "wrong-size",
        f"the registry sends other bytes for {digest} than the {size:,} that its descriptor says",
        "the registry, or somebody between, has something else: try again",
    )


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait; None when it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError, TypeError):
        return None
