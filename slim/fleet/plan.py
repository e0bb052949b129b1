"""Sources → images, by their manifests and configs: no layer is read.

Repositories are asked side by side. A tag whose digest the store knows already costs one request.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import SlimError, UsageError
from slim.fleet.planned import InArchive, InRegistry, Place, Planned, PlannedLayer, unopened
from slim.fleet.sources import ArchiveSource, RepositorySource, Source, TagSource
from slim.image.directory import PathBlob
from slim.image.model import Blob, Image, Layer
from slim.image.reference import Reference, is_name, parse_reference
from slim.image.registry.access import Access
from slim.image.registry.client import Client
from slim.image.registry.image import read_all_images as read_tag
from slim.image.registry.listing import list_repositories, list_tags
from slim.image.registry.referrers import find_attached, is_signed
from slim.image.source import PREFIXES, read_all_images
from slim.limits import Limits
from slim.report.attached import parse_attached
from slim.report.model import Report
from slim.stream.compression import sniff

_AT_ONCE = 16
"""Repositories and tags that are asked for at once."""


class Selection(Struct, frozen=True):
    """Which of a repository's tags are meant."""

    tags: tuple[str, ...] = ()
    """Globs; none for all."""
    newest: int | None = None
    """So many of each repository, by the moment that their configs say."""
    since: str = ""
    """Not those that were built before, as `2026-01-31`."""
    platform: str = ""
    """Of multi-platform images, only this platform."""
    attached: bool = True
    """Use reports that are attached to images."""
    signed: bool = False
    """Only where a signature is beside the image."""


class Known(Struct, frozen=True):
    """An image that the store has, without an error and made by what would make it now."""

    key: str
    top: str
    created: str


class Plan(Struct):
    """What is to be done, and what need not be."""

    images: list[Planned]
    kept: set[str]
    """Keys of images that the store has as they are."""
    failed_sources: list[tuple[str, SlimError]]
    """Sources of which nothing is known: their images stay as they were."""
    warnings: list[str]


class _Tag(Struct, frozen=True):
    """What one reference leads to: images to look at, or keys of known ones."""

    created: str
    planned: tuple[Planned, ...] = ()
    kept: tuple[str, ...] = ()


def make_plan(
    sources: Sequence[Source],
    selection: Selection,
    access: Access,
    limits: Limits,
    known: Mapping[tuple[str, str], Sequence[Known]],
    advance: Callable[[int], None] = lambda count: None,
) -> Plan:
    """Look at every source.

    Args:
        known: (repository, tag) → the images that the store has of it.
        advance: called with the number of images that were looked at, one after the other.
    """
    plan = Plan([], set(), [], [])
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="slim-plan") as pool:
        tags: list[tuple[str, Reference]] = []
        repositories: list[tuple[str, Reference]] = []
        for source in sources:
            if isinstance(source, ArchiveSource):
                _plan_archive(source, selection, limits, plan)
                advance(1)
            elif isinstance(source, TagSource):
                tags.append((source.word, source.reference))
            else:
                repositories += _repositories(source, access, limits, plan)

        def look(item: tuple[str, Reference]) -> _Tag:
            found = _look(*item, selection, access, limits, known)
            advance(1)
            return found

        listed: list[tuple[str, list[tuple[str, Reference]]]] = [("", tags)]
        for (word, reference), names in zip(
            repositories,
            pool.map(lambda each: _tags_of(each[1], selection, access, limits), repositories),
            strict=True,
        ):
            if isinstance(names, SlimError):
                plan.failed_sources.append((word, names))
                continue
            inner = [replace(reference, tag=tag) for tag in names]
            listed.append((word, [(word, each) for each in inner]))
        every = [item for _, items in listed for item in items]
        found = iter(list(pool.map(look, every)))
    for word, items in listed:
        inside = [next(found) for _ in items]
        for tag in _chosen(inside, selection) if word else inside:
            plan.images += tag.planned
            plan.kept.update(tag.kept)
    plan.images = _distinct(plan.images)
    return plan


def _chosen(tags: Iterable[_Tag], selection: Selection) -> list[_Tag]:
    """Those that are new enough; the moments are compared as texts, in UTC as every builder writes them."""
    found = [tag for tag in tags if tag.created >= selection.since or not tag.created]
    if selection.newest is None:
        return found
    return sorted(found, key=lambda tag: tag.created, reverse=True)[: selection.newest]


def _distinct(images: Iterable[Planned]) -> list[Planned]:
    """Each image once: sources may overlap."""
    found: dict[str, Planned] = {}
    for image in images:
        found.setdefault(image.key, image)
    return list(found.values())


def _repositories(
    source: RepositorySource, access: Access, limits: Limits, plan: Plan
) -> Iterator[tuple[str, Reference]]:

    if not source.is_pattern:
        yield source.word, parse_reference(f"{source.host}/{source.pattern}")
        return
    try:
        listing = list_repositories(source.host, access, limits)
    except SlimError as error:
        plan.failed_sources.append((source.word, error))
        return
    if listing.refused:
        plan.warnings.append(
            f"{source.host} lists {listing.refused:,} names that are no repositories"
        )
    chosen = [name for name in listing.names if fnmatchcase(name, source.pattern)]
    if not chosen:
        plan.failed_sources.append(
            (
                source.word,
                UsageError(
                    "no-repository",
                    f"no repository of {source.host} matches {source.pattern!r}",
                    f"it lists {len(listing.names):,}",
                ),
            )
        )
    for name in chosen:
        yield source.word, parse_reference(f"{source.host}/{name}")


def _tags_of(
    reference: Reference, selection: Selection, access: Access, limits: Limits
) -> tuple[str, ...] | SlimError:

    try:
        names = list_tags(replace(reference, tag=""), access, limits).names
    except SlimError as error:
        return error
    globs = selection.tags
    return tuple(
        name for name in names if not globs or any(fnmatchcase(name, each) for each in globs)
    )


def _look(
    word: str,
    reference: Reference,
    selection: Selection,
    access: Access,
    limits: Limits,
    known: Mapping[tuple[str, str], Sequence[Known]],
) -> _Tag:
    """What a tag leads to, or the error in its place."""

    repository = f"{reference.host}/{reference.repository}"
    planned = Planned(
        word, reference.host, repository, reference.tag or reference.digest, str(reference)
    )
    client = Client(reference, access, limits)
    reports: dict[str, Report | None] = {}
    try:
        before = known.get((repository, planned.tag), ())
        first = client.manifest(reference.digest or reference.tag)
        top = first[1]
        if before and all(each.top == top for each in before):
            return _Tag(before[0].created, kept=tuple(each.key for each in before))
        beside, images = read_tag(client, reference, str(reference), limits, first)
        if selection.attached:
            reports = {
                each.manifest_digest: _attached(client, each, selection.signed, limits)
                for each in images
                if not isinstance(each, SlimError)
            }
    except SlimError as error:
        return _Tag("", (replace(planned, error=_words(error)),))
    finally:
        client.close()
    place = InRegistry(reference.host, reference.repository)
    found: list[Planned] = []
    for number, image in enumerate(images):
        if isinstance(image, SlimError):
            found.append(
                replace(planned, top=top, error=_words(image), where=f"#{number}" if number else "")
            )
            continue
        platform = str(image.config.platform)
        if selection.platform and not f"{platform}/".startswith(f"{selection.platform}/"):
            continue
        layers = tuple(_layer(each, place) for each in image.layers)
        blobs = _blobs(image, layers, beside)
        found.append(
            replace(
                planned,
                top=top,
                image=unopened(image),
                layers=layers,
                blobs=blobs,
                attached=reports.get(image.manifest_digest),
            )
        )
    created = max((each.image.config.created for each in found if each.image), default="")
    return _Tag(created, tuple(found))


def _attached(client: Client, image: Image, signed: bool, limits: Limits) -> Report | None:
    """The report beside an image; whatever is wrong with it, the layers can be read."""

    try:
        data = find_attached(client, image.manifest_digest, limits)
        if data is None or (signed and not is_signed(client, image.manifest_digest, limits)):
            return None
    except SlimError:
        return None
    return parse_attached(data, image, limits)


def _layer(layer: Layer, place: Place | None) -> PlannedLayer:
    readable = not layer.missing or layer.missing.startswith("not read")
    return PlannedLayer(
        digest=layer.descriptor.digest if layer.descriptor else layer.diff_id,
        diff_id=layer.diff_id,
        pull_bytes=layer.size,
        place=place if readable else None,
        missing="" if readable else layer.missing,
        created=layer.history.created if layer.history else "",
        created_by=layer.history.created_by if layer.history else "",
    )


def _blobs(
    image: Image, layers: Iterable[PlannedLayer], beside: Mapping[str, int]
) -> dict[str, tuple[str, int]]:
    """All that an image needs where it is stored."""
    found = {digest: ("index", size) for digest, size in beside.items()}
    stored = {layer.digest: layer.pull_bytes for layer in layers}
    found |= {digest: ("layer", size) for digest, size in stored.items()}
    return found | {
        digest: (kind, size)
        for digest, kind, size in (
            (image.config_digest, "config", len(image.config_document)),
            (image.manifest_digest, "manifest", image.entry.size if image.entry else 0),
        )
        if digest and size
    }


def _plan_archive(source: ArchiveSource, selection: Selection, limits: Limits, plan: Plan) -> None:
    prefix, colon, rest = source.path.partition(":")
    path = os.path.abspath(rest if colon and prefix in PREFIXES else source.path)
    stem = os.path.basename(path).partition(".")[0] or "image"
    planned = Planned(source.word, "", stem, "", stem, where=path)
    try:
        for index, (names, image) in enumerate(read_all_images(source.path, limits)):
            named = _named(planned, names, index)
            if isinstance(image, SlimError):
                plan.images.append(replace(named, error=_words(image)))
                continue
            platform = str(image.config.platform)
            if selection.platform and not f"{platform}/".startswith(f"{selection.platform}/"):
                continue
            layers = tuple(_stored(layer, path, index) for layer in image.layers)
            plan.images.append(
                replace(
                    named,
                    top=image.manifest_digest or image.config_digest,
                    image=unopened(image),
                    layers=layers,
                    blobs=_blobs(image, layers, {}),
                )
            )
    except SlimError as error:
        plan.images.append(replace(planned, error=_words(error)))


def _named(planned: Planned, names: Sequence[str], index: int) -> Planned:
    """The image by its first name, where it has one that is a reference."""
    where = f"{planned.where}#{index}"
    name = next((each for each in names if is_name(each)), "")
    if not name or ":" not in name.rpartition("/")[2]:
        tag = names[0][:128] if names else ""
        shown = f"{planned.repository}:{tag}" if tag else planned.name
        return replace(planned, tag=tag, name=shown, where=where)
    repository, _, tag = name.rpartition(":")
    return replace(planned, repository=repository, tag=tag, name=name, where=where)


def _stored(layer: Layer, path: str, image_index: int) -> PlannedLayer:
    """A layer of an archive. Where nothing says its blob's digest, that of a plain tar is the diff id, and
    that of a compressed one is computed: what is shared should be found."""
    blob = layer.blob
    place: Place | None = None
    if blob is not None:
        place = blob if isinstance(blob, PathBlob) else InArchive(path, image_index, layer.index)
    planned = _layer(layer, place)
    if layer.descriptor is None and blob is not None:
        head = next(iter(blob.chunks(6)), b"")[:6]
        if sniff(head) != "none":
            return replace(planned, digest=_digest_of(blob))
    return planned


def _digest_of(blob: Blob) -> str:
    state = hashlib.sha256()
    for chunk in blob.chunks():
        state.update(chunk)
    return f"sha256:{state.hexdigest()}"


TEMPORARY = frozenset(
    {
        "registry-busy",
        "registry-unreachable",
        "registry-broken",
        "registry-timeout",
        "registry-error",
    }
)
"""Slugs of errors after which another try may succeed."""


def _words(error: SlimError) -> str:
    return f"{error.message} [{error.slug}]"
