"""From a reference to an `Image` whose layers stream from the registry when they are read.

The tag is resolved once, then everything is asked for by digest and verified. Of an index only the entry
of the platform that is meant is followed; the addresses in descriptors (`urls`) are never used.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import SlimError, UsageError
from slim.image import kinds
from slim.image.build import align_history, check_layer_count
from slim.image.documents import parse, refused
from slim.image.graph import Graph, read_verified, stored_document, walk
from slim.image.manifest import Manifest, read_config, read_index, read_manifest
from slim.image.model import CHUNK, Blob, Descriptor, History, Image, ImageWarning, Layer
from slim.image.oci import graph_warnings, image_candidates, make_layer, no_image
from slim.image.reference import Reference
from slim.image.registry.client import Client
from slim.image.registry.lazy import with_tables
from slim.image.select import Choice, choose
from slim.limits import Limits


class RegistryBlob(Struct, frozen=True):
    """A blob in a registry: each reading of it is a download."""

    client: Client
    digest: str
    size: int
    position: int = 0

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`; also raises what `Client.stream` does."""
        return self.client.stream(self.digest, self.size)


def open_registry(
    client: Client,
    reference: Reference,
    given: str,
    choice: Choice,
    limits: Limits,
    *,
    layers: bool = True,
    lazy: bool = True,
) -> Image:
    """The image that a reference names.

    Without `layers` their contents are unknown: nothing is read. With `lazy`, of layers that have a
    table of contents only that is read.

    Raises:
        NetworkError: the registry does not answer, or not with that.
        InputError: it is not an image, or of a kind that is not supported.
        IntegrityError: a document is not what its digest says.
        UsageError: several platforms, and no choice given.
    """
    if choice.tag is not None or choice.image_index is not None:
        raise UsageError(
            "bad-choice",
            "--tag and --image-index choose in an archive; a registry's image is chosen by its name",
            "write the tag into the name, and choose with --platform",
        )

    def fetch(descriptor: Descriptor) -> bytes | None:
        """Indexes and configs; a manifest only if it must be looked at to know its platform."""
        if descriptor.media_type in kinds.CONFIGS:
            return client.document(descriptor.digest)
        if descriptor.media_type in kinds.MANIFESTS and descriptor.platform is not None:
            return None
        return client.manifest(descriptor.digest)[0]

    data, top, kind = client.manifest(reference.digest or reference.tag)
    document = parse(data, f"the manifest {top}", limits)
    entries = read_index(document, f"the manifest {top}", limits)
    is_index = entries is not None
    if (kind in kinds.INDEXES and not is_index) or (kind in kinds.MANIFESTS and is_index):
        raise refused(f"the manifest {top}", f"is not the {kind} that the registry calls it")
    graph = Graph()
    chosen = Descriptor(kind, top, len(data))
    if entries is not None:
        graph = walk(fetch, entries, limits)
        if not graph.images:
            raise no_image(graph)
        look = choice.platform is not None or len(graph.images) > 1
        candidates = image_candidates(fetch, graph, limits, look=look)
        chosen = graph.images[list(graph.images)[choose(candidates, choice)]].descriptor
        data = stored_document(lambda descriptor: client.manifest(descriptor.digest)[0], chosen)
        document = read_verified(lambda _: data, chosen, limits)
        if read_index(document, chosen.digest, limits) is not None:
            raise refused(chosen.digest, "is labelled a manifest and is an index")
    image = _image(client, reference, given, choice, limits, graph, chosen, document, layers)
    image = replace(image, manifest_document=data)
    return replace(image, layers=with_tables(client, image.layers, limits)) if lazy else image


def read_all_images(
    client: Client,
    reference: Reference,
    given: str,
    limits: Limits,
    first: tuple[bytes, str, str],
) -> tuple[dict[str, int], list[Image | SlimError]]:
    """All images that a reference leads to, their layers unread: of an index those of every platform.

    Args:
        first: what `client.manifest` gave for the reference.

    Returns:
        The blobs that belong to the index as a whole, with their bytes: itself, and attestations; and each
        image or why there is none.

    Raises:
        SlimError: as `open_registry`, where the reference itself is at fault.
    """
    data, top, kind = first
    document = parse(data, f"the manifest {top}", limits)
    entries = read_index(document, f"the manifest {top}", limits)
    chosen = Descriptor(kind, top, len(data))
    if entries is None:
        image = _image(
            client, reference, given, Choice(), limits, Graph(), chosen, document, layers=False
        )
        return {}, [image]
    documents = dict[str, bytes]()

    def fetch(descriptor: Descriptor) -> bytes:
        """Every document is fetched: the fleet counts what attestations take, too."""
        data = (
            client.document(descriptor.digest)
            if descriptor.media_type in kinds.CONFIGS
            else client.manifest(descriptor.digest)[0]
        )
        documents[descriptor.digest] = data
        return data

    graph = walk(fetch, entries, limits)
    if not graph.images:
        raise no_image(graph)
    found: list[Image | SlimError] = []
    for digest, each in graph.images.items():
        try:
            document = parse(documents[digest], f"the manifest {digest}", limits)
            found.append(
                _image(
                    client,
                    reference,
                    given,
                    Choice(),
                    limits,
                    graph,
                    each.descriptor,
                    document,
                    layers=False,
                )
            )
        except SlimError as error:
            found.append(error)
    beside = {top: len(data)}
    for digest, data in documents.items():
        if digest not in graph.images:
            beside[digest] = len(data)
            beside |= _parts(parse(data, digest, limits))
    return beside, found


def _parts(document: Any) -> dict[str, int]:
    """What an attestation consists of, as its manifest says; nothing of an index."""
    parts = document if isinstance(document, dict) else {}
    layers = parts.get("layers")
    found = dict[str, int]()
    for part in (parts.get("config"), *(layers if isinstance(layers, list) else ())):
        if isinstance(part, dict) and isinstance(part.get("digest"), str):
            size = part.get("size")
            found[part["digest"][:200]] = size if type(size) is int and 0 <= size < 1 << 62 else 0
    return found


def _image(
    client: Client,
    reference: Reference,
    given: str,
    choice: Choice,
    limits: Limits,
    graph: Graph,
    chosen: Descriptor,
    document: Any,
    layers: bool,
) -> Image:
    where = f"the manifest {chosen.digest}"
    manifest = read_manifest(document, where, limits)
    data = stored_document(lambda descriptor: client.document(descriptor.digest), manifest.config)
    config = read_config(
        read_verified(lambda _: data, manifest.config, limits), manifest.config.digest, limits
    )
    check_layer_count(config, len(manifest.layers), where)
    if choice.platform is not None and chosen.platform is None:
        _check_platform(choice, str(config.config.platform))
    history, warnings = align_history(config, len(manifest.layers))
    return Image(
        format="registry",
        input=given,
        archive_bytes=_stored(chosen, manifest),
        names=(reference.name,) if reference.tag else (str(reference),),
        manifest_digest=chosen.digest,
        config_digest=manifest.config.digest,
        config=config.config,
        history=config.history,
        layers=tuple(
            _layer(client, index, layer, config.diff_ids[index], history[index], layers)
            for index, layer in enumerate(manifest.layers)
        ),
        annotations={**chosen.annotations, **manifest.annotations},
        warnings=(*warnings, *graph_warnings(graph), *_not_read(layers)),
        config_document=data,
        entry=chosen,
        companions=tuple(graph.companions),
    )


def _layer(
    client: Client,
    index: int,
    descriptor: Descriptor,
    diff_id: str,
    history: History | None,
    has_layers: bool,
) -> Layer:
    blob: Blob | None = None
    missing = ""
    if not has_layers:
        missing = "not read: only the manifest was asked for"
    elif kinds.is_foreign(descriptor.media_type) and not client.has_blob(descriptor.digest):
        missing = "foreign layer: not in the registry, and never fetched from its URLs"
    else:
        blob = RegistryBlob(client, descriptor.digest, descriptor.size, index)
    return make_layer(index, descriptor, diff_id, history, blob, missing)


def _check_platform(choice: Choice, actual: str) -> None:
    """An image without index has one platform, which only its config tells."""
    expected = str(choice.platform)
    if expected != actual and not actual.startswith(f"{expected}/"):
        raise UsageError(
            "no-such-platform",
            f"no image for platform {expected}",
            f"images: one for {actual or 'none'}",
        )


def _stored(chosen: Descriptor, manifest: Manifest) -> int:
    """Bytes that the image takes in the registry: each blob once."""
    parts = {
        descriptor.digest: descriptor.size
        for descriptor in (chosen, manifest.config, *manifest.layers)
    }
    return sum(parts.values())


def _not_read(layers: bool) -> tuple[ImageWarning, ...]:
    if layers:
        return ()
    return (
        ImageWarning(
            "manifest-only", "the layers were not read: their sizes are all that is known"
        ),
    )
