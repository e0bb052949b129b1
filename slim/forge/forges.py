"""The forges that slim comments on: an explicit list, and what can be looked up in it."""

from __future__ import annotations

from slim.errors import NetworkError
from slim.forge.azure import AZURE
from slim.forge.bitbucket import BITBUCKET
from slim.forge.bitbucket_dc import BITBUCKET_DC
from slim.forge.gitea import FORGEJO, GITEA
from slim.forge.github import GITHUB
from slim.forge.gitlab import GITLAB
from slim.forge.model import Forge

_ALL = (GITHUB, GITLAB, GITEA, FORGEJO, BITBUCKET, BITBUCKET_DC, AZURE)
FORGES: dict[str, Forge] = {forge.name: forge for forge in _ALL}
"""By name, in the order in which they are listed for people."""
HOSTS: dict[str, str] = {host: forge.name for forge in _ALL for host in forge.hosts}
"""Public servers → name of the forge."""


def load(name: str) -> Forge:
    """The forge of a name.

    Raises:
        NetworkError: there is none.
    """
    if name not in FORGES:
        problem = f"{name[:40]!r} is not supported" if name else "the forge is not known"
        raise NetworkError("no-forge", problem, f"name it: {', '.join(FORGES)}")
    return FORGES[name]


def api_of(name: str, server: str) -> str:
    """The address of the API of a server: `https://git.example` → `https://git.example/api/v1`.

    Empty where forge or server are not known.
    """
    server = server.rstrip("/")
    return FORGES[name].api_of(server) if server and name in FORGES else ""


def same_api(name: str, other: str) -> bool:
    """Whether two forges are one to their clients, as Gitea and Forgejo are."""
    first, second = FORGES.get(name), FORGES.get(other)
    return first is not None and second is not None and first.comments is second.comments
