"""Documents and blobs of one repository: resumed where a connection broke, checked against digests.

A tag is resolved once; everything else is asked for by digest. What comes back is counted while it comes:
never more than was announced, and no request but GET and HEAD is ever sent.
Source: OCI distribution-spec "Pull"; RFC 9110 §14 (ranges).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import closing

import requests

from slim.errors import InputError, IntegrityError, NetworkError, SlimError
from slim.http.client import Answer
from slim.http.failures import HttpError
from slim.http.origin import Origin
from slim.image import kinds
from slim.image.documents import check_digest
from slim.image.hashes import digest_of
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.protocol import GuardedRegistry, answer_of
from slim.limits import Limits, exceeded
from slim.patterns import regex

_CHUNK = 256 << 10
_RESUMES = 3
_ERROR_BYTES = 64 << 10
_ACCEPT = ", ".join(sorted(kinds.INDEXES | kinds.MANIFESTS))
_RANGE = regex(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.ASCII)


class Client:
    """Reads one repository until it is closed; used by several threads."""

    def __init__(self, reference: Reference, access: Access, limits: Limits) -> None:
        self.reference = reference
        self._limits = limits
        self._registry = GuardedRegistry(reference, access, limits.json_bytes)

    def close(self) -> None:
        """Cut all connections; blobs cannot be read afterwards."""
        self._registry.http.close()

    def manifest(self, name: str) -> tuple[bytes, str, str]:
        """A manifest or index by tag or digest: its bytes, digest and content type.

        Raises:
            NetworkError: it could not be got.
            IntegrityError: it is not what the digest, or the registry itself, says.
            LimitError: it is too large.
        """
        # Not `get_manifest`: it parses the bytes that the digest is of.
        url = self._registry.manifest_url(name)
        response = self._registry.do_request(url, headers={"Accept": _ACCEPT}, stream=True)
        data = self._document(response, f"the manifest {name}")
        expected = name if ":" in name else ""
        digest = digest_of(data, expected.partition(":")[0] or "sha256", f"the manifest {name}")
        for claim in (expected, response.headers.get("Docker-Content-Digest", "")):
            if claim and not _agrees(claim, data, digest):
                raise IntegrityError(
                    "wrong-digest",
                    f"the manifest {name[:80]} has the digest {digest},"
                    f" but it should be {claim[:100]!r}",
                    "the registry, or somebody in between, sent something else: try again",
                )
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return data, digest, kind

    def document(self, digest: str) -> bytes:
        """A small blob, such as a config; not verified yet.

        Raises:
            NetworkError, LimitError: as `manifest`.
        """
        return self._document(self._get_blob(digest), f"the blob {digest}")

    def list_referrers(self, digest: str) -> bytes | None:
        """The index of what refers to a manifest; None where the registry cannot list it.

        Raises:
            NetworkError, LimitError: as `manifest`.
        """
        url = self._registry.referrers_url(digest)
        response = self._registry.do_request(url, stream=True)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.status_code == 200 and kind in kinds.INDEXES:
            return self._document(response, f"the referrers of {digest}")
        answer_of(response).close()
        if response.status_code in (200, 400, 404, 405, 501):
            return None
        raise self._refusal(response, f"the referrers of {digest}")

    def has_blob(self, digest: str) -> bool:
        """Whether the registry holds a blob.

        Raises:
            NetworkError: it does not say.
        """
        response = self._get_blob(digest, head=True)
        response.close()
        if response.status_code in (200, 404):
            return response.status_code == 200
        raise self._refusal(response, f"the blob {digest}")

    def stream(
        self, digest: str, size: int, first: int = 0, count: int | None = None
    ) -> Generator[bytes, None, None]:
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
                with closing(self._piece(digest, size, at, end)) as pieces:
                    for piece in pieces:
                        at += len(piece)
                        yield piece
                if at < end:
                    words = f"it ended at byte {at:,} of {end:,}"
                    raise HttpError("connection", words, self._origin)
            except HttpError as error:
                if error.kind != "connection":
                    raise self._registry.failure(error) from None
                resumes += 1
                if resumes > _RESUMES:
                    raise NetworkError(
                        "registry-broken",
                        f"the blob {digest} of {self._origin} broke off {resumes} times: {error}",
                        "try again; if it always ends there, the registry has lost a part of it",
                    ) from None
                self._registry.pause(resumes)

    def part(self, digest: str, size: int, first: int, count: int) -> bytes | None:
        """A part of a blob of `size` bytes; None where the registry only sends blobs as a whole.

        Raises:
            NetworkError, IntegrityError: as `stream`.
        """
        response = self._get_range(digest, first, first + count)
        answer = answer_of(response)
        try:
            if response.status_code == 200:
                return None
            if response.status_code != 206:
                raise self._refusal(response, f"the blob {digest}")
            _position(response, digest, size, first, first + count)
            data = answer.body(count)
        except HttpError as error:
            if error.kind == "too-long":
                raise _too_long(digest, size) from None
            raise self._registry.failure(error) from None
        finally:
            answer.close()
        if len(data) < count:
            # The connection broke: what is missing comes by the way that can resume.
            data += b"".join(self.stream(digest, size, first + len(data), count - len(data)))
        return data

    def _piece(self, digest: str, size: int, at: int, end: int) -> Generator[bytes, None, None]:
        """One request's worth of a blob: from `at` to `end`, or to where the connection breaks."""
        whole = (at, end) == (0, size)
        response = self._get_blob(digest) if whole else self._get_range(digest, at, end)
        answer = answer_of(response)
        try:
            if response.status_code not in (200, 206):
                raise self._refusal(response, f"the blob {digest}")
            skip, left = _position(response, digest, size, at, end)
            while True:
                piece = answer.read(_CHUNK)
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
            answer.close()

    def _get_blob(self, digest: str, *, head: bool = False) -> requests.Response:
        response: requests.Response = self._registry.get_blob(
            self._registry.container, digest, stream=True, head=head
        )
        return response

    def _get_range(self, digest: str, first: int, end: int) -> requests.Response:
        """A part of a blob, which oras-py has no method for."""
        headers = {"Range": f"bytes={first}-{end - 1}"}
        return self._registry.do_request(
            self._registry.blob_url(digest), headers=headers, stream=True
        )

    def _document(self, response: requests.Response, what: str) -> bytes:
        if response.status_code != 200:
            raise self._refusal(response, what)
        limit = self._limits.json_bytes
        answer = answer_of(response)
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
            answer.close()
            raise exceeded("json_bytes", int(announced), limit, what)
        try:
            return answer.body(limit)
        except HttpError as error:
            if error.kind == "too-long":
                raise exceeded("json_bytes", limit + 1, limit, what) from None
            raise self._registry.failure(error) from None

    @property
    def _origin(self) -> Origin:
        return self._registry.origin

    def _refusal(self, response: requests.Response, what: str) -> SlimError:
        """Why the registry does not answer with what was asked for."""
        status, words = response.status_code, ""
        answer = answer_of(response)
        if response.request.method != "HEAD":
            words = self._error_text(answer)
        answer.close()
        where = answer.origin
        if status == 404:
            return NetworkError(
                "registry-not-found",
                f"{self.reference}: {where} does not have {what}{words}",
                'check name and tag; private images also answer "not found" until you log in',
            )
        if status == 429:
            return NetworkError(
                "registry-busy",
                f"{where} refuses {what}: too many requests{words}",
                "try again later, or log in: registries allow more to users they know",
            )
        if status in (401, 403):
            return NetworkError(
                "registry-denied",
                f"{where} denies access to {what} ({status}){words}",
                "check the name, and whether this user may read it",
            )
        return NetworkError(
            "registry-error", f"{where} answered {status} for {what}{words}", "try again later"
        )

    def _error_text(self, answer: Answer) -> str:
        """What the registry says about it: one line, without what nobody should read."""
        try:
            errors = json.loads(answer.body(_ERROR_BYTES, cut=True))["errors"]
            text = f"{errors[0].get('code', '')}: {errors[0].get('message', '')}"
        except (HttpError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return ""
        for secret in self._registry.identity.secrets():
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
                "the registry, or somebody in between, has something else: try again",
            )
        return at, end - at
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or (int(found[1]), int(found[2])) != (at, end - 1):
        raise NetworkError(
            "registry-range",
            f"the registry answered with another part of {digest} than was asked for",
            "try again; ask the registry's operator if it persists",
        )
    if found[3] not in ("*", str(size)):
        raise _too_long(digest, size)
    return 0, end - at


def _too_long(digest: str, size: int) -> IntegrityError:
    return IntegrityError(
        "wrong-size",
        f"the registry sends other bytes for {digest} than the {size:,} that its descriptor says",
        "the registry, or somebody in between, has something else: try again",
    )
