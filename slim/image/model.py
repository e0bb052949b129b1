"""The nouns of an image. Frozen, without I/O; everything else depends on them.

Shapes follow the OCI image specification (descriptor.md, manifest.md, config.md) and Docker's image
specification v1.2; both are read into the same types.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Protocol

from msgspec import Struct, field

CHUNK = 1 << 20
"""Bytes read at once: large enough to make system calls cheap, small enough for the processor cache."""


class Blob(Protocol):
    """Stored bytes that can be read from front to back, more than once."""

    @property
    def size(self) -> int:
        """Bytes as stored."""

    @property
    def position(self) -> int:
        """Where the blob lies in its archive: identifies it, and ascending order reads fastest."""

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """The bytes in order, in pieces of at most `CHUNK` bytes; of `most` bytes where they are in a file.

        Raises:
            InputError: the archive ends before the blob does.
        """


class Platform(Struct, frozen=True):
    """Operating system, architecture and variant, as in an index entry or a config."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(Struct, frozen=True):
    """A reference to a blob: what it claims to be, its digest and its size in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()
    data: bytes | None = None
    """Embedded content, base64-decoded, not yet verified."""


class History(Struct, frozen=True):
    """One entry of the config's history."""

    created_by: str = ""
    created: str = ""
    comment: str = ""
    author: str = ""
    empty_layer: bool = False


class TableOfContents(Struct, frozen=True):
    """What a layer says it holds, read in place of the layer; verified by its digest annotation."""

    kind: str
    """`estargz` or `zstd:chunked`."""
    document: bytes
    """JSON."""
    position: int
    """Where the table begins in the blob; all files lie before it."""
    stored: int
    """Bytes that it takes in the blob."""
    fetched: int
    """Bytes that were transferred to know it."""

    @property
    def compression(self) -> str:
        """Of the layer's blob."""
        return "gzip" if self.kind == "estargz" else "zstd"

    @property
    def is_file(self) -> bool:
        """The table is a file of the layer too, for readers that do not know it."""
        return self.kind == "estargz"

    @property
    def has_ends(self) -> bool:
        """It says where in the blob a file ends; else it ends where the next one begins."""
        return self.kind == "zstd:chunked"


class Layer(Struct, frozen=True):
    """One layer: where its blob is, what it should hash to, and which instruction made it."""

    index: int
    diff_id: str
    """Digest of the uncompressed tar, from the config."""
    blob: Blob | None
    """None when the archive does not hold the contents; `missing` says why."""
    descriptor: Descriptor | None = None
    """None in docker-archives without OCI manifest, which name layers by path only."""
    history: History | None = None
    missing: str = ""
    member: str = ""
    """Name of the archive member that holds the blob, for messages."""
    toc: TableOfContents | None = None
    """Read in place of the blob, whose contents then nobody has seen."""

    @property
    def size(self) -> int:
        """Stored bytes: of the blob, or as the descriptor says when there is no blob."""
        if self.blob is not None:
            return self.blob.size
        return self.descriptor.size if self.descriptor else 0


class Config(Struct, frozen=True):
    """The part of the image config that says how the image runs."""

    platform: Platform
    created: str = ""
    author: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    health_times: tuple[tuple[str, int], ...] = ()
    """(option of HEALTHCHECK, nanoseconds; times for `retries`), as far as the image says them."""
    onbuild: tuple[str, ...] = ()
    stop_signal: str = ""
    shell: tuple[str, ...] = ()


class ImageWarning(Struct, frozen=True):
    """Something that is not an error and that the reader of a report should know."""

    id: str
    text: str
    layer: int | None = None
    path: bytes | None = None


class Image(Struct, frozen=True):
    """One image of one platform, with its layers from first to last."""

    format: str
    """`docker-archive`, `oci-archive`, `oci-dir` or `registry`."""
    input: str
    """What the user gave, for the report."""
    archive_bytes: int
    """Size of the archive file, or of all blobs of a layout directory."""
    names: tuple[str, ...]
    """Tags and reference names."""
    manifest_digest: str
    """Empty where a docker-archive has no manifest with a digest."""
    config_digest: str
    config: Config
    history: tuple[History, ...]
    layers: tuple[Layer, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[ImageWarning, ...] = ()
    config_document: bytes = b""
    """The config as it is stored."""
    manifest_document: bytes = b""
    """The manifest as it is stored; empty where a docker-archive has none."""
    entry: Descriptor | None = None
    """What the index says of the manifest."""
    companions: tuple[Descriptor, ...] = ()
    """What else the index leads to: attestations, signatures and other artifacts."""
    compression: str = "none"
    """Of the archive as a whole: if any, blobs are cheap to read only in archive order."""
