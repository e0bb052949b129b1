"""From what the user names to an image: a file or directory, or something that goes by in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from msgspec.structs import replace

from slim.errors import UsageError
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.metered import summed
from slim.files.options import DEFAULT_OPTIONS, ReadOptions
from slim.files.pipe import empty_pipe, pipe_chunks, read_pipe
from slim.image.engine import running, split_engine
from slim.image.local import located
from slim.image.model import Image
from slim.image.ref import ImageRef
from slim.image.source import (
    PREFIXES,
    choice_of,
    find_reference,
    open_image,
    open_pipe,
    read_archive,
)
from slim.limits import Limits, exceeded


@contextmanager
def open_any(
    ref: ImageRef,
    options: ReadOptions = DEFAULT_OPTIONS,
    *,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
) -> Iterator[Image]:
    """The image that `ref` names, as `open_image`; engines and pipes besides, and bare names of images that
    an engine has.

    What comes through a pipe is read before this returns, its layers too, with `extract` as in `scan`;
    `scan` then finds the tables ready.

    Raises:
        InputError: as `open_image`, an engine's command fails, or no engine has the image.
        UsageError: several images and no choice, or the engine is not installed.
    """
    ref = located(ref)
    source = _open_stream(ref)
    if source is None:
        with open_image(ref, options.limits) as image:
            yield image
        return
    with source as fd:
        archive = read_pipe(
            pipe_chunks(fd),
            verify=options.verify,
            extract=extract,
            keeps=keeps,
            limits=options.limits,
            cache=options.cache,
            progress=summed(options.progress, 0),
            pull="exact" if options.exact_pull else "estimated",
            name=_called(ref),
        )
    yield read_archive(archive, ref.name, choice_of(ref), options.limits)


@contextmanager
def rereadable(ref: ImageRef, limits: Limits) -> Iterator[ImageRef]:
    """The same image where its layers can be read more than once: what goes by in a pipe, from an engine or
    from stdin, goes to a temporary file without a name.

    Raises:
        InputError: nothing comes, or an engine's command fails.
        LimitError: it is too large.
        UsageError: there is no room for it.
    """
    ref = located(ref)
    source = _open_stream(ref)
    if source is None:
        yield ref
        return
    # Imported by who has to keep a file.
    import tempfile

    size = 0
    with tempfile.TemporaryFile() as file:
        with source as fd:
            for chunk in pipe_chunks(fd):
                size += len(chunk)
                if size > limits.image_bytes:
                    raise exceeded("image_bytes", size, limits.image_bytes, "the archive")
                try:
                    file.write(chunk)
                except OSError as error:
                    raise UsageError(
                        "no-room",
                        f"cannot keep what comes from {_called(ref)}: {error.strerror}",
                        "set TMPDIR to a folder with more room, or save the image to a file",
                    ) from None
        if not size:
            raise empty_pipe(_called(ref))
        file.flush()
        prefix, colon, _ = ref.name.rpartition(":")
        kept = prefix + colon if prefix in PREFIXES else ""
        yield replace(ref, name=f"{kept}/dev/fd/{file.fileno()}")


def _called(ref: ImageRef) -> str:
    return "stdin" if ref.name.rpartition(":")[2] == "-" else repr(ref.name)


def open_base(ref: ImageRef, built: Image, options: ReadOptions = DEFAULT_OPTIONS) -> Image:
    """The base image that `built` was built on, whose blobs stay unread where they can.

    Where `ref` names a repository of a registry and no tag, the tag is the one whose layers `built` begins
    with, else `latest`. Errors are those of `open_any`.
    """
    ref = located(ref)
    reference = find_reference(ref.name)
    if reference is not None and reference.tag == "latest" and not reference.digest:
        # Searching a registry is imported where one is named.
        from slim.image.registry.base_tag import find_base_tag

        ref = replace(ref, name=find_base_tag(built, reference, ref, options.limits) or ref.name)
    platform = str(built.config.platform)
    unverified = ReadOptions(verify=False, limits=options.limits)
    try:
        with open_any(ref, unverified) as image:
            return image
    except UsageError as error:
        if error.slug != "ambiguous-image":
            raise
    with open_any(replace(ref, platform=platform), unverified) as image:
        return image


def _open_stream(ref: ImageRef) -> AbstractContextManager[int] | None:
    """The file descriptor that an archive comes from, once; None for what can be read in any order."""
    if engine := split_engine(ref.name):
        return running(*engine, ref.platform, ref.access.sockets)
    pipe = open_pipe(ref.name)
    return _closed_after(pipe) if pipe is not None else None


@contextmanager
def _closed_after(pipe: int) -> Iterator[int]:
    with open(pipe, "rb", buffering=0):
        yield pipe
