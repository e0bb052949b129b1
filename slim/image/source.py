"""From what the user names to an `Image`: find out what it is, choose a reader, choose an image."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from slim.errors import InputError, SlimError, UsageError
from slim.image.archive import Archive, DirectoryArchive, TarArchive
from slim.image.docker import open_docker
from slim.image.model import Image, Notice
from slim.image.oci import open_oci
from slim.image.select import parse_platform
from slim.limits import DEFAULT_LIMITS, Limits

PREFIXES = ("docker-archive", "oci-archive", "oci-dir")
"""Explicit forms; without one the input is looked at."""


@contextmanager
def open_image(
    ref: str | os.PathLike[str],
    *,
    tag: str | None = None,
    image_index: int | None = None,
    platform: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Image]:
    """The image that `ref` names; its blobs can be read inside the `with` block.

    `ref` is a path, with or without one of `PREFIXES`. With `docker-archive:` the archive's
    `manifest.json` decides, with `oci-archive:` its `index.json`; without prefix the index does when
    there are both, as in containerd.

    Raises:
        InputError: unreadable, not an image, or of a kind that is not supported.
        IntegrityError: a document is not what its descriptor says.
        UsageError: several images, and no choice given.
    """
    prefix, path = _split(os.fspath(ref))
    archive = _open(prefix, path, limits)
    try:
        wanted = parse_platform(platform) if platform else None
        members = frozenset(archive.names())
        is_oci = "oci-layout" in members or "index.json" in members
        form = "oci-dir" if isinstance(archive, DirectoryArchive) else "oci-archive"
        given = os.fspath(ref)
        if prefix == "docker-archive" or (not is_oci and "manifest.json" in members):
            yield open_docker(
                archive, given, tag=tag, image_index=image_index, platform=wanted, limits=limits
            )
            return
        if not is_oci:
            raise _not_an_image(members, path)
        try:
            image = open_oci(
                archive,
                given,
                form,
                tag=tag,
                image_index=image_index,
                platform=wanted,
                limits=limits,
            )
        except SlimError as error:
            # Docker 25.0 wrote indexes without layers or entries beside a sound manifest.json.
            if prefix or "manifest.json" not in members or error.slug not in _BROKEN_INDEX:
                raise
            notice = Notice("docker25-index-broken", f"index.json is broken: {error.message}")
            image = open_docker(
                archive,
                given,
                tag=tag,
                image_index=image_index,
                platform=wanted,
                limits=limits,
                notices=(notice,),
            )
        if form == "oci-archive" and "manifest.json" in members and prefix != "oci-archive":
            image = replace(image, format="docker-archive")
        yield image
    finally:
        archive.close()


_BROKEN_INDEX = frozenset({"layer-count", "no-image", "missing-blob"})


def _split(ref: str) -> tuple[str, str]:
    prefix, colon, path = ref.partition(":")
    if colon and prefix in PREFIXES:
        if not path:
            raise UsageError("no-input", f"{ref!r} names no file", f"write {prefix}:PATH")
        return prefix, path
    return "", ref


def _open(prefix: str, path: str, limits: Limits) -> Archive:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(
            "unreadable",
            f"cannot read {path!r}: {error.strerror}",
            "give a docker save archive, an OCI archive or an OCI layout directory",
        ) from None
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        os.close(fd)
        if prefix in ("docker-archive", "oci-archive"):
            raise UsageError("not-a-file", f"{path!r} is a directory", "write oci-dir:PATH")
        return DirectoryArchive(Path(path), limits)
    try:
        if not stat.S_ISREG(mode):
            raise InputError("unreadable", f"{path!r} is not a regular file or directory")
        if prefix == "oci-dir":
            raise UsageError("not-a-directory", f"{path!r} is a file", "write oci-archive:PATH")
        return TarArchive(fd, limits)
    except BaseException:
        os.close(fd)
        raise


def _not_an_image(members: frozenset[str], path: str) -> SlimError:
    if "repositories" in members:
        return InputError(
            "docker-v1",
            f"{path!r} is a Docker v1 archive (before Docker 1.10), which is not supported",
            "load it into a current engine and save it again",
        )
    return InputError(
        "not-an-image",
        f"{path!r} has neither manifest.json nor index.json: it is not an image archive",
        "make one with `docker save -o image.tar NAME` or `skopeo copy … oci-archive:image.tar`",
    )
