"""Comments of GitHub and Gitea, to whose APIs a pull request is an issue."""

from __future__ import annotations

from msgspec import Struct

from slim.forge.model import Comment, Place
from slim.forge.transport import Transport, path_of


class _Sent(Struct):
    html_url: str = ""


def create(api: Transport, at: Place, body: str) -> str:
    """Post a comment; the API answers 201."""
    return api.send("POST", f"{issue(at)}/comments", {"body": body}).decode(_Sent).html_url


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Change a comment; the API answers 200; 403 for the comment of somebody else."""
    return api.send("PATCH", _comment(at, comment), {"body": body}).decode(_Sent).html_url


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Delete a comment; the API answers 204."""
    api.send("DELETE", _comment(at, comment), None)


def issue(at: Place) -> str:
    """The path of a pull request."""
    return f"/repos/{path_of(at.repo)}/issues/{at.number}"


def _comment(at: Place, comment: Comment) -> str:
    return f"/repos/{path_of(at.repo)}/issues/comments/{comment.id}"
