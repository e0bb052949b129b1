"""oras-py's `Registry` over our own HTTP client: its protocol, and not one request of its own.

`do_request` is what all of its methods send requests with. Here it is ours: one deadline, bounded bodies,
redirects and token servers by our rules (origin.py), credentials for the registry alone, GET and HEAD only.

Of oras-py's protocol these are used: the URLs of `Container`, `get_blob`. What stays unsafe whatever the
transport, as of 0.2.43, and is therefore not used:

- `get_manifest` returns parsed JSON: the bytes that the digest is of are gone. Manifests are asked for
  with `do_request`.
- `get_tags` asks for page after page as long as the registry names one. Over this transport the pages
  stay with the registry, and the deadline ends it; there is no other bound.
- `Container` takes the first part of a name for a host where it has a dot or a colon, whatever `hostname`
  says: of `team.app/x` on `registry.example.com` it would ask the host `team.app`, and of `localhost/x`
  the default registry. So its fields are set from our own strict reference.
- `Layout`, `pull`: they write files where a registry's digests and annotations say.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, cast

import oras.container
import oras.provider
import requests
import requests.utils

from slim.errors import NetworkError
from slim.http.client import Answer, GaveUp, HttpClient
from slim.http.failures import HttpError
from slim.http.origin import is_private
from slim.http.retries import backoff
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.failures import busy_error, network_error
from slim.image.registry.origin import follow, origin_of, registry_origin
from slim.image.registry.tokens import Identity

_ACCEPTED = ("GET", "HEAD")
_PAUSE = 0.25
"""About the seconds before the second try."""


def answer_of(response: requests.Response) -> Answer:
    """What is behind a response of `GuardedRegistry` with `stream`."""
    return cast("Answer", response.raw)


class _NoConfigFiles:
    """oras-py's place for log-ins; `Identity` finds them instead, by stricter rules."""

    def load_configs(self, *args: Any, **options: Any) -> None:
        """Read no file."""


class GuardedRegistry(oras.provider.Registry):  # type: ignore[misc]
    """One repository's registry; used by several threads."""

    def __init__(
        self, reference: Reference, access: Access, body_bytes: int, scope: str = ""
    ) -> None:
        """`scope` is what a token is asked for."""
        without_tls = not {reference.host, reference.api_host}.isdisjoint(access.plain_http)
        self.origin = registry_origin(reference.api_host, plain_http=without_tls)
        super().__init__(hostname=reference.api_host, insecure=without_tls)
        self.auth = _NoConfigFiles()
        self._access = access
        self._body_bytes = body_bytes
        self.http = HttpClient(
            timeout=access.timeout,
            ca_file=access.ca_file or requests.utils.DEFAULT_CA_BUNDLE_PATH,
            insecure=access.insecure,
            proxy=lambda origin: access.proxy,
            refuse_private=(
                access.block_private and not access.proxy and not is_private(self.origin.host)
            ),
            pause=_PAUSE,
        )
        self.identity = Identity(reference, self.origin, access, self.http, scope)
        namespace, _, name = reference.repository.rpartition("/")
        # A catalogue is of no repository, which oras-py does not allow.
        self.container = oras.container.Container(name or "catalogue")
        self.container.registry = reference.api_host
        self.container.namespace = namespace
        self.container.repository = name
        self.container.tag, self.container.digest = reference.tag, reference.digest

    def manifest_url(self, name: str) -> str:
        """The URL of a manifest by tag or digest."""
        return f"{self.prefix}://{self.container.manifest_url(name)}"

    def referrers_url(self, digest: str) -> str:
        """The URL of the list of what refers to a manifest."""
        where = f"{self.container.registry}/v2/{self.container.api_prefix}"
        return f"{self.prefix}://{where}/referrers/{digest}"

    def blob_url(self, digest: str) -> str:
        """The URL of a blob."""
        return f"{self.prefix}://{self.container.get_blob_url(digest)}"

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """The answer of the registry, or of where it redirects to, after a log-in if it asks for one.

        With `stream` its `raw` is an `Answer`, to be read and closed; without, the body is in memory.

        Raises:
            NetworkError: no answer, or only one that we do not get.
            ValueError: a method that changes something.
        """
        if method not in _ACCEPTED or data is not None or json is not None:
            raise ValueError(f"slim only reads registries: {method}")
        self.require_own(url, "names a page of", "slim reads lists from the registry itself only")
        sent = self.identity.header
        answer = self._follow(method, url, headers or {}, sent)
        if answer.status in (401, 403):
            answer.close()
            self.identity.log_in(answer, sent)
            answer = self._follow(method, url, headers or {}, self.identity.header)
            if answer.status == 403:
                answer.close()
                raise self.identity.denied()
        return self._response(method, answer, stream)

    def require_own(self, url: str, request: str, hint: str) -> None:
        """Refuse a URL that is not of the registry itself.

        Raises:
            NetworkError: it is another origin's; `request` is what the registry does with it.
        """
        if origin_of(url) != self.origin:
            raise NetworkError(
                "registry-url", f"the registry {self.origin} {request} {origin_of(url)}", hint
            )

    @property
    def timeout(self) -> float:
        """Seconds for all requests together."""
        return self._access.timeout

    def failure(self, error: HttpError) -> NetworkError:
        """The error for a body that could not be read."""
        return network_error(error, self.origin, self._access.timeout)

    def pause(self, failures: int) -> None:
        """Wait before a blob that broke off is resumed.

        Raises:
            NetworkError: the deadline is over.
        """
        try:
            self.http.wait(backoff(_PAUSE, failures), self.origin)
        except HttpError as error:
            raise self.failure(error) from None

    def _follow(self, method: str, url: str, headers: Mapping[str, str], login: str) -> Answer:
        def next_url(before: str, location: str) -> str:
            return follow(before, location, self.origin, self._access)

        sent = {**headers, **({"Authorization": login} if login else {})}
        try:
            return self.http.follow(method, url, sent, next_url)
        except HttpError as error:
            raise self.failure(error) from None
        except GaveUp as failed:
            if failed.answer is not None and failed.why == "tries":
                return failed.answer
            target = failed.answer.origin if failed.answer else self.origin
            if failed.answer is not None:
                failed.answer.close()
            if failed.error is not None:
                target = failed.error.origin
            raise busy_error(failed, target, self.origin, self._access.timeout) from None

    def _response(self, method: str, answer: Answer, stream: bool) -> requests.Response:
        response = requests.Response()
        response.status_code = answer.status
        response.reason = answer.reason or ""
        response.headers.update(answer.headers)
        response.url = answer.url
        response.request = requests.Request(method, answer.url).prepare()
        response.raw = answer
        if not stream:
            try:
                response.raw = io.BytesIO(answer.body(self._body_bytes))
            except HttpError as error:
                raise self.failure(error) from None
        return response
