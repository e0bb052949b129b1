"""Finds the settings of the user and reads them: slim.toml, or else dive's `.dive-ci`.

From the working directory up to the root of its repository (the folder that has `.git`; without a
repository only the working directory), the first file wins and nothing is merged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from msgspec import Struct, field

from slim.config import dive_ci
from slim.config.settings import ImageSettings
from slim.config.trust import check_trust
from slim.errors import UsageError
from slim.fleet.teams import Teams
from slim.rules.faults import Fault, Faulty
from slim.rules.suggestions import suggestion
from slim.rules.toml_text import MAX_FILE_BYTES

NAMES = (".slim.toml", "slim.toml")
DIVE_NAME = ".dive-ci"
_HINT = "`slim config --help` explains the order; --no-config goes without the file"


class Config(Struct, frozen=True):
    """The settings that hold for one image."""

    image: ImageSettings = field(default_factory=ImageSettings)
    limits: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    teams: Teams = field(default_factory=Teams)
    file: str = ""
    """As it was found; empty when there is none."""
    warning: str = ""
    """To be told to the user, one line."""


def load_config(
    file: str | None = None,
    *,
    key: str | None = None,
    folder: str | os.PathLike[str] = ".",
    trusted: bool = False,
) -> Config:
    """The settings of `file`, or of what is found from `folder` upward, for the image of `key`.

    What is found is not `trusted` unless the caller says so: it may name files below its folder alone.

    Raises:
        UsageError: unreadable, or with all faults of the file; or it has images and `key` is none of
            them; or it was found, is not trusted, and names a registry, an engine or other folders.
    """
    found = file or _find(folder, NAMES)
    if found is None:
        dive = _find(folder, (DIVE_NAME,))
        return Config() if dive is None else _dive(dive)
    # What reads TOML and checks it is imported where there is some.
    from slim.config.reader import parse_settings

    faults: list[Fault] = []
    settings = parse_settings(found, _read(found, MAX_FILE_BYTES), faults)
    if faults:
        raise Faulty("bad-config", found, sorted(faults), _HINT)
    if not (file or trusted):
        check_trust(settings)
    if key is not None and settings.images and key not in settings.images:
        raise UsageError(
            "no-such-key",
            f"{found} has no [image.{key}]{suggestion(key, settings.images)}",
            f"an empty table will do; it has: {', '.join(settings.images)[:500]}",
        )
    image = settings.of(key or "")
    return Config(image, settings.limits, settings.packs, settings.teams, found)


def _dive(file: str) -> Config:
    faults: list[Fault] = []
    gates = dive_ci.parse_dive_ci(file, _read(file, dive_ci.MAX_BYTES), faults)
    if faults:
        raise Faulty("bad-config", file, sorted(faults), "--no-config goes without the file")
    warning = f"{file} is applied to dive's own numbers; a slim.toml would be read in its place"
    return Config(ImageSettings(gates=gates), file=file, warning=warning)


def _find(folder: str | os.PathLike[str], names: tuple[str, ...]) -> str | None:
    """The first regular file of these names, named as seen from the working directory."""
    for place in _upward(os.path.abspath(folder)):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                return os.path.relpath(path)
    return None


def _upward(home: str) -> Iterator[str]:
    folders = [home]
    while (above := os.path.dirname(folders[-1])) != folders[-1]:
        folders.append(above)
    roots = [
        at for at, folder in enumerate(folders) if os.path.exists(os.path.join(folder, ".git"))
    ]
    yield from folders[: roots[0] + 1] if roots else folders[:1]


def _read(file: str, limit: int) -> str:
    try:
        with open(file, "rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("no-config", f"cannot read {file!r}: {why}", _HINT) from None
    if len(data) > limit:
        raise UsageError("bad-config", f"{file}: larger than {limit:,} bytes", _HINT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("bad-config", f"{file}: not UTF-8", _HINT) from None
