"""The forges that slim comments on: an explicit list."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from slim.errors import NetworkError
from slim.forge.model import Forge

FORGES = {
    "github": "slim.forge.github",
    "gitlab": "slim.forge.gitlab",
    "gitea": "slim.forge.gitea",
    "forgejo": "slim.forge.gitea",
    "bitbucket": "slim.forge.bitbucket",
    "bitbucket_dc": "slim.forge.bitbucket_dc",
    "azure": "slim.forge.azure",
}
"""Name → module, imported when it is asked for."""


def load(name: str) -> Forge:
    """The module of a forge.

    Raises:
        NetworkError: there is none.
    """
    if name not in FORGES:
        known = f"{name[:40]!r} is not supported" if name else "which forge it is, is not known"
        raise NetworkError("no-forge", known, f"name it: {', '.join(FORGES)}")
    return cast("Forge", import_module(FORGES[name]))
