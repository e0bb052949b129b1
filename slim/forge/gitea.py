"""Gitea and Forgejo: pull requests are issues, and an issue's comments come all at once.

API: v1 "issue". Where a newer server pages them, its `Link` header is followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from slim.forge.issue_comments import create, delete, issue, update
from slim.forge.model import Comment, Forge, Page, Place, below
from slim.forge.signing import Signed, bearer
from slim.forge.transport import Transport
from slim.patterns import regex


class _User(Struct):
    id: int
    login: str = ""


class _Comment(Struct):
    id: int
    user: _User | None
    body: str | None = None
    html_url: str = ""


def sign(token: str) -> Signed:
    """Gitea's own word for its tokens."""
    return bearer(token, "token")


def me(api: Transport) -> str:
    """The number of the token's user; that of a job's own token is -2."""
    return str(api.get("/user").decode(_User).id)


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first."""
    for page in api.pages(f"{issue(at)}/comments"):
        for found in page.decode(list[_Comment]):
            author = str(found.user.id) if found.user else ""
            yield Comment(found.id, author, found.body or "", found.html_url)


GITEA = Forge(
    name="gitea",
    tokens=("GITEA_TOKEN", "FORGEJO_TOKEN"),
    api_of=below("/api/v1"),
    hosts=("gitea.com",),
    page=Page(regex(r"(.*)/([^/]+/[^/]+)/pulls/(\d+)")),
    flavor="gitea",
    sign=sign,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
)
FORGEJO = replace(
    GITEA,
    name="forgejo",
    tokens=("FORGEJO_TOKEN", "GITEA_TOKEN"),
    hosts=("codeberg.org",),
    page=None,
)
