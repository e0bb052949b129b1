"""Two images of anybody's making, compared path by path; and whether a certificate is about them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from slim.errors import InputError
from slim.image.model import Image
from slim.limits import Limits
from slim.repack.certificate import Certificate, PlatformCertificate, Proof
from slim.repack.compare import compare
from slim.repack.divergent import divergent_layers
from slim.repack.toc_layers import FORMAT_FILES
from slim.repack.trees import Tree


class Verification(Struct, frozen=True):
    """The comparison of two images of one platform."""

    platform: str
    before: str
    """Digest of the manifest, or of the config where there is no manifest."""
    after: str
    proof: Proof
    divergent: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    """Layers that engines unpack differently: (source or result, layer, ids of the warnings that say so)."""


class Verified(Struct, frozen=True):
    """What `slim verify` found out."""

    images: tuple[Verification, ...]
    faults: tuple[str, ...]
    """Where the certificate says something else than the images."""

    @property
    def holds(self) -> bool:
        """There is no difference but those that the certificate lists."""
        return not self.faults and not any(each.proof.differences for each in self.images)


def verify(
    before: tuple[Image, Tree],
    after: tuple[Image, Tree],
    certificate: Certificate | None,
    limits: Limits,
) -> tuple[Verification, tuple[str, ...]]:
    """Compare two images; with a certificate the paths that it lists as removed have to be missing.

    Raises:
        InputError, LimitError: a layer cannot be read.
    """
    platform = str(before[0].config.platform)
    faults: list[str] = []
    about = _about(certificate, platform) if certificate is not None else None
    gone: frozenset[bytes] = frozenset()
    if about is not None:
        gone = frozenset(_paths(about))
        for stated, image, word in (
            (about.source, before[0], "source"),
            (about.result, after[0], "result"),
        ):
            if stated.config_digest != image.config_digest:
                faults.append(
                    f"the certificate is about a {word} with the config {stated.config_digest}, and this"
                    f" image has {image.config_digest}"
                )
    elif certificate is not None:
        faults.append(f"the certificate says nothing of {platform}")
    own = {path.encode() for path in about.format_files} if about is not None else set()
    proof = compare(
        before[1], after[1], lambda path, _: path in gone, limits, uncompared=own & FORMAT_FILES
    )
    divergent = tuple(
        (side, layer, ids)
        for side, (_, tree) in (("source", before), ("result", after))
        for layer, ids in divergent_layers(tree.files).items()
    )
    verification = Verification(platform, digest(before[0]), digest(after[0]), proof, divergent)
    return verification, tuple(faults)


def digest(image: Image) -> str:
    """What an image is known by."""
    return image.manifest_digest or image.config_digest


def read_certificate(data: bytes, name: str) -> Certificate:
    """A certificate as it was written.

    Raises:
        InputError: it is none, or of another version.
    """
    try:
        found = msgspec.json.decode(data, type=Certificate)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(
            "not-a-certificate",
            f"{name!r} is not a certificate of slim repack: {error}"[:500],
            "slim repack writes one beside its result",
        ) from None
    if found.schema_version.partition(".")[0] != "1":
        raise InputError(
            "certificate-version",
            f"{name!r} has the schema version {found.schema_version[:20]!r}",
            "this slim reads version 1",
        )
    return found


def _about(certificate: Certificate, platform: str) -> PlatformCertificate | None:
    return next((image for image in certificate.images if image.source.platform == platform), None)


def _paths(about: PlatformCertificate) -> Iterator[bytes]:
    for each in about.removed:
        if each.visible:
            yield each.raw_path
