"""Keeps a slim.toml that nobody named within its own folder: a checkout of strangers may have one.

Such a file may not make slim reach out (registries, engines), nor read or write anywhere else. A file that
the user names, or trusts by `--trust-config`, may.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from slim.config.settings import ImageSettings, Settings
from slim.errors import UsageError
from slim.image.engine import split_engine
from slim.image.source import PREFIXES, find_reference, is_bare


def check_trust(settings: Settings) -> None:
    """Refuse settings of a found file that concern anything but the files below its folder.

    Raises:
        UsageError: with every such setting.
    """
    home = os.path.realpath(os.path.dirname(settings.file))
    faults = [
        *_faults(settings.image, home),
        *(
            f"[image.{key}] {fault}"
            for key, image in settings.images.items()
            for fault in _faults(image, home)
        ),
        *(
            f"packs: {path!r} is not below its folder"
            for path in settings.packs
            if _leaves(path, home)
        ),
    ]
    if faults:
        raise UsageError(
            "untrusted-config",
            f"{settings.file} was found, not named, and asks for what only a trusted file may",
            f"read it, then use --config {settings.file} or --trust-config; --no-config goes without",
            tuple(faults[:20]),
        )


def _faults(image: ImageSettings, home: str) -> Iterator[str]:
    if image.dockerfile and _leaves(image.dockerfile, home):
        yield f"dockerfile: {image.dockerfile!r} is not below its folder"
    if image.base and (why := _base(image.base, home)):
        yield f"base: {image.base!r} {why}"
    for output in image.output:
        path = output.partition("=")[2].removeprefix("+")
        if path not in ("", "-") and _leaves(path, home, written=True):
            yield f"output: {output!r} is not below its folder"


def _base(text: str, home: str) -> str:
    """Why the file may not name this base image; empty if it may."""
    if split_engine(text):
        return "is an image of an engine"
    try:
        if find_reference(text) is not None:
            engine = "of an engine or " if is_bare(text) else ""
            return f"is an image {engine}in a registry"
    except UsageError:
        return "may be an image in a registry"
    prefix, colon, path = text.partition(":")
    return (
        "is not below its folder"
        if _leaves(path if colon and prefix in PREFIXES else text, home)
        else ""
    )


def _leaves(path: str, home: str, *, written: bool = False) -> bool:
    """Whether a path is absolute or leads out of `home`, links followed; or into git's own files, or to
    where only the name of an image decides, if it is `written` to."""
    if os.path.isabs(path):
        return True
    real = os.path.realpath(path)
    if os.path.commonpath([real, home]) != home:
        return True
    folders = os.path.relpath(real, home).lower().split(os.sep)
    return written and (".git" in folders or "{}" in os.path.dirname(path))
