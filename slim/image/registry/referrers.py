"""Documents that refer to an image: found by the referrers API, else by the tag that stands for it.

Whoever may push to the repository may attach one: a document is only what it says it is after its subject,
its digest and its size were checked. Source: OCI distribution-spec "Listing Referrers".
"""

from __future__ import annotations

import json
from typing import Any

from slim.errors import InputError, IntegrityError, NetworkError
from slim.image import kinds
from slim.image.documents import parse
from slim.image.manifest import read_index, verify
from slim.image.model import Descriptor
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.client import Client
from slim.image.registry.writable import WritableRegistry
from slim.limits import Limits

REPORT_TYPE = "application/vnd.slim.report.v1+json"
"""Type of the artifact and of its one blob."""
_EMPTY = b"{}"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_MOST = 8
"""Artifacts of one image that are looked at, the last first."""


def find_attached(client: Client, digest: str, limits: Limits) -> bytes | None:
    """The report that was attached last to the image of this digest; None where there is none.

    Raises:
        NetworkError: the registry does not answer.
        IntegrityError: what it sends is not what its digest says.
    """
    found = [each for each in _referrers(client, digest, limits) if _is_report(each)]
    for descriptor in reversed(found[-_MOST:]):
        try:
            data, _, _ = client.manifest(descriptor.digest)
            document = parse(data, f"the manifest {descriptor.digest}", limits)
            blob = _blob_of(document, digest)
        except InputError:
            continue
        if blob is not None and blob.size <= limits.report_bytes:
            content = b"".join(client.stream(blob.digest, blob.size))
            return verify(content, blob, f"the blob {blob.digest}")
    return None


def is_signed(client: Client, digest: str, limits: Limits) -> bool:
    """Whether a cosign signature of the image is there, by its tag or as a referrer. It is not verified."""
    if any(
        "sigstore" in each.artifact_type or "cosign" in each.artifact_type
        for each in _referrers(client, digest, limits)
    ):
        return True
    return _exists(client, f"{digest.replace(':', '-')}.sig")


def attach(reference: Reference, access: Access, limits: Limits, content: bytes) -> str:
    """Push a report that refers to the image; where the registry has no referrers API, list it under the
    tag that stands for it.

    Returns:
        The digest of the artifact.

    Raises:
        NetworkError: the registry does not take it.
    """
    client, registry = Client(reference, access, limits), None
    try:
        data, digest, kind = client.manifest(reference.digest or reference.tag)
        registry = WritableRegistry(reference, access, limits.json_bytes)
        subject = {"mediaType": kind or _MANIFEST, "digest": digest, "size": len(data)}
        config = {"mediaType": "application/vnd.oci.empty.v1+json", **registry.put_blob(_EMPTY)}
        layer = {
            "mediaType": REPORT_TYPE,
            **registry.put_blob(content),
            "annotations": {"org.opencontainers.image.title": "report.json"},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "artifactType": REPORT_TYPE,
            "config": config,
            "layers": [layer],
            "subject": subject,
        }
        artifact, is_known = registry.put_manifest(manifest)
        if not is_known:
            _list_under_tag(client, registry, digest, artifact, manifest, limits)
        return artifact
    finally:
        client.close()
        if registry is not None:
            registry.http.close()


def _list_under_tag(
    client: Client,
    registry: WritableRegistry,
    digest: str,
    artifact: str,
    manifest: dict[str, Any],
    limits: Limits,
) -> None:
    """Add the artifact to the index under the tag that stands for the image's referrers."""
    tag = digest.replace(":", "-", 1)
    listed: list[Any] = []
    try:
        data, _, _ = client.manifest(tag)
        document = parse(data, f"the index {tag}", limits)
        if isinstance(document, dict) and isinstance(document.get("manifests"), list):
            listed = [each for each in document["manifests"] if isinstance(each, dict)]
    except NetworkError as error:
        if error.slug != "registry-not-found":
            raise
    size = len(json.dumps(manifest, separators=(",", ":")).encode())
    own = {"mediaType": _MANIFEST, "digest": artifact, "size": size, "artifactType": REPORT_TYPE}
    others = [each for each in listed if each.get("digest") != artifact]
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [*others, own]}
    registry.put_manifest(index, tag)


def _referrers(client: Client, digest: str, limits: Limits) -> tuple[Descriptor, ...]:
    """What refers to an image, as the registry lists it; nothing of a list that is none."""
    data = client.list_referrers(digest)
    where = f"the referrers of {digest}"
    if data is None:
        try:
            data = client.manifest(digest.replace(":", "-", 1))[0]
        except NetworkError as error:
            if error.slug != "registry-not-found":
                raise
            return ()
    try:
        return read_index(parse(data, where, limits), where, limits) or ()
    except (InputError, IntegrityError):
        return ()


def _is_report(descriptor: Descriptor) -> bool:
    """An older registry does not say the type: then the manifest does."""
    return (
        descriptor.artifact_type in ("", REPORT_TYPE) and descriptor.media_type in kinds.MANIFESTS
    )


def _blob_of(document: Any, subject: str) -> Descriptor | None:
    """The one blob of a report about this image."""
    if not isinstance(document, dict) or document.get("artifactType") != REPORT_TYPE:
        return None
    refers, layers = document.get("subject"), document.get("layers")
    if not isinstance(refers, dict) or refers.get("digest") != subject:
        return None
    if not isinstance(layers, list) or len(layers) != 1 or not isinstance(layers[0], dict):
        return None
    found = read_index(
        {"schemaVersion": 2, "mediaType": _INDEX, "manifests": layers}, "the artifact", Limits()
    )
    blob = found[0] if found else None
    return blob if blob is not None and blob.media_type == REPORT_TYPE else None


def _exists(client: Client, tag: str) -> bool:
    try:
        client.manifest(tag)
    except NetworkError as error:
        if error.slug != "registry-not-found":
            raise
        return False
    return True
