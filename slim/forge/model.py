"""What a forge's module offers, and what `publish` knows of a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct

from slim.forge.context import Branch
from slim.forge.transport import Transport


class Comment(Struct, frozen=True):
    """A comment of a pull request that is there already."""

    id: int
    """Larger than that of any older comment of the same pull request."""
    author: str
    """As `me` names the token's user."""
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


class Forge(Protocol):
    """The functions of a forge's module. All raise `NetworkError`, `Refusal` among them."""

    def sign(self, token: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """The headers that carry the token, and what of them is secret."""

    def me(self, api: Transport) -> str | None:
        """The token's user; None where the token may not know it and the forge checks authors itself."""

    def comments(self, api: Transport, at: Place) -> Iterable[Comment]:
        """All comments, through all pages."""

    def create(self, api: Transport, at: Place, body: str) -> str:
        """Make a comment; its page's address."""

    def update(self, api: Transport, at: Place, comment: Comment, body: str) -> str:
        """Replace a comment's text; its page's address."""

    def delete(self, api: Transport, at: Place, comment: Comment) -> None:
        """Remove a comment."""

    hide: Callable[[Transport, Comment], None] | None
    """Fold a comment away as outdated; None where the forge cannot."""

    pull_of: Callable[[Transport, str, Branch, str], list[int]] | None
    """Open pull requests of a repository from a branch whose head is exactly this commit, for jobs that
    do not know the number; None for forges whose jobs always know."""
