"""Media types: what a blob is, by its label.

Sources: OCI image-spec media-types.md; Docker image manifest v2 schema 2; ocicrypt spec.go;
BuildKit docs/attestations/attestation-storage.md; the projects that define the artifact types.
"""

from __future__ import annotations

from slim.patterns import regex

INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)
CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
SNIFFED = frozenset({"application/vnd.docker.image.rootfs.diff.tar"})
"""Types whose blobs every engine looks at, because docker has stored them compressed too."""
ESTARGZ = "containerd.io/snapshot/stargz/toc.digest"
"""Annotation of a layer that has a table of contents: the table's digest."""
ATTESTATION = "vnd.docker.reference.type"
"""Annotation of an index entry that describes another entry."""

_LAYER = regex(
    r"application/vnd\.(?:"
    r"oci\.image\.layer\.(?P<nd>nondistributable\.)?v1\.tar(?:\+(?P<oci>[a-z0-9]+))?"
    r"|docker\.image\.rootfs\.(?P<foreign>foreign\.)?diff\.tar(?:\.(?P<docker>gzip|zstd))?"
    r")(?P<encrypted>\+encrypted)?"
)
_ARTIFACTS = (
    ("application/vnd.cncf.helm.", "a Helm chart"),
    ("application/vnd.dev.cosign.", "a cosign signature"),
    ("application/vnd.dev.sigstore.", "a Sigstore bundle"),
    ("application/vnd.cncf.notary.", "a Notary signature"),
    ("application/vnd.wasm.", "a WebAssembly module"),
    ("application/vnd.w3c.wasm", "a WebAssembly module"),
    ("application/vnd.module.wasm", "a WebAssembly module"),
    ("application/vnd.docker.attestation.", "a BuildKit attestation"),
    ("application/vnd.in-toto", "an in-toto attestation"),
    ("application/spdx", "an SPDX bill of materials"),
    ("application/vnd.cyclonedx", "a CycloneDX bill of materials"),
    ("application/vnd.docker.plugin.", "a Docker engine plugin"),
    ("application/vnd.docker.compose.", "a Compose project"),
    ("application/vnd.docker.ai.", "an AI model"),
    ("application/vnd.buildkit.cacheconfig.", "a BuildKit cache"),
    ("application/vnd.oci.empty.v1+json", "an artifact without config"),
)


def artifact_name(kind: str) -> str:
    """What a manifest with this config or artifact type is, for people."""
    for prefix, name in _ARTIFACTS:
        if kind.startswith(prefix):
            return name
    return "an artifact"


def layer_label(media_type: str) -> str | None:
    """Compression that a layer's label promises: `none`, `gzip`, `zstd`; None for no layer type.

    >>> layer_label("application/vnd.docker.image.rootfs.diff.tar.gzip")
    'gzip'
    """
    found = _LAYER.fullmatch(media_type)
    if found is None:
        return None
    label = found["oci"] or found["docker"] or "none"
    return label if label in {"none", "gzip", "zstd"} else None


def is_foreign(media_type: str) -> bool:
    """The layer may be left out of an archive: foreign or nondistributable."""
    found = _LAYER.fullmatch(media_type)
    return found is not None and bool(found["nd"] or found["foreign"])


def is_encrypted(media_type: str) -> bool:
    """The layer's contents need a key (ocicrypt)."""
    return media_type.endswith("+encrypted")
