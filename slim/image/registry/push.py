"""An OCI layout → a repository of a registry: blobs that it lacks, then manifests, the tag last.

This alone of all that speaks to registries changes anything, and only in the repository that the user names.
Source: OCI distribution-spec "Pushing blobs in chunks", "Mounting a blob from another repository".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote, urljoin

from slim.errors import InputError, NetworkError
from slim.http.client import Answer
from slim.image import kinds
from slim.image.archive import Archive
from slim.image.build import read_document
from slim.image.documents import Object, check_digest, parse
from slim.image.graph import blob_name
from slim.image.model import Blob
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.writable import WritableRegistry
from slim.image.stored import read_all
from slim.limits import Limits

_CHUNK = 8 << 20
"""Bytes sent at once: so many are in memory."""
_TRIES = 3


def push(
    archive: Archive,
    reference: Reference,
    access: Access,
    limits: Limits,
    *,
    mount_from: str = "",
    progress: Callable[[int], None] | None = None,
) -> str:
    """Push the image of a layout under the tag of `reference`; returns its digest.

    What the repository holds is not sent again, nor what the registry can mount from the repository
    `mount_from` of the same registry.

    Raises:
        NetworkError: the registry refuses, or does not answer.
    """
    index = read_document(archive, "index.json", limits)[1]
    entries = Object(index, "index.json", ("manifests",)).items("manifests")
    digests = {entry.get("digest") for entry in entries if isinstance(entry, dict)}
    if len(digests) != 1:
        raise InputError("ambiguous-image", "index.json leads to several images")
    registry = WritableRegistry(reference, access, limits.json_bytes)
    pusher = _Pusher(archive, registry, reference, limits, mount_from, progress)
    try:
        return pusher.tree(check_digest(str(digests.pop()), "index.json"), reference.tag)
    finally:
        registry.http.close()


class _Pusher:
    def __init__(
        self,
        archive: Archive,
        registry: WritableRegistry,
        reference: Reference,
        limits: Limits,
        mount_from: str,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._archive, self._registry, self._limits = archive, registry, limits
        self._mount_from = mount_from
        self._progress = progress
        self._base = f"{registry.prefix}://{reference.api_host}/v2/{reference.repository}"
        self._done: set[str] = set()

    def tree(self, digest: str, tag: str) -> str:
        """Push a manifest or index with all that it leads to."""
        data = read_all(self._blob(digest), self._limits.json_bytes, digest)
        document = parse(data, digest, self._limits)
        kind = document.get("mediaType")
        if kind in kinds.INDEXES:
            for entry in document.get("manifests") or []:
                self.tree(check_digest(str(entry.get("digest")), digest), "")
        else:
            for part in (document.get("config"), *(document.get("layers") or [])):
                self._push_blob(check_digest(str((part or {}).get("digest")), digest))
        name = tag or digest
        answer = self._registry.change(
            "PUT", f"{self._base}/manifests/{name}", data, {"Content-Type": str(kind)}
        )
        self._expect(answer, (201,), f"the manifest {name}")
        return digest

    def _blob(self, digest: str) -> Blob:
        blob = self._archive.blob(blob_name(digest))
        if blob is None:
            raise InputError("missing-blob", f"{digest} is not in the layout")
        return blob

    def _push_blob(self, digest: str) -> None:
        if digest in self._done:
            return
        self._done.add(digest)
        blob = self._blob(digest)
        answer = self._registry.change("HEAD", f"{self._base}/blobs/{digest}")
        answer.close()
        if answer.status == 200:
            return
        for attempt in range(1, _TRIES + 1):
            location = self._begin(digest)
            if not location:
                return  # mounted
            try:
                self._upload(blob, digest, location)
            except NetworkError:
                # A chunk that may have arrived cannot be sent again: the upload begins anew.
                if attempt == _TRIES:
                    raise
                continue
            return

    def _begin(self, digest: str) -> str:
        """Where an upload goes; empty if the registry has the blob in the other repository."""
        url = f"{self._base}/blobs/uploads/"
        if self._mount_from:
            url += f"?mount={digest}&from={quote(self._mount_from)}"
        answer = self._registry.change("POST", url, b"")
        if answer.status == 201:
            answer.close()
            return ""
        self._expect(answer, (202,), f"an upload of {digest}")
        return self._location(answer)

    def _upload(self, blob: Blob, digest: str, location: str) -> None:
        at = 0
        for chunk in _chunks(blob):
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{at}-{at + len(chunk) - 1}",
            }
            answer = self._registry.change("PATCH", location, chunk, headers)
            self._expect(answer, (202,), f"a part of {digest}")
            location = self._location(answer)
            at += len(chunk)
            if self._progress is not None:
                self._progress(len(chunk))
        separator = "&" if "?" in location else "?"
        answer = self._registry.change("PUT", f"{location}{separator}digest={digest}", b"")
        self._expect(answer, (201,), digest)

    def _location(self, answer: Answer) -> str:
        """Where the registry wants the next part: nowhere but at itself."""
        location = urljoin(answer.url, answer.headers.get("Location", ""))
        self._registry.require_own(
            location, "wants an upload at", "slim sends images to the registry itself only"
        )
        return location

    def _expect(self, answer: Answer, statuses: tuple[int, ...], what: str) -> None:
        answer.close()
        if answer.status in statuses:
            return
        if answer.status in (401, 403):
            raise self._registry.identity.denied()
        raise NetworkError(
            "registry-refused",
            f"the registry {self._registry.origin} answers {answer.status} to {what}",
            "may this user write to the repository?",
        )


def _chunks(blob: Blob) -> Iterator[bytes]:
    held = bytearray()
    for piece in blob.chunks():
        held += piece
        while len(held) >= _CHUNK:
            yield bytes(held[:_CHUNK])
            del held[:_CHUNK]
    if held:
        yield bytes(held)
