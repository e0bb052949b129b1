"""From what the user names to an image: a file or directory, or something that goes by in a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from slim.files.cache import TableCache
from slim.files.piped import PipedArchive, pipe_chunks, read_pipe
from slim.image.engine import running, split_engine
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

    def read(fd: int) -> PipedArchive:
        return read_pipe(
            pipe_chunks(fd),
            verify=verify,
            extract=extract,
            limits=limits,
            cache=cache,
            progress=progress,
        )

    engine = split_engine(given)
    if engine is not None:
        with running(*engine, platform) as fd:
            archive = read(fd)
    elif (pipe := open_pipe(given)) is not None:
        with open(pipe, "rb", buffering=0):
            archive = read(pipe)
    else:
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
    choice = Choice(tag, image_index, parse_platform(platform) if platform else None)
    yield read_archive(archive, given, choice, limits)
