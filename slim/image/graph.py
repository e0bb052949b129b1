"""From `index.json` to the manifests: which of them are images, and what else is there.

Source: OCI image-spec image-index.md, manifest.md; BuildKit attestation-storage.md. Documents are
verified against their descriptors before they are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from slim.errors import InputError, SlimError
from slim.image import kinds
from slim.image.archive import Archive
from slim.image.documents import parse, refused
from slim.image.manifest import read_index, read_manifest, schema_1, verify
from slim.image.model import Descriptor
from slim.image.stored import read_all
from slim.limits import Limits, exceeded

Fetch = Callable[[Descriptor], bytes | None]
"""The bytes that a descriptor points to, not verified yet; None where they are not at hand."""
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class Found(Struct):
    """A manifest that could be the image."""

    descriptor: Descriptor
    names: dict[str, None]
    """Each once, in order."""
    config: Descriptor | None
    """None when the manifest is not at hand."""


class Graph(Struct):
    """What the index leads to."""

    images: dict[str, Found] = field(default_factory=dict)
    """By digest."""
    refusals: list[SlimError] = field(default_factory=list)
    """Why other manifests are not images."""
    referenced: set[str] = field(default_factory=set)
    """Digests that something points to."""
    attestations: int = 0
    attestation_bytes: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """Media types that mean nothing to us."""
    companions: list[Descriptor] = field(default_factory=list)
    """Entries that lead to something else than an image: attestations, signatures, other artifacts."""


def walk(fetch: Fetch, entries: tuple[Descriptor, ...], limits: Limits) -> Graph:
    """All manifests below the index, breadth first; bounded in depth, documents and descriptors.

    Of manifests that `fetch` does not have only their descriptors are known.

    Raises:
        InputError: a document that two readers take for different things.
        IntegrityError: a document is not what its descriptor says.
        LimitError: the graph is too large.
    """
    graph = Graph()
    level = [(entry, _names(entry)) for entry in entries]
    seen: set[str] = set()
    descriptors = depth = 0
    while level:
        depth += 1
        descriptors += len(level)
        if depth > limits.index_depth:
            raise exceeded("index_depth", depth, limits.index_depth, "index.json")
        if descriptors > limits.descriptors:
            raise exceeded("descriptors", descriptors, limits.descriptors, "index.json")
        below: list[tuple[Descriptor, dict[str, None]]] = []
        for entry, names in level:
            graph.referenced.add(entry.digest)
            if entry.digest in graph.images:
                graph.images[entry.digest].names.update(names)
                continue
            if entry.digest in seen:
                continue
            seen.add(entry.digest)
            if len(seen) > limits.index_documents:
                raise exceeded("index_documents", len(seen), limits.index_documents, "index.json")
            children = _visit(fetch, entry, names, graph, limits)
            below += [(child, _names(child) or names) for child in children]
        level = below
    return graph


def fetch_from(archive: Archive, limits: Limits) -> Fetch:
    """The documents of an archive."""

    def fetch(descriptor: Descriptor) -> bytes | None:
        where = blob_name(descriptor.digest)
        blob = archive.blob(where)
        return None if blob is None else read_all(blob, limits.json_bytes, where)

    return fetch


def read_verified(fetch: Fetch, descriptor: Descriptor, limits: Limits) -> Any:
    """The JSON document that a descriptor points to.

    Raises:
        InputError: missing, or not JSON that all parsers read alike.
        IntegrityError: it is not what the descriptor says.
    """
    document = _document(fetch, descriptor, limits)
    if document is None:
        raise InputError(
            "missing-blob",
            f"{blob_name(descriptor.digest)} is not in the archive",
            "the archive is incomplete: save the image again",
        )
    return document


def stored_document(fetch: Fetch, descriptor: Descriptor) -> bytes:
    """The bytes of a document that `read_verified` has read."""
    data = descriptor.data if descriptor.data is not None else fetch(descriptor)
    return data if data is not None else b""


def _document(fetch: Fetch, descriptor: Descriptor, limits: Limits) -> Any:
    """The verified document; None where it is not at hand."""
    where = blob_name(descriptor.digest)
    data = descriptor.data if descriptor.data is not None else fetch(descriptor)
    if data is None:
        return None
    document = parse(verify(data, descriptor, where), where, limits)
    if document is None:
        raise refused(where, "is not an object")
    return document


def blob_name(digest: str) -> str:
    """Member of a layout that holds a blob; the digest's grammar must have been checked."""
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def _visit(
    fetch: Fetch, entry: Descriptor, names: dict[str, None], graph: Graph, limits: Limits
) -> tuple[Descriptor, ...]:
    """Take note of one entry; returns the children of a nested index."""
    if entry.media_type in kinds.SCHEMA_1:
        graph.refusals.append(schema_1(entry.digest))
        return ()
    if entry.media_type and entry.media_type not in kinds.INDEXES | kinds.MANIFESTS:
        graph.others[entry.media_type] += 1
        graph.companions.append(entry)
        return ()
    document = _document(fetch, entry, limits)
    if _is_attestation(entry):
        graph.attestations += 1
        graph.companions.append(entry)
        graph.attestation_bytes += entry.size
        if document is not None:
            graph.attestation_bytes += _refer(graph, document)
        return ()
    if document is None:
        if entry.media_type not in kinds.INDEXES:
            graph.images[entry.digest] = Found(entry, names, None)
        return ()
    children = read_index(document, entry.digest, limits)
    if children is not None:
        if entry.media_type in kinds.MANIFESTS:
            raise refused(entry.digest, "is labelled a manifest and is an index")
        return children
    if entry.media_type in kinds.INDEXES:
        raise refused(entry.digest, "is labelled an index and is a manifest")
    _refer(graph, document)
    try:
        manifest = read_manifest(document, f"the manifest {entry.digest}", limits)
    except InputError as error:
        if error.slug != "not-an-image":
            raise
        graph.refusals.append(error)
        graph.companions.append(entry)
        return ()
    graph.images[entry.digest] = Found(entry, names, manifest.config)
    return ()


def _is_attestation(entry: Descriptor) -> bool:
    platform = entry.platform
    return kinds.ATTESTATION in entry.annotations or (
        platform is not None and "unknown" in (platform.os, platform.architecture)
    )


def _refer(graph: Graph, document: Any) -> int:
    """Note what a manifest of any kind points to, so that it is not an orphan; returns its bytes."""
    size = 0
    parts = document if isinstance(document, dict) else {}
    layers = parts.get("layers")
    for part in (parts.get("config"), *(layers if isinstance(layers, list) else ())):
        if isinstance(part, dict) and isinstance(part.get("digest"), str):
            graph.referenced.add(part["digest"])
            size += part["size"] if type(part.get("size")) is int else 0
    return size


def _names(entry: Descriptor) -> dict[str, None]:
    """Full names before bare tags, each once."""
    names = [entry.annotations[key] for key in _NAMES if entry.annotations.get(key)]
    if len(names) == 2 and names[0].endswith(f":{names[1]}"):
        names.pop()
    return dict.fromkeys(names)
