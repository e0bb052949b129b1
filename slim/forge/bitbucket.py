"""Bitbucket Cloud. Its comments know no HTML, so that the marker is a visible last line.

API: 2.0 "pullrequests". Only who wrote a comment may change it, and a repository's own access token may
not ask who it is: then each comment with the marker is a candidate, and Bitbucket decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from slim.forge.model import Comment, Forge, Page, Place
from slim.forge.signing import bearer_or_basic
from slim.forge.transport import Refusal, Transport, pages_left, path_of, too_many
from slim.patterns import regex


class _User(Struct):
    uuid: str = ""


class _Content(Struct):
    raw: str | None = None


class _Link(Struct):
    href: str = ""


class _Links(Struct):
    html: _Link = field(default_factory=_Link)


class _Comment(Struct):
    id: int
    content: _Content = field(default_factory=_Content)
    user: _User | None = None
    deleted: bool = False
    links: _Links = field(default_factory=_Links)


class _Page(Struct):
    values: list[_Comment]
    next: str = ""


def me(api: Transport) -> str | None:
    """The UUID of the token's user, where the token may read it."""
    try:
        return api.get("/user").decode(_User).uuid or None
    except Refusal as error:
        if error.status in (401, 403, 404):
            return None
        raise


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first, a hundred a page; each page has the address of the next."""
    url = f"{_comments(at)}?pagelen=100&sort=created_on"
    for _ in pages_left():
        page = api.get(url).decode(_Page)
        for found in page.values:
            if not found.deleted:
                author = found.user.uuid if found.user else ""
                url = found.links.html.href
                yield Comment(found.id, author, found.content.raw or "", url)
        if not page.next:
            return
        url = page.next
    raise too_many()


def create(api: Transport, at: Place, body: str) -> str:
    """Post a comment; the API answers 201."""
    return _sent(api, "POST", _comments(at), body)


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Change a comment; the API answers 200."""
    return _sent(api, "PUT", f"{_comments(at)}/{comment.id}", body)


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Delete a comment; the API answers 204."""
    api.send("DELETE", f"{_comments(at)}/{comment.id}", None)


def _sent(api: Transport, method: str, path: str, body: str) -> str:
    answer = api.send(method, path, {"content": {"raw": body}})
    return answer.decode(_Comment).links.html.href


def _comments(at: Place) -> str:
    return f"/repositories/{path_of(at.repo)}/pullrequests/{at.number}/comments"


BITBUCKET = Forge(
    name="bitbucket",
    tokens=("BITBUCKET_TOKEN",),
    api_of=lambda server: "https://api.bitbucket.org/2.0",
    hosts=("bitbucket.org",),
    server="https://bitbucket.org",
    page=Page(regex(r"()/([^/]+/[^/]+)/pull-requests/(\d+)")),
    flavor="bitbucket",
    sign=bearer_or_basic,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
)
