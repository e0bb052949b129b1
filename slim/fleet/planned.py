"""What is planned: each image with its layers and blobs, known from manifests and configs alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import InternalError
from slim.image.directory import PathBlob
from slim.image.model import CHUNK, Image
from slim.report.model import Report


class KnownSize(Struct, frozen=True):
    """Stands for a blob whose table is known: nobody reads it."""

    size: int
    position: int = 0

    def chunks(self, most: int = CHUNK) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        raise InternalError("unread-blob", "a blob is read whose table should be known")


class InRegistry(Struct, frozen=True):
    """A blob of a repository."""

    host: str
    repository: str


class InArchive(Struct, frozen=True):
    """A blob of the archive at a path: the layer of one of its images."""

    path: str
    image_index: int
    layer: int


Place = InRegistry | InArchive | PathBlob
"""Where a layer's bytes are, in a form that another process can open."""


class PlannedLayer(Struct, frozen=True):
    """A layer as the manifest and the config have it."""

    digest: str
    """Of the stored blob; its key in the store."""
    diff_id: str
    pull_bytes: int
    place: Place | None
    """None where the contents cannot be had; `missing` says why."""
    missing: str
    created: str
    created_by: str


class Planned(Struct, frozen=True):
    """One image of a fleet, or the reason why there is none under its name."""

    source: str
    registry: str
    repository: str
    tag: str
    name: str
    top: str = ""
    image: Image | None = None
    """Without anything to read from."""
    layers: tuple[PlannedLayer, ...] = ()
    blobs: Mapping[str, tuple[str, int]] = {}
    """Digest → (kind, stored bytes) of all that the image needs in its registry."""
    error: str = ""
    attached: Report | None = None
    """Its report, where one was found beside it in the registry: its layers need not be read."""
    where: str = ""
    """Tells images of one name apart: where an archive lies, and the position in it."""

    @property
    def key(self) -> str:
        """The key of the image: the same for whatever its name leads to later."""
        platform = str(self.image.config.platform) if self.image else ""
        text = "\0".join(
            (self.registry, self.repository, self.tag, self.name, platform, self.where)
        )
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]

    def fingerprint(self, made_by: str) -> str:
        """What the rows of the image depend on: its contents, and what analyzes them."""
        config = self.image.config_digest if self.image else ""
        digests = " ".join(layer.digest for layer in self.layers)
        text = f"{self.top} {config} {digests} {self.error}"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        return f"{made_by}-{digest}"


def unopened(image: Image) -> Image:
    """The image without its blobs, of which only the sizes are left, and without its documents."""
    return replace(
        image,
        config_document=b"",
        manifest_document=b"",
        layers=tuple(
            replace(layer, blob=KnownSize(layer.size) if not layer.missing else None)
            for layer in image.layers
        ),
    )
