"""From what the user names to an image: a file or directory, or something that goes by in a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from slim.files.cache import TableCache
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.image.model import Image
from slim.image.registry.access import ANONYMOUS, Access
from slim.image.select import Choice, parse_platform
from slim.image.source import open_image, open_pipe, read_archive
from slim.limits import DEFAULT_LIMITS, Limits


@contextmanager
def open_any(
    ref: str | os.PathLike[str],
    *,
    tag: str | None = None,
    image_index: int | None = None,
    platform: str | None = None,
    registry: Access = ANONYMOUS,
    manifest_only: bool = False,
    full: bool = False,
    verify: bool = True,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
    limits: Limits = DEFAULT_LIMITS,
    cache: TableCache | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Image]:
    """The image that `ref` names, as `open_image`; engines and pipes besides.

    What comes through a pipe is read before this returns, its layers too, and `verify`, `extract`, `cache`
    and `progress` are for that; `scan` then finds the tables ready.

    Raises:
        InputError: as `open_image`, or an engine's command fails.
        UsageError: several images and no choice, or the engine is not installed.
    """
    given = os.fspath(ref)

    source = _passing(given, platform)
    if source is None:
        with open_image(
            given,
            tag=tag,
            image_index=image_index,
            platform=platform,
            registry=registry,
            manifest_only=manifest_only,
            full=full,
            limits=limits,
        ) as image:
            yield image
        return
    from slim.files.pipe import pipe_chunks, read_pipe

    with source as fd:
        archive = read_pipe(
            pipe_chunks(fd),
            verify=verify,
            extract=extract,
            keeps=keeps,
            limits=limits,
            cache=cache,
            progress=progress,
        )
    choice = Choice(tag, image_index, parse_platform(platform) if platform else None)
    yield read_archive(archive, given, choice, limits)


def _passing(given: str, platform: str | None) -> AbstractContextManager[int] | None:
    """The file descriptor that an archive comes from, once; None for what can be read in any order."""
    # Most images are files: what runs engines is imported for what may name one.
    if ":" in given:
        from slim.image.engine import running, split_engine

        if engine := split_engine(given):
            return running(*engine, platform)
    pipe = open_pipe(given)
    return _closed_after(pipe) if pipe is not None else None


@contextmanager
def _closed_after(pipe: int) -> Iterator[int]:
    with open(pipe, "rb", buffering=0):
        yield pipe
