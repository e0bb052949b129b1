"""Docker-archives: what `docker save`, `skopeo` and `crane` write, described by `manifest.json`.

Layers are named by path; a repeated layer may be a link to another member, which is followed inside
the archive only. Source: Docker image specification v1.2; moby `image/tarexport`.
"""

from __future__ import annotations

from typing import Any

from slim.errors import InputError, IntegrityError, SlimError
from slim.image.archive import Archive
from slim.image.build import align_history, check_layer_count, read_document
from slim.image.documents import Object, refused
from slim.image.hashes import digest_of
from slim.image.manifest import ImageConfig, read_config
from slim.image.members import clean
from slim.image.model import Image, ImageWarning, Layer, Platform
from slim.image.select import Candidate, Choice, choose
from slim.image.stored import read_all
from slim.limits import Limits

_ENTRY = ("Config", "RepoTags", "Layers", "Parent", "LayerSources")


def open_docker(
    archive: Archive,
    given: str,
    choice: Choice,
    limits: Limits,
    warnings: tuple[ImageWarning, ...] = (),
) -> Image:
    """The one image that is meant; `warnings` are what is known about the archive already.

    Raises:
        InputError: not a docker-archive, incomplete, or not an image.
        UsageError: several images, and no choice given.
    """
    entries = _entries(read_document(archive, "manifest.json", limits)[1])
    known = _platforms(archive, entries, limits) if choice.platform is not None else {}
    candidates = [
        Candidate(entry.texts("RepoTags"), known.get(entry.text("Config")), entry.text("Config"))
        for entry in entries
    ]
    position = choose(candidates, choice)
    entry = entries[position]
    digest, config, document = _config(archive, entry, limits)
    names = entry.texts("Layers")
    check_layer_count(config, len(names), "manifest.json")
    history, history_warnings = align_history(config, len(names))
    return Image(
        format="docker-archive",
        input=given,
        archive_bytes=archive.size,
        names=candidates[position].names,
        manifest_digest="",
        config_digest=digest,
        config=config.config,
        history=config.history,
        layers=tuple(
            _layer(archive, index, name, config.diff_ids[index], history[index])
            for index, name in enumerate(names)
        ),
        warnings=(*warnings, *history_warnings, *_reused_paths(names, config.diff_ids)),
        config_document=document,
        compression=archive.compression,
    )


def config_digests(archive: Archive, limits: Limits) -> frozenset[str]:
    """Digests of the configs that `manifest.json` names; none when it cannot be read."""
    try:
        entries = _entries(read_document(archive, "manifest.json", limits)[1])
        names = {_member(entry.text("Config"), f"{entry.where}.Config") for entry in entries}
        blobs = [(name, blob) for name in names if (blob := archive.blob(name)) is not None]
        return frozenset(
            digest_of(read_all(blob, limits.json_bytes, name), "sha256", name)
            for name, blob in blobs
        )
    except SlimError:
        return frozenset()


def _platforms(archive: Archive, entries: list[Object], limits: Limits) -> dict[str, Platform]:
    """Config name → its platform; each config is read once, however many entries name it."""
    first = {entry.text("Config"): entry for entry in entries}
    return {
        name: _config(archive, entry, limits)[1].config.platform for name, entry in first.items()
    }


def _reused_paths(names: tuple[str, ...], diff_ids: tuple[str, ...]) -> tuple[ImageWarning, ...]:
    """One file cannot have two diff ids: a verifying reader stops there, any other must be told."""
    known: dict[str, str] = {}
    for name, diff_id in zip(names, diff_ids, strict=True):
        if known.setdefault(name, diff_id) != diff_id:
            text = f"{name[:200]!r} is listed as two layers with different diff ids"
            return (ImageWarning("layer-path-reused", text),)
    return ()


def _entries(document: Any) -> list[Object]:
    if not isinstance(document, list):
        raise refused("manifest.json", "is not an array of images")
    if not document:
        raise InputError(
            "no-image", "manifest.json lists no image", "save an image, not an empty selection"
        )
    return [Object(value, f"manifest.json[{i}]", _ENTRY) for i, value in enumerate(document)]


def _config(archive: Archive, entry: Object, limits: Limits) -> tuple[str, ImageConfig, bytes]:
    name = _member(entry.text("Config"), f"{entry.where}.Config")
    data, document = read_document(archive, name, limits)
    digest = digest_of(data, "sha256", name)
    # Only the content store of Docker 25 promises that a name is a digest; engines do not look at
    # the `<hex>.json` of older archives.
    if name.startswith("blobs/sha256/") and digest != f"sha256:{name[13:]}":
        raise IntegrityError(
            "wrong-digest",
            f"the config {name} has the digest {digest}",
            "the image was changed or damaged: save it again",
        )
    return digest, read_config(document, name, limits), data


def _layer(archive: Archive, index: int, raw: str, diff_id: str, history: Any) -> Layer:
    name = _member(raw, f"manifest.json: layer {index}")
    blob = archive.blob(name)
    if blob is None:
        raise InputError(
            "missing-blob",
            f"layer {index} ({name}) is not in the archive",
            "the archive is incomplete: save the image again",
        )
    return Layer(index=index, diff_id=diff_id, blob=blob, history=history, member=name)


def _member(name: str, where: str) -> str:
    """A member's name, looked up among the names of the archive and nowhere else."""
    if not name or name.startswith("/") or "\0" in name or ".." in name.split("/"):
        raise refused(where, f"names a member {name[:80]!r} outside the archive")
    return clean(name)
