"""Index, manifest and config documents → the model.

Sources: OCI image-spec image-index.md, manifest.md, config.md, descriptor.md; CVE-2021-41190 for the
rule that a document is an index or a manifest and never both.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from slim.errors import InputError, IntegrityError
from slim.image import kinds
from slim.image.documents import Object, check_digest, refused
from slim.image.hashes import digest_of
from slim.image.model import Config, Descriptor, History, Platform
from slim.limits import Limits, exceeded

_TOP = (
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
    "annotations", "fsLayers", "history",
)  # fmt: skip
_DESCRIPTOR = (
    "mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform",
)  # fmt: skip
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant", "features")
_IMAGE = (
    "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config",
    "rootfs", "history", "container_config", "docker_version", "container", "id", "parent",
)  # fmt: skip
_RUN = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels",
    "StopSignal", "ArgsEscaped", "Memory", "MemorySwap", "CpuShares", "Healthcheck", "OnBuild",
    "Shell",
)  # fmt: skip
_HEALTH = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start-period",
    "StartInterval": "start-interval",
    "Retries": "retries",
}
"""Field of a health check → option of HEALTHCHECK."""


class Manifest(Struct, frozen=True):
    """A manifest of an image: config and layers."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str]


class ImageConfig(Struct, frozen=True):
    """A config: how the image runs, and which layers it is made of."""

    config: Config
    diff_ids: tuple[str, ...]
    history: tuple[History, ...]


def read_index(document: Any, where: str, limits: Limits) -> tuple[Descriptor, ...] | None:
    """The entries of an index; None when the document is not an index.

    Raises:
        InputError: it is index and manifest at once, or an old schema.
    """
    top = Object(document, where, _TOP)
    if "fsLayers" in top:
        raise schema_1(where)
    if "manifests" not in top:
        # Docker 25.0 wrote `"manifests": null`.
        index_type = top.text("mediaType") in kinds.INDEXES
        return () if index_type and "layers" not in top and "config" not in top else None
    if "layers" in top or "config" in top:
        raise refused(where, "is an index and a manifest at once")
    if top.text("mediaType") in kinds.MANIFESTS:
        raise refused(where, "calls itself a manifest and is an index")
    entries = top.children("manifests", _DESCRIPTOR)
    if len(entries) > limits.descriptors:
        raise exceeded("descriptors", len(entries), limits.descriptors, where)
    return tuple(_descriptor(entry) for entry in entries)


def schema_1(where: str) -> InputError:
    """The error for a manifest of Docker's first schema, which no engine pulls any more."""
    return InputError(
        "schema-1", f"{where} is a Docker schema 1 manifest", "push it again with a current tool"
    )


def read_manifest(document: Any, where: str, limits: Limits) -> Manifest:
    """A manifest of an image.

    Raises:
        InputError: it is not a manifest, or of something that is not an image.
    """
    top = Object(document, where, _TOP)
    if top.text("mediaType") in kinds.INDEXES:
        raise refused(where, "calls itself an index and is a manifest")
    config = top.child("config", _DESCRIPTOR)
    if config is None:
        raise refused(where, "is neither an index nor a manifest")
    artifact = top.text("artifactType")
    descriptor = _descriptor(config)
    kind = artifact or descriptor.media_type
    if artifact or descriptor.media_type not in kinds.CONFIGS:
        raise InputError(
            "not-an-image",
            f"{where} is not a container image but {kinds.artifact_name(kind)} ({kind[:120]})",
            "choose an image: slim analyzes images that a container engine can run",
        )
    layers = top.children("layers", _DESCRIPTOR)
    if len(layers) > limits.layers:
        raise exceeded("layers", len(layers), limits.layers, where)
    return Manifest(
        descriptor,
        tuple(_descriptor(layer) for layer in layers),
        dict(top.mapping("annotations")),
    )


def read_config(document: Any, where: str, limits: Limits) -> ImageConfig:
    """An image config (OCI config.md; Docker image spec v1.2).

    Raises:
        InputError: no `rootfs` of type `layers`.
    """
    top = Object(document, where, _IMAGE)
    rootfs = top.child("rootfs", ("type", "diff_ids"))
    if rootfs is None:
        raise InputError(
            "not-an-image",
            f"{where} has no rootfs: it is not the config of an image",
            "slim analyzes images that a container engine can run",
        )
    if rootfs.text("type") != "layers":
        raise refused(f"{where}.rootfs.type", f"is {rootfs.text('type')[:40]!r}, not 'layers'")
    diff_ids = rootfs.texts("diff_ids")
    if len(diff_ids) > limits.layers:
        raise exceeded("layers", len(diff_ids), limits.layers, where)
    for index, diff_id in enumerate(diff_ids):
        check_digest(diff_id, f"{where}.rootfs.diff_ids[{index}]")
    run = top.child("config", _RUN)
    platform = Platform(top.text("os"), top.text("architecture"), top.text("variant"))
    history = tuple(
        History(
            created_by=entry.text("created_by"),
            created=entry.text("created"),
            comment=entry.text("comment"),
            author=entry.text("author"),
            empty_layer=entry.boolean("empty_layer"),
        )
        for entry in top.children(
            "history", ("created", "created_by", "author", "comment", "empty_layer")
        )
    )
    created, author = top.text("created"), top.text("author")
    if run is None:
        return ImageConfig(Config(platform, created, author), diff_ids, history)
    check = run.child("Healthcheck", ("Test", *_HEALTH))
    return ImageConfig(
        Config(
            platform,
            created,
            author,
            env=run.texts("Env"),
            entrypoint=run.texts("Entrypoint"),
            cmd=run.texts("Cmd"),
            user=run.text("User"),
            working_dir=run.text("WorkingDir"),
            labels=run.mapping("Labels"),
            exposed_ports=run.keys("ExposedPorts"),
            volumes=run.keys("Volumes"),
            healthcheck=check.texts("Test") if check else (),
            health_times=_health_times(check) if check else (),
            onbuild=run.texts("OnBuild"),
            stop_signal=run.text("StopSignal"),
            shell=run.texts("Shell"),
        ),
        diff_ids,
        history,
    )


def _health_times(check: Object) -> tuple[tuple[str, int], ...]:
    found = ((option, check.count(name)) for name, option in _HEALTH.items())
    return tuple((option, value) for option, value in found if value)


def verify(data: bytes, descriptor: Descriptor, where: str) -> bytes:
    """The bytes, if they are what the descriptor says.

    Raises:
        IntegrityError: size or digest differ, or the algorithm cannot be computed here.
    """
    if len(data) != descriptor.size:
        raise IntegrityError(
            "wrong-size",
            f"{where} has {len(data):,} bytes, but its descriptor says {descriptor.size:,}",
            "the image was changed or damaged: save or pull it again",
        )
    actual = digest_of(data, descriptor.digest.partition(":")[0], where)
    if actual != descriptor.digest:
        raise IntegrityError(
            "wrong-digest",
            f"{where} has the digest {actual}, but its descriptor says {descriptor.digest}",
            "the image was changed or damaged: save or pull it again",
        )
    return data


def _descriptor(entry: Object) -> Descriptor:
    platform = entry.child("platform", _PLATFORM)
    return Descriptor(
        media_type=entry.text("mediaType"),
        digest=check_digest(entry.text("digest"), f"{entry.where}.digest"),
        size=entry.integer("size"),
        annotations=entry.mapping("annotations"),
        platform=None
        if platform is None
        else Platform(platform.text("os"), platform.text("architecture"), platform.text("variant")),
        artifact_type=entry.text("artifactType"),
        urls=entry.texts("urls"),
        data=entry.base64("data"),
    )
