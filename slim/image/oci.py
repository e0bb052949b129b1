"""OCI layouts, in a directory or a tar: index → manifest → config and layers.

Source: OCI image-spec image-layout.md, image-index.md, manifest.md. Documents are verified against
their descriptors before they are read; a digest's grammar is checked before it names a member.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from slim.errors import InputError, IntegrityError, SlimError
from slim.image import kinds
from slim.image.archive import Archive, read_all
from slim.image.build import align_history, check_layer_count, read_document
from slim.image.documents import Object, parse, refused
from slim.image.manifest import Manifest, read_config, read_index, read_manifest, verify
from slim.image.model import Descriptor, History, Image, Layer, Notice, Platform
from slim.image.select import Candidate, choose
from slim.limits import Limits, exceeded

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@dataclass
class _Graph:
    """What the index leads to."""

    images: dict[str, tuple[Descriptor, list[str]]] = field(default_factory=dict)
    """Manifests that could be images: digest → descriptor, names."""
    manifests: dict[str, Manifest] = field(default_factory=dict)
    """Those that are present and are images."""
    artifacts: list[str] = field(default_factory=list)
    refusals: list[SlimError] = field(default_factory=list)
    referenced: set[str] = field(default_factory=set)
    """Digests that something points to."""
    attestations: int = 0
    others: int = 0


def open_oci(
    archive: Archive,
    given: str,
    form: str,
    *,
    tag: str | None,
    image_index: int | None,
    platform: Platform | None,
    limits: Limits,
) -> Image:
    """The one image that is meant. `form` is `oci-archive` or `oci-dir`.

    Raises:
        InputError: not an OCI layout, incomplete, or of something that is no image.
        IntegrityError: a document is not what its descriptor says.
        UsageError: several images, and no choice given.
    """
    _check_version(read_document(archive, "oci-layout", limits)[1])
    entries = read_index(read_document(archive, "index.json", limits)[1], "index.json", limits)
    if entries is None:
        raise refused("index.json", "is not an index")
    graph = _walk(archive, entries, limits)
    digests = list(graph.images)
    if not digests:
        raise _no_image(graph)
    candidates = [_candidate(archive, graph, digest, platform, limits) for digest in digests]
    digest = digests[choose(candidates, tag=tag, image_index=image_index, platform=platform)]
    descriptor, names = graph.images[digest]
    manifest = graph.manifests.get(digest)
    if manifest is None:
        raise InputError(
            "missing-blob",
            f"the manifest {digest} is not in the archive",
            "this platform was not saved: choose another with --platform, or save it too",
        )
    config = read_config(
        _document(archive, manifest.config, limits), manifest.config.digest, limits
    )
    check_layer_count(config, len(manifest.layers), f"the manifest {digest}")
    history, notices = align_history(config, len(manifest.layers))
    return Image(
        format=form,
        input=given,
        archive_bytes=archive.size,
        names=tuple(names),
        manifest_digest=digest,
        config_digest=manifest.config.digest,
        config=config.config,
        history=config.history,
        layers=tuple(
            _layer(archive, index, layer, config.diff_ids[index], history[index])
            for index, layer in enumerate(manifest.layers)
        ),
        annotations={**descriptor.annotations, **manifest.annotations},
        notices=(*notices, *_graph_notices(archive, graph)),
        compression=archive.compression,
    )


def blob_name(digest: str) -> str:
    """Member of a layout that holds a blob; the digest's grammar must have been checked."""
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def _check_version(document: Any) -> None:
    version = Object(document, "oci-layout", ("imageLayoutVersion",)).text("imageLayoutVersion")
    if version != "1.0.0":
        raise InputError(
            "layout-version",
            f"oci-layout has the version {version[:40]!r}",
            "slim reads version 1.0.0",
        )


def _walk(archive: Archive, entries: tuple[Descriptor, ...], limits: Limits) -> _Graph:
    """All manifests below the index, breadth first; bounded in depth, documents and descriptors."""
    graph = _Graph()
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
        below: list[tuple[Descriptor, list[str]]] = []
        for entry, names in level:
            graph.referenced.add(entry.digest)
            if entry.digest in graph.images:
                known = graph.images[entry.digest][1]
                known += [name for name in names if name not in known]
                continue
            if entry.digest in seen:
                continue
            seen.add(entry.digest)
            if len(seen) > limits.index_documents:
                raise exceeded("index_documents", len(seen), limits.index_documents, "index.json")
            children = _visit(archive, entry, names, graph, limits)
            below += [(child, _names(child) or names) for child in children]
        level = below
    return graph


def _visit(
    archive: Archive, entry: Descriptor, names: list[str], graph: _Graph, limits: Limits
) -> tuple[Descriptor, ...]:
    """Take note of one entry; returns the children of a nested index."""
    if entry.media_type and entry.media_type not in kinds.INDEXES | kinds.MANIFESTS:
        graph.others += 1
        return ()
    attestation = kinds.ATTESTATION in entry.annotations or (
        entry.platform is not None and entry.platform.os == "unknown"
    )
    if not attestation and archive.blob(blob_name(entry.digest)) is None and entry.data is None:
        if entry.media_type not in kinds.INDEXES:
            graph.images[entry.digest] = (entry, names)
        return ()
    if attestation:
        graph.attestations += 1
        _reference(archive, entry, graph, limits)
        return ()
    document = _document(archive, entry, limits)
    children = read_index(document, entry.digest, limits)
    if children is not None:
        if entry.media_type in kinds.MANIFESTS:
            raise refused(entry.digest, "is labelled a manifest and is an index")
        return children
    if entry.media_type in kinds.INDEXES:
        raise refused(entry.digest, "is labelled an index and is a manifest")
    _reference(archive, entry, graph, limits)
    try:
        manifest = read_manifest(document, f"the manifest {entry.digest}", limits)
    except InputError as error:
        if error.slug != "not-an-image":
            raise
        graph.refusals.append(error)
        return ()
    graph.images[entry.digest] = (entry, names)
    graph.manifests[entry.digest] = manifest
    return ()


def _reference(archive: Archive, entry: Descriptor, graph: _Graph, limits: Limits) -> None:
    """Remember what a manifest of any kind points to, so that it is no orphan."""
    if archive.blob(blob_name(entry.digest)) is None:
        return
    document = _document(archive, entry, limits)
    if isinstance(document, dict):
        parts = [document.get("config"), *(document.get("layers") or [])]
        graph.referenced.update(
            part["digest"]
            for part in parts
            if isinstance(part, dict) and isinstance(part.get("digest"), str)
        )


def _candidate(
    archive: Archive, graph: _Graph, digest: str, platform: Platform | None, limits: Limits
) -> Candidate:
    descriptor, names = graph.images[digest]
    known = descriptor.platform
    manifest = graph.manifests.get(digest)
    if known is None and manifest is not None and (platform is not None or len(graph.images) > 1):
        document = _document(archive, manifest.config, limits)
        known = read_config(document, manifest.config.digest, limits).config.platform
    return Candidate(tuple(names), known, digest, present=manifest is not None)


def _document(archive: Archive, descriptor: Descriptor, limits: Limits) -> Any:
    where = blob_name(descriptor.digest)
    if descriptor.data is not None:
        data = descriptor.data
    else:
        blob = archive.blob(where)
        if blob is None:
            raise InputError(
                "missing-blob",
                f"{where} is not in the archive",
                "the archive is incomplete: save the image again",
            )
        data = read_all(blob, limits.json_bytes, where)
    return parse(verify(data, descriptor, where), where, limits)


def _layer(
    archive: Archive, index: int, descriptor: Descriptor, diff_id: str, history: History | None
) -> Layer:
    name = blob_name(descriptor.digest)
    known = kinds.layer_label(descriptor.media_type) is not None
    if not known and not kinds.is_encrypted(descriptor.media_type):
        raise InputError(
            "unsupported-layer",
            f"layer {index} has the type {descriptor.media_type[:120]!r}",
            "slim reads tar layers: plain, gzip or zstd",
        )
    blob = archive.blob(name)
    missing = ""
    if kinds.is_encrypted(descriptor.media_type):
        missing = "encrypted: reading it needs a key"
    elif blob is None and kinds.is_foreign(descriptor.media_type):
        missing = "foreign layer: not in the archive, and never fetched from its URLs"
    elif blob is None:
        raise InputError(
            "missing-blob",
            f"layer {index} ({name}) is not in the archive",
            "the archive is incomplete: save the image again",
        )
    if blob is not None and blob.size != descriptor.size:
        raise IntegrityError(
            "wrong-size",
            f"layer {index} ({name}) has {blob.size:,} bytes,"
            f" but its descriptor says {descriptor.size:,}",
            "the image was changed or damaged: save or pull it again",
        )
    return Layer(
        index=index,
        diff_id=diff_id,
        blob=None if missing else blob,
        descriptor=descriptor,
        history=history,
        missing=missing,
        member=name,
    )


def _names(entry: Descriptor) -> list[str]:
    """Full names before bare tags, each once."""
    names = [entry.annotations[key] for key in _NAMES if entry.annotations.get(key)]
    if len(names) == 2 and names[0].endswith(f":{names[1]}"):
        names.pop()
    return names


def _no_image(graph: _Graph) -> SlimError:
    if graph.refusals:
        return graph.refusals[0]
    return InputError(
        "no-image",
        f"the index leads to no image ({graph.attestations} attestations,"
        f" {graph.others} entries of other types)",
        "save the image itself",
    )


def _graph_notices(archive: Archive, graph: _Graph) -> tuple[Notice, ...]:
    notices: list[Notice] = []
    if graph.attestations:
        notices.append(
            Notice("attestations", f"{graph.attestations} attestation manifests beside the image")
        )
    orphans = size = 0
    wanted = {blob_name(digest) for digest in graph.referenced}
    for name in archive.names():
        if name.startswith("blobs/") and name not in wanted:
            blob = archive.blob(name)
            orphans += 1
            size += blob.size if blob else 0
    if orphans:
        text = f"{orphans} blobs of {size:,} bytes that nothing refers to: they cost archive size"
        notices.append(Notice("orphan-blob", text))
    return tuple(notices)
