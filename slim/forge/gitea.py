"""Gitea and Forgejo: pull requests are issues, and an issue's comments come all at once.

API: v1 "issue". Where a newer server pages them, its `Link` header is followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slim.forge.model import Comment, Place
from slim.forge.transport import Transport, bearer, path_of


class _User(Struct):
    id: int
    login: str = ""


class _Comment(Struct):
    id: int
    user: _User | None
    body: str | None = None
    html_url: str = ""


hide = pull_of = None


def sign(token: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Gitea's own word for its tokens."""
    return bearer(token, "token")


def me(api: Transport) -> str:
    """The number of the token's user; that of a job's own token is -2."""
    return str(api.get("/user").decode(_User).id)


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first."""
    for page in api.pages(f"{_issue(at)}/comments"):
        for one in page.decode(list[_Comment]):
            author = str(one.user.id) if one.user else ""
            yield Comment(one.id, author, one.body or "", one.html_url)


def create(api: Transport, at: Place, body: str) -> str:
    """Status 201."""
    return api.send("POST", f"{_issue(at)}/comments", {"body": body}).decode(_Comment).html_url


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Status 200."""
    return api.send("PATCH", _comment(at, comment), {"body": body}).decode(_Comment).html_url


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Status 204."""
    api.send("DELETE", _comment(at, comment), None)


def _issue(at: Place) -> str:
    return f"/repos/{path_of(at.repo)}/issues/{at.number}"


def _comment(at: Place, comment: Comment) -> str:
    return f"/repos/{path_of(at.repo)}/issues/comments/{comment.id}"
