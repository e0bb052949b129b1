"""Pushing an artifact that refers to an image: a small document as a blob, and a manifest for it.

oras-py uploads the blobs, over our transport; manifests are sent as the bytes that their digest is of.
Source: OCI distribution-spec "Pushing manifests with subject", "Referrers Tag Schema".
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import requests

from slim.errors import NetworkError
from slim.http.client import Answer, GaveUp
from slim.http.failures import HttpError
from slim.image.hashes import digest_of
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.failures import busy_error
from slim.image.registry.origin import origin_of
from slim.image.registry.protocol import GuardedRegistry

_CHANGES = ("POST", "PUT")


class WritableRegistry(GuardedRegistry):
    """One repository's registry, for somebody who may push to it."""

    def __init__(self, reference: Reference, access: Access, body_bytes: int) -> None:
        scope = f"repository:{reference.repository}:pull,push"
        super().__init__(reference, access, body_bytes, scope)

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """As that of `GuardedRegistry`, with POST and PUT; nothing is sent to another origin."""
        if method not in _CHANGES:
            return super().do_request(url, method, data, headers, json, stream)
        self.require_own(
            url, "wants an upload to go to", "slim sends it to the registry itself only"
        )
        answer = self.change(method, url, data or b"", headers or {})
        return self._response(method, answer, stream=False)

    def change(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """One request of a push, to the registry itself; redirects are not followed.

        Raises:
            NetworkError: it does not let us in, or there is no answer; what may have arrived is not sent
                again.
        """
        try:
            return self._change(method, url, body, headers)
        except HttpError as error:
            raise self.failure(error) from None
        except GaveUp as failed:
            if failed.answer is not None:
                failed.answer.close()
            raise busy_error(failed, self.origin, self.origin, self.timeout) from None

    def _change(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        if origin_of(url) != self.origin:
            raise ValueError(f"nothing is sent to {origin_of(url)}")
        sent = self.identity.header
        for header in (sent, None):
            login = self.identity.header if header is None else header
            answer = self.http.request(
                method,
                url,
                {**headers, **({"Authorization": login} if login else {})},
                body,
                repeatable=method == "HEAD" or "/manifests/" in url,
            )
            if answer.status != 401 or header is None:
                return answer
            answer.close()
            self.identity.log_in(answer, sent)
        raise AssertionError("the second answer is returned")

    def put_blob(self, data: bytes) -> dict[str, object]:
        """Push a blob unless it is there; its digest and size.

        Raises:
            NetworkError: the registry refuses it.
        """
        digest = digest_of(data, "sha256", "the blob")
        with tempfile.TemporaryDirectory(prefix="slim-") as folder:
            path = os.path.join(folder, "blob")
            with open(path, "wb") as file:
                file.write(data)
            found = {"digest": digest, "size": len(data)}
            try:
                response = self.upload_blob(path, self.container, found)
            except ValueError:
                raise self._refused("an upload", 0) from None
        if response.status_code not in (200, 201, 202, 204):
            raise self._refused("the blob", response.status_code)
        return found

    def put_manifest(self, document: Mapping[str, object], tag: str = "") -> tuple[str, bool]:
        """Push a manifest or index, by its digest or a tag.

        Returns:
            Its digest, and whether the registry said that it knows what the manifest refers to.
        """
        data = json.dumps(document, separators=(",", ":")).encode()
        digest = digest_of(data, "sha256", "the manifest")
        url = self.manifest_url(tag or digest)
        kind = str(document["mediaType"])
        response = self.do_request(url, "PUT", data, {"Content-Type": kind})
        if response.status_code not in (200, 201, 202):
            raise self._refused("the manifest", response.status_code)
        return digest, bool(response.headers.get("OCI-Subject"))

    def _refused(self, what: str, status: int) -> NetworkError:
        return NetworkError(
            "registry-refused",
            f"{self.origin} does not take {what}{f' ({status})' if status else ''}",
            "check that this user may push to the repository",
        )
