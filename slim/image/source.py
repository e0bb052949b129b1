"""From what the user names to an `Image`: find out what it is, choose a reader, choose an image."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from slim.errors import InputError, SlimError, UsageError
from slim.image.archive import Archive, TarArchive
from slim.image.directory import DirectoryArchive
from slim.image.docker import config_digests, open_docker
from slim.image.model import Image, ImageWarning
from slim.image.oci import list_images, open_oci
from slim.image.oci import read_all_images as read_layout
from slim.image.ref import ImageRef
from slim.image.reference import Reference, has_host, is_name, looks_remote, parse_reference
from slim.image.select import Choice, parse_platform
from slim.limits import DEFAULT_LIMITS, Limits
from slim.patterns import regex

PREFIXES = ("docker-archive", "oci-archive", "oci-dir")
"""Explicit forms; without one the input is looked at."""
REGISTRY = "registry"
"""Prefix of an image in a registry, for names that could be something else."""
NOT_LOCAL = "not-local"
"""Slug of the error that a bare name is not an image of this machine."""
_ARCHIVE_ENDINGS = (".tar", ".tgz", ".gz", ".zst", ".xz", ".bz2", ".zip", ".json")
_VERSION = regex(r"v?[0-9][0-9A-Za-z_.-]*|latest|edge", re.ASCII)
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def open_image(ref: ImageRef, limits: Limits = DEFAULT_LIMITS) -> Iterator[Image]:
    """The image that `ref` names; its blobs can be read inside the `with` block.

    The name is a path, or `-` for a file at stdin, with or without one of `PREFIXES`; what exists as a
    file is the file. With `docker-archive:` the archive's `manifest.json` decides, with `oci-archive:` its
    `index.json`; without prefix the index does when there are both, as in containerd. Or it is an image in
    a registry; of layers there that have a table of contents only that is read, unless `ref.full`.

    Raises:
        InputError: unreadable, not an image, of a kind that is not supported, or a bare name that no
            registry may be asked for.
        IntegrityError: a document is not what its descriptor says.
        NetworkError: a registry does not answer, or refuses.
        UsageError: several images, and no choice given.
    """
    choice = choice_of(ref)
    reference = find_reference(ref.name)
    if reference is not None:
        if is_bare(ref.name) and not ref.access.remote:
            raise not_local(ref.name)
        with _open_remote(reference, ref, choice, limits) as image:
            yield image
        return
    if ref.manifest_only:
        raise UsageError(
            "not-a-registry",
            "--manifest-only is for images in registries",
            f"{ref.name!r} is a file",
        )
    prefix, path = _split(ref.name)
    archive = _open(prefix, path, limits)
    try:
        yield read_archive(archive, ref.name, choice, limits)
    finally:
        archive.close()


def read_all_images(
    name: str, limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[tuple[str, ...], Image | SlimError]]:
    """Every image in an archive or layout: its names, and itself or why it cannot be read; in the order in
    which `image_index` counts. Blobs can be read until the next one is asked for.

    Raises:
        SlimError: as `open_image`, where the archive itself is at fault.
    """
    prefix, path = _split(name)
    archive = _open(prefix, path, limits)
    try:
        members = archive.sizes().keys()
        if "index.json" in members and not (
            prefix == "docker-archive" or ("manifest.json" in members and not archive.is_directory)
        ):
            form = "oci-dir" if archive.is_directory else "oci-archive"
            yield from read_layout(archive, name, form, limits)
            return
        for index in range(limits.index_documents):
            try:
                image = read_archive(archive, name, Choice(image_index=index), limits)
            except SlimError as error:
                if error.slug == "no-such-image":
                    return
                yield (), error
                if error.slug not in _OF_ONE_IMAGE:
                    return
            else:
                yield image.names, image
    finally:
        archive.close()


_OF_ONE_IMAGE = frozenset({"missing-blob", "layer-count", "broken-link", "wrong-size"})
"""Errors after which the archive's other images can be read."""


def choice_of(ref: ImageRef) -> Choice:
    """Which of several images is meant.

    Raises:
        UsageError: the platform is not valid.
    """
    return Choice(ref.tag, ref.image_index, parse_platform(ref.platform) if ref.platform else None)


def find_reference(given: str) -> Reference | None:
    """The image in a registry that the user means; None for a file, a layout or stdin.

    A word that exists as a file is the file. What does not, and has a host, a tag or a digest, is in
    a registry, and so is a bare name, unless it looks like the name of an archive.

    Raises:
        UsageError: it could be two things, or is not a reference.
    """
    prefix, colon, rest = given.partition(":")
    if colon and prefix in PREFIXES:
        return None
    named = colon and prefix == REGISTRY
    if not named and (given == "-" or given.startswith(("/", ".", "~")) or os.path.lexists(given)):
        return None
    if named:
        if _VERSION.fullmatch(rest):
            raise UsageError(
                "ambiguous-input",
                f"{given!r} may be the image 'registry' with the tag {rest!r}, or the image {rest!r}",
                f"write registry:registry:{rest} or registry:library/{rest}",
            )
        return parse_reference(rest)
    if looks_remote(given):
        return parse_reference(given)
    folder, slash, _ = given.partition("/")
    in_folder = bool(slash) and os.path.isdir(folder)
    if in_folder or given.lower().endswith(_ARCHIVE_ENDINGS) or not is_name(given):
        return None
    return parse_reference(given)


def is_bare(given: str) -> bool:
    """Whether the user means an image by a name that says neither an engine nor a registry.

    Raises:
        UsageError: it could be two things.
    """
    if given.startswith(f"{REGISTRY}:") or find_reference(given) is None:
        return False
    return not has_host(given)


def not_local(name: str, answers: tuple[str, ...] = ()) -> InputError:
    """The error that a bare name is not an image of this machine; `answers` has a reason for each engine."""
    where = find_reference(name)
    return InputError(
        NOT_LOCAL,
        f"{name!r} is not a file, and no container engine on this machine has an image of that name",
        f"give a file or ENGINE:NAME; --remote looks for {where}, and so does this full name",
        answers,
    )


@contextmanager
def _open_remote(
    reference: Reference, ref: ImageRef, choice: Choice, limits: Limits
) -> Iterator[Image]:
    # What speaks HTTP is imported only for what is read over it.
    from slim.image.registry.client import Client
    from slim.image.registry.image import open_registry

    client = Client(reference, ref.access, limits)
    try:
        yield open_registry(
            client,
            reference,
            ref.name,
            choice,
            limits,
            layers=not ref.manifest_only,
            lazy=not ref.full,
        )
    finally:
        client.close()


def read_archive(archive: Archive, given: str, choice: Choice, limits: Limits) -> Image:
    """The image in an archive; `given` is how the user named it. Errors as for `open_image`."""
    prefix, path = _split(given)
    members = archive.sizes().keys()
    is_oci = "oci-layout" in members or "index.json" in members
    is_docker = "manifest.json" in members and not archive.is_directory
    if prefix == "docker-archive" or (is_docker and not is_oci):
        return open_docker(archive, given, choice, limits)
    if not is_oci:
        raise _not_an_image(members, path)
    if is_docker and "oci-layout" in members and not prefix:
        return _read_either(archive, given, choice, limits)
    return open_oci(
        archive, given, "oci-dir" if archive.is_directory else "oci-archive", choice, limits
    )


def _read_either(archive: Archive, given: str, choice: Choice, limits: Limits) -> Image:
    """An OCI layout and `manifest.json` in one archive, as `docker save` writes since version 25.

    Its first releases wrote indexes without entries, without layers, or with the layers in any order
    (moby#47065, #47150, #47210), beside a sound `manifest.json`.
    """
    try:
        image = open_oci(archive, given, "docker-archive", choice, limits)
    except SlimError as error:
        if error.slug not in _BROKEN_INDEX:
            raise
        broken = error.message
    else:
        if not _is_shuffled(image):
            return replace(image, warnings=(*image.warnings, *_other_world(archive, image, limits)))
        broken = "it lists the layers in another order than the config"
    warning = ImageWarning("docker25-index-broken", f"index.json is broken: {broken}")
    return open_docker(archive, given, choice, limits, warnings=(warning,))


_BROKEN_INDEX = frozenset({"layer-count", "no-image", "missing-blob"})


def _is_shuffled(image: Image) -> bool:
    """Uncompressed layers are named by their diff ids, so that a wrong order shows at once."""
    digests = [layer.descriptor.digest for layer in image.layers if layer.descriptor]
    diff_ids = [layer.diff_id for layer in image.layers]
    return digests != diff_ids and sorted(digests) == sorted(diff_ids)


def _other_world(archive: Archive, image: Image, limits: Limits) -> tuple[ImageWarning, ...]:
    """containerd takes the index, a docker engine without it `manifest.json`: do both say the same?"""
    if image.config_digest in config_digests(archive, limits):
        return ()
    text = "manifest.json does not list this image: engines that read it load another one"
    return (ImageWarning("manifest-differs", text),)


def open_pipe(ref: str) -> int | None:
    """The file descriptor of a pipe or socket that `ref` names, `-` among them; None for other inputs.

    Raises:
        UsageError: stdin is a terminal, or a prefix asks for a directory.
    """
    prefix, path = _split(ref)
    if path == "-" and os.isatty(0):
        raise UsageError(
            "no-input", "stdin is a terminal", "pipe an archive: docker save app | slim analyze -"
        )
    try:
        mode = os.fstat(0).st_mode if path == "-" else os.stat(path).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return None
        # Opening a named pipe waits for somebody who writes; one that nobody writes to is empty.
        fd = os.dup(0) if path == "-" else os.open(path, _FLAGS)
        os.set_blocking(fd, True)
    except (OSError, ValueError):
        # Whatever it is, it is not a pipe: the reader of files says what is wrong.
        return None
    if prefix == "oci-dir":
        os.close(fd)
        raise UsageError("not-a-directory", f"{path!r} is a pipe", "write oci-archive:-")
    return fd


def _split(ref: str) -> tuple[str, str]:
    prefix, colon, path = ref.partition(":")
    if colon and prefix in PREFIXES:
        if not path:
            raise UsageError("no-input", f"{ref!r} names no file", f"write {prefix}:PATH")
        return prefix, path
    return "", ref


def _open(prefix: str, path: str, limits: Limits) -> Archive:
    try:
        fd = os.dup(0) if path == "-" else os.open(path, _FLAGS)
    except OSError as error:
        raise InputError(
            "unreadable",
            f"cannot read {path!r}: {error.strerror}",
            "give a docker save archive, an OCI archive or layout, or registry:NAME for an image"
            " in a registry",
        ) from None
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        os.close(fd)
        if prefix in ("docker-archive", "oci-archive"):
            raise UsageError("not-a-file", f"{path!r} is a directory", "write oci-dir:PATH")
        return DirectoryArchive(path, limits)
    try:
        if not stat.S_ISREG(mode):
            raise InputError(
                "unreadable",
                f"{path!r} is not a regular file, pipe or directory",
                "pipe an archive: docker save app | slim analyze -",
            )
        if prefix == "oci-dir":
            raise UsageError("not-a-directory", f"{path!r} is a file", "write oci-archive:PATH")
        return TarArchive(fd, limits)
    except BaseException:
        os.close(fd)
        raise


def _not_an_image(members: Collection[str], path: str) -> SlimError:
    if "repositories" in members:
        return InputError(
            "docker-v1",
            f"{path!r} is a Docker v1 archive (before Docker 1.10), which is not supported",
            "load it into a current engine and save it again",
        )
    return InputError(
        "not-an-image",
        f"{path!r} is not a container image: found neither an OCI layout nor manifest.json",
        "make one with `docker save -o image.tar NAME` or `skopeo copy … oci-archive:image.tar`",
    )


@contextmanager
def opened_archive(path: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Archive]:
    """The archive or layout at a path, to be read as it is; errors are those of `open_image`."""
    archive = _open("", path, limits)
    try:
        yield archive
    finally:
        archive.close()


def images_in(ref: ImageRef, limits: Limits = DEFAULT_LIMITS) -> list[ImageRef]:
    """A reference to each image that `ref` may mean: all of an OCI archive or layout, else itself.

    Errors are those of `open_image`.
    """
    chosen = ref.tag, ref.image_index, ref.platform
    if chosen != (None, None, None) or find_reference(ref.name) is not None:
        return [ref]
    prefix, path = _split(ref.name)
    archive = _open(prefix, path, limits)
    try:
        if prefix == "docker-archive" or "oci-layout" not in archive.sizes():
            return [ref]
        found = [each for each in list_images(archive, limits) if each.present]
        if len({str(each.platform) for each in found}) < len(found) or len(found) < 2:
            return [ref]
        return [replace(ref, platform=str(each.platform)) for each in found]
    finally:
        archive.close()
