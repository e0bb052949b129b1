"""OCI layouts, in a directory or a tar: index → manifest → config and layers.

Source: OCI image-spec image-layout.md. A digest's grammar is checked before it names a member.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from slim.errors import InputError, IntegrityError, SlimError
from slim.image import kinds
from slim.image.archive import Archive
from slim.image.build import align_history, check_layer_count, read_document
from slim.image.documents import Object, refused
from slim.image.graph import (
    Fetch,
    Found,
    Graph,
    blob_name,
    fetch_from,
    read_verified,
    stored_document,
    walk,
)
from slim.image.manifest import read_config, read_index, read_manifest, verify
from slim.image.model import Blob, Descriptor, History, Image, ImageWarning, Layer, Platform
from slim.image.select import Candidate, Choice, choose
from slim.image.stored import MemoryBlob
from slim.limits import Limits


def open_oci(archive: Archive, given: str, form: str, choice: Choice, limits: Limits) -> Image:
    """The one image that is meant; `form` is what the input is called in the report.

    Raises:
        InputError: not an OCI layout, incomplete, or of something that is not an image.
        IntegrityError: a document is not what its descriptor says.
        UsageError: several images, and no choice given.
    """
    fetch = fetch_from(archive, limits)
    graph = _graph(archive, fetch, limits)
    digests = list(graph.images)
    if not digests:
        raise no_image(graph)
    look = choice.platform is not None or len(digests) > 1
    candidates = image_candidates(fetch, graph, limits, look=look)
    digest = digests[choose(candidates, choice)]
    image = _image(archive, fetch, graph, digest, given, form, limits)
    return replace(image, warnings=(*image.warnings, *_orphans(archive, graph)))


def read_all_images(
    archive: Archive, given: str, form: str, limits: Limits
) -> Iterator[tuple[tuple[str, ...], Image | SlimError]]:
    """Each image of a layout with its names, or why it cannot be read.

    Raises:
        SlimError: as `open_oci`, where the layout itself is at fault.
    """
    fetch = fetch_from(archive, limits)
    graph = _graph(archive, fetch, limits)
    if not graph.images:
        raise no_image(graph)
    for digest, found in graph.images.items():
        try:
            yield tuple(found.names), _image(archive, fetch, graph, digest, given, form, limits)
        except SlimError as error:
            yield tuple(found.names), error


def _image(
    archive: Archive,
    fetch: Fetch,
    graph: Graph,
    digest: str,
    given: str,
    form: str,
    limits: Limits,
) -> Image:
    found = graph.images[digest]
    if found.config is None:
        raise InputError(
            "missing-blob",
            f"the manifest {digest} is not in the archive",
            "this platform was not saved: choose another with --platform, or save it too",
        )
    where = f"the manifest {digest}"
    manifest = read_manifest(read_verified(fetch, found.descriptor, limits), where, limits)
    config = read_config(read_verified(fetch, found.config, limits), found.config.digest, limits)
    check_layer_count(config, len(manifest.layers), where)
    history, warnings = align_history(config, len(manifest.layers))
    return Image(
        format=form,
        input=given,
        archive_bytes=archive.size,
        names=tuple(found.names),
        manifest_digest=digest,
        config_digest=found.config.digest,
        config=config.config,
        history=config.history,
        layers=tuple(
            make_layer(
                index,
                layer,
                config.diff_ids[index],
                history[index],
                archive.blob(blob_name(layer.digest)),
            )
            for index, layer in enumerate(manifest.layers)
        ),
        annotations={**found.descriptor.annotations, **manifest.annotations},
        warnings=(*warnings, *graph_warnings(graph)),
        config_document=stored_document(fetch, found.config),
        manifest_document=stored_document(fetch, found.descriptor),
        entry=found.descriptor,
        companions=tuple(graph.companions),
        compression=archive.compression,
    )


def list_images(archive: Archive, limits: Limits) -> list[Candidate]:
    """All images of a layout, in the order of `Choice.image_index`; errors as for `open_oci`."""
    fetch = fetch_from(archive, limits)
    return image_candidates(fetch, _graph(archive, fetch, limits), limits, look=True)


def _graph(archive: Archive, fetch: Fetch, limits: Limits) -> Graph:
    _check_version(read_document(archive, "oci-layout", limits, "layout_bytes")[1])
    entries = read_index(read_document(archive, "index.json", limits)[1], "index.json", limits)
    if entries is None:
        raise refused("index.json", "is not an index")
    return walk(fetch, entries, limits)


def _check_version(document: Any) -> None:
    version = Object(document, "oci-layout", ("imageLayoutVersion",)).text("imageLayoutVersion")
    if version != "1.0.0":
        raise InputError(
            "layout-version",
            f"oci-layout has the version {version[:40]!r}",
            "slim reads version 1.0.0",
        )


def image_candidates(fetch: Fetch, graph: Graph, limits: Limits, *, look: bool) -> list[Candidate]:
    """The images to choose from; `look` reads the configs of those whose platform is not said."""
    known: dict[str, Platform] = {}

    def platform_of(found: Found) -> Platform | None:
        if found.descriptor.platform is not None or found.config is None or not look:
            return found.descriptor.platform
        digest = found.config.digest
        if digest not in known:
            document = read_verified(fetch, found.config, limits)
            known[digest] = read_config(document, digest, limits).config.platform
        return known[digest]

    return [
        Candidate(tuple(found.names), platform_of(found), digest, present=found.config is not None)
        for digest, found in graph.images.items()
    ]


def make_layer(
    index: int,
    descriptor: Descriptor,
    diff_id: str,
    history: History | None,
    blob: Blob | None,
    missing: str = "",
) -> Layer:
    """A layer of a manifest; `missing` says why there is no blob, where that is not a fault.

    Raises:
        InputError: no layer that can be read, or its blob is absent.
        IntegrityError: the blob, or what the descriptor holds of it, is not what the descriptor says.
    """
    name = blob_name(descriptor.digest)
    known = kinds.layer_label(descriptor.media_type) is not None
    if not known and not kinds.is_encrypted(descriptor.media_type):
        raise InputError(
            "unsupported-layer",
            f"layer {index} has the type {descriptor.media_type[:120]!r}",
            "slim reads tar layers: plain, gzip or zstd",
        )
    if descriptor.data is not None and not missing:
        blob = MemoryBlob(verify(descriptor.data, descriptor, f"layer {index} in its descriptor"))
    if kinds.is_encrypted(descriptor.media_type):
        missing = "encrypted: reading it needs a key"
    elif blob is None and not missing and kinds.is_foreign(descriptor.media_type):
        missing = "foreign layer: not in the archive, and never fetched from its URLs"
    elif blob is None and not missing:
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


def no_image(graph: Graph) -> SlimError:
    """The error for an index that leads to no image: why, if something there nearly was one."""
    if graph.refusals:
        return graph.refusals[0]
    return InputError(
        "no-image",
        f"the index leads to no image ({graph.attestations} attestations,"
        f" {graph.others.total()} entries of other types)",
        "save the image itself",
    )


def graph_warnings(graph: Graph) -> tuple[ImageWarning, ...]:
    """What else the index leads to."""
    warnings: list[ImageWarning] = []
    if graph.attestations:
        text = (
            f"{graph.attestations} attestation manifests of {graph.attestation_bytes:,} bytes"
            " beside the image"
        )
        warnings.append(ImageWarning("attestations", text))
    if graph.others:
        types = ", ".join(kind[:120] for kind in sorted(graph.others)[:3])
        text = f"{graph.others.total()} entries of the index are of other types: {types}"
        warnings.append(ImageWarning("other-descriptors", text))
    return tuple(warnings)


def _orphans(archive: Archive, graph: Graph) -> tuple[ImageWarning, ...]:
    expected = {blob_name(digest) for digest in graph.referenced}
    orphans = [
        size
        for name, size in archive.sizes().items()
        if name.startswith("blobs/") and name not in expected
    ]
    if not orphans:
        return ()
    text = (
        f"{len(orphans)} blobs of {sum(orphans):,} bytes that nothing refers to:"
        " they cost archive size"
    )
    return (ImageWarning("orphan-blob", text),)
