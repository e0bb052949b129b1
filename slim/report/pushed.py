"""Reports in a registry, attached to their images: pushed there, and found there."""

from __future__ import annotations

from msgspec.structs import replace

from slim.errors import UsageError
from slim.image.ref import ImageRef
from slim.image.reference import Reference
from slim.image.registry.access import Access
from slim.image.registry.client import Client
from slim.image.registry.image import open_registry
from slim.image.registry.referrers import attach, find_attached, is_signed
from slim.image.select import Choice
from slim.image.source import find_reference, open_image
from slim.limits import Limits
from slim.report.attached import parse_attached
from slim.report.load import parse_report
from slim.report.model import Report


def attach_report(
    content: bytes, where: str, reference: Reference, access: Access, limits: Limits
) -> str:
    """Push a report to the registry of its image; the digest of the artifact.

    Raises:
        InputError: it is not a report.
        UsageError: it is about another image, or an index is named.
        NetworkError: the registry does not take it.
    """
    report = parse_report(content, where, limits)
    client = Client(reference, access, limits)
    try:
        image = open_registry(client, reference, str(reference), Choice(), limits, layers=False)
    finally:
        client.close()
    if parse_attached(content, image, limits) is None:
        raise UsageError(
            "other-image",
            f"{where} is not a complete report of {reference}",
            f"it is about the config {report.image.config_digest[:80]}, the image has"
            f" {image.config_digest}",
        )
    exact = replace(reference, tag="", digest=image.manifest_digest)
    return attach(exact, access, limits, content)


def attached_report(ref: ImageRef, limits: Limits, *, signed: bool = False) -> Report | None:
    """The report that is attached to an image in a registry; None where there is none that is about it.

    With `signed` only if there is a cosign signature beside the image, too. Errors are those of `open_image`.
    """
    reference = find_reference(ref.name)
    if reference is None or ref.manifest_only:
        return None
    with open_image(replace(ref, manifest_only=True), limits) as image:
        pass
    client = Client(reference, ref.access, limits)
    try:
        data = find_attached(client, image.manifest_digest, limits)
        if data is None or (signed and not is_signed(client, image.manifest_digest, limits)):
            return None
    finally:
        client.close()
    return parse_attached(data, image, limits)
