"""image → files: what the user names is read, and all that is known of its files put together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from slim.ecosystems import KEEPS
from slim.errors import UsageError
from slim.files.opening import open_any
from slim.files.scan import scan
from slim.image.registry.access import Access
from slim.image.source import open_image

if TYPE_CHECKING:
    from slim.dockerfile import Placement
    from slim.files.cache import TableCache
    from slim.files.ledger import Ledger
    from slim.files.table import Files, LayerTable
    from slim.image.base import BaseImage
    from slim.image.model import Image
    from slim.limits import Limits

_log = logging.getLogger(__name__)
_DOCKERFILE_BYTES = 1 << 20


class Reading(Struct, frozen=True):
    """One image, and all that is known of its files."""

    image: Image
    tables: Sequence[LayerTable | None]
    files: Files
    ledger: Ledger
    base: BaseImage
    placements: tuple[Placement | None, ...]


@contextmanager
def read_image(
    source: str | os.PathLike[str],
    *,
    tag: str | None,
    image_index: int | None,
    platform: str | None,
    base: str | os.PathLike[str] | None,
    registry: Access,
    dockerfile: str | os.PathLike[str] | None,
    target: str | None,
    jobs: int | None,
    limits: Limits,
    cache: TableCache | None,
    progress: Callable[[int, int], None] | None,
    manifest_only: bool = False,
    full: bool = False,
    advice: bool = True,
    verify: bool = True,
    all_files: bool = False,
) -> Iterator[Reading]:
    """image → files; arguments and errors are those of `pipeline.analyze`.

    Digests of layers whose tables are in the cache may still be computed in the body of the `with`, and the
    end of it raises if one is wrong: nothing may leave the process before.
    """
    text = _read_dockerfile(dockerfile) if dockerfile is not None else None
    with ExitStack() as stack:
        image = stack.enter_context(
            open_any(
                source,
                tag=tag,
                image_index=image_index,
                platform=platform,
                registry=registry,
                manifest_only=manifest_only,
                full=full,
                verify=verify,
                extract=advice,
                keeps=KEEPS,
                limits=limits,
                cache=cache,
                progress=_summed(progress, 0),
            )
        )
        _log.info(
            "%s: %s, %s, %d layers",
            os.fspath(source),
            image.format,
            image.config.platform,
            len(image.layers),
        )
        placements = _place(text, dockerfile, image, target)
        tables = stack.enter_context(
            scan(
                image,
                jobs=jobs,
                verify=verify,
                extract=advice,
                keeps=KEEPS,
                extra=_scripts(image) if advice else (),
                skim=not all_files,
                limits=limits,
                cache=cache,
                progress=_summed(progress, sum(one.size for one in image.layers if one.blob)),
                meanwhile=partial(_prepare, advice),
            )
        )
        from slim.files.ledger import account
        from slim.files.overlay import resolve
        from slim.image.base import find_base

        files = resolve(tables)
        _log.debug("names in all layers: %s", f"{len(files.name):,}")
        ledger = account(files, tables, [layer.size for layer in image.layers])
        opened = _open_base(base, str(image.config.platform), registry, limits)
        yield Reading(image, tables, files, ledger, find_base(image, opened), placements)


def _prepare(advice: bool) -> None:
    """Import what comes after the layers while they are read: the start is part of the time."""
    import_module("slim.files.overlay")
    import_module("slim.report.build")
    if advice:
        import_module("slim.advice.consult")
        vocabulary = import_module("slim.advice.vocabulary").VOCABULARY
        import_module("slim.rules.builtin").builtin_packs(vocabulary)


def _scripts(image: Image) -> frozenset[bytes]:
    from slim.entrypoint.resolve import script_paths

    return script_paths(image.config)


def _read_dockerfile(path: str | os.PathLike[str]) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(_DOCKERFILE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            "no-dockerfile", f"cannot read {os.fspath(path)!r}: {error.strerror}"
        ) from None
    return data.decode("utf-8", "replace")


def _place(
    text: str | None, path: str | os.PathLike[str] | None, image: Image, target: str | None
) -> tuple[Placement | None, ...]:
    if text is None:
        if target is not None:
            raise UsageError("no-dockerfile", "--target needs --dockerfile")
        return ()
    from slim.dockerfile import DockerfileError, parse_dockerfile, place

    try:
        commands = [entry.created_by for entry in image.history]
        return place(parse_dockerfile(text), commands, target=target)
    except DockerfileError as error:
        raise UsageError(
            "bad-dockerfile",
            f"{os.fspath(path or '')}: {error}",
            "slim reads the Dockerfile only to find lines: leave --dockerfile out to go without",
        ) from None


def _open_base(
    base: str | os.PathLike[str] | None, platform: str, registry: Access, limits: Limits
) -> Image | None:
    if base is None:
        return None
    try:
        with open_image(base, registry=registry, limits=limits) as image:
            return image
    except UsageError as error:
        if error.slug != "ambiguous-image":
            raise
    with open_image(base, platform=platform, registry=registry, limits=limits) as image:
        return image


def _summed(
    progress: Callable[[int, int], None] | None, total: int
) -> Callable[[int], None] | None:
    """Sum up what the layers report; additions of ints under the interpreter lock do not get lost."""
    if progress is None:
        return None
    read = 0

    def advance(count: int) -> None:
        nonlocal read
        read += count
        progress(read, total)

    return advance
