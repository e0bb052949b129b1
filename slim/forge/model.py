"""What slim must know of a forge, as one value, and what it knows of a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct

from slim.forge.context import Branch
from slim.forge.signing import Signed
from slim.forge.transport import Transport


class Comment(Struct, frozen=True):
    """A comment of a pull request that is there already."""

    id: int
    """Larger than that of any older comment of the same pull request."""
    author: str
    """As `Forge.me` names the token's user."""
    body: str
    url: str = ""
    """Of its page, for people."""
    handle: str = ""
    """What else the forge needs to find it again."""


class Place(Struct, frozen=True):
    """Where the comment goes."""

    repo: str
    """`owner/name`, or what the forge has instead: a number on GitLab, `project/repository` on Azure and
    on Bitbucket Data Center."""
    number: int
    """Of the pull request."""


class Page(Struct, frozen=True):
    """How the addresses of a forge's pull requests look, below the server."""

    path: re.Pattern[str]
    """Groups: a prefix of the server, then the parts of the repository, then the number."""
    repo: Callable[[str], str] = str
    """The parts, joined by slashes, as `Place.repo`."""


class Forge(Struct, frozen=True, kw_only=True):
    """One forge. All functions that speak to it raise `NetworkError`, `Refusal` among them."""

    name: str
    """As Woodpecker calls it."""
    tokens: tuple[str, ...]
    """Variables that hold its token, after `SLIM_TOKEN`: the token of one forge never goes to another."""
    api_of: Callable[[str], str]
    """The address of the API of a server, which has no slash at its end."""
    hosts: tuple[str, ...] = ()
    """Public servers that are known to be of it."""
    server: str = ""
    """The one that most use, where there is one."""
    page: Page | None = None
    """None where the addresses look like those of another forge."""
    flavor: str = "github"
    """Which Markdown it reads: a name of `slim.formats.flavors`."""
    max_bytes: int | None = None
    """Of a comment, where it is not the flavor's."""

    sign: Callable[[str], Signed]
    """Token → the headers that carry it."""
    me: Callable[[Transport], str | None]
    """The token's user; None where the token may not know it and the forge checks authors itself."""
    comments: Callable[[Transport, Place], Iterable[Comment]]
    """All comments, through all pages."""
    create: Callable[[Transport, Place, str], str]
    """Add a comment of this text; its page's address, empty where the forge does not say it."""
    update: Callable[[Transport, Place, Comment, str], str]
    """Replace a comment's text; its page's address."""
    delete: Callable[[Transport, Place, Comment], None]
    """Remove a comment."""
    hide: Callable[[Transport, Comment], None] | None = None
    """Fold a comment away as outdated; None where the forge cannot."""
    pull_of: Callable[[Transport, str, Branch, str], list[int]] | None = None
    """Open pull requests of a repository from a branch whose head is exactly this commit, for jobs that
    do not know the number; None for forges whose jobs always know."""


def below(path: str) -> Callable[[str], str]:
    """An `api_of` for APIs at a fixed path of each server."""
    return lambda server: server + path
