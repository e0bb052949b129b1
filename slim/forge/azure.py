"""Azure Repos: a comment is the first one of a thread of its own, closed so that it holds up nothing.

API: Git "pull request threads" 7.1, `connectionData`.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from slim.forge.model import Comment, Forge, Page, Place
from slim.forge.signing import Signed, basic, bearer
from slim.forge.transport import Transport, segment
from slim.patterns import regex

_VERSION = "api-version=7.1"
_CLOSED = 4
_TEXT = 1


class _User(Struct):
    id: str


class _Connection(Struct, rename="camel"):
    authenticated_user: _User


class _Comment(Struct, rename="camel"):
    id: int
    author: _User | None = None
    content: str | None = None
    is_deleted: bool = False


class _Thread(Struct, rename="camel"):
    id: int
    comments: list[_Comment] = field(default_factory=list)
    is_deleted: bool = False


class _Threads(Struct):
    value: list[_Thread]


def sign(token: str) -> Signed:
    """A pipeline's token is a JSON Web Token and goes as a bearer; a person's is a password."""
    return bearer(token) if token.count(".") == 2 else basic("", token)


def me(api: Transport) -> str:
    """The id of the token's user."""
    query = "/_apis/connectionData?api-version=7.1-preview"
    return api.get(query).decode(_Connection).authenticated_user.id


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """The first comment of each thread; threads come all at once."""
    for thread in api.get(f"{_threads(at)}?{_VERSION}").decode(_Threads).value:
        if thread.is_deleted or not thread.comments or thread.comments[0].is_deleted:
            continue
        first = thread.comments[0]
        author = first.author.id if first.author else ""
        yield Comment(thread.id, author, first.content or "", handle=str(first.id))


def create(api: Transport, at: Place, body: str) -> str:
    """Post a comment; the API answers 200, without the address of a page."""
    comment = {"parentCommentId": 0, "content": body, "commentType": _TEXT}
    data = {"comments": [comment], "status": _CLOSED}
    api.send("POST", f"{_threads(at)}?{_VERSION}", data)
    return ""


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Change a comment; the API answers 200."""
    api.send("PATCH", _comment(at, comment), {"content": body})
    return ""


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Delete a comment; the API answers 200."""
    api.send("DELETE", _comment(at, comment), None)


def _comment(at: Place, comment: Comment) -> str:
    return f"{_threads(at)}/{comment.id}/comments/{segment(comment.handle)}?{_VERSION}"


def _threads(at: Place) -> str:
    project, _, repository = at.repo.partition("/")
    base = f"/{segment(project)}/_apis/git/repositories/{segment(repository)}"
    return f"{base}/pullRequests/{at.number}/threads"


AZURE = Forge(
    name="azure",
    tokens=("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"),
    api_of=str,
    hosts=("dev.azure.com",),
    page=Page(regex(r"(/.*?)?/([^/]+)/_git/([^/]+)/pullrequest/(\d+)")),
    max_bytes=130_000,  # it takes 150,000 characters
    sign=sign,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
)
