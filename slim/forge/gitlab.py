"""GitLab: comments on a merge request are its notes, among those that GitLab itself writes.

API: v4 "notes", "users". A job's own token may not write notes; a project's or a person's token may,
with the scope `api`.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slim.forge.model import Comment, Forge, Page, Place, below
from slim.forge.signing import bearer
from slim.forge.transport import Transport, pages_left, segment, too_many
from slim.patterns import regex


class _User(Struct):
    id: int


class _Note(Struct):
    id: int
    author: _User | None
    body: str | None = None
    system: bool = False


def me(api: Transport) -> str:
    """The number of the token's user; a project's token has a user of its own."""
    return str(api.get("/user").decode(_User).id)


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first, fifty a page: a note may have a million characters."""
    page = "1"
    for _ in pages_left():
        query = f"per_page=50&page={page}&sort=asc&order_by=created_at"
        answer = api.get(f"{_notes(at)}?{query}")
        for note in answer.decode(list[_Note]):
            if not note.system:
                author = str(note.author.id) if note.author else ""
                yield Comment(note.id, author, note.body or "")
        page = answer.headers.get("x-next-page", "").strip()
        if not page:
            return
        page = segment(page)
    raise too_many()


def create(api: Transport, at: Place, body: str) -> str:
    """Post a comment; the API answers 201, without an address."""
    api.send("POST", _notes(at), {"body": body})
    return ""


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Change a comment; the API answers 200."""
    api.send("PUT", f"{_notes(at)}/{comment.id}", {"body": body})
    return ""


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Delete a comment; the API answers 204."""
    api.send("DELETE", f"{_notes(at)}/{comment.id}", None)


def _notes(at: Place) -> str:
    return f"/projects/{segment(at.repo)}/merge_requests/{at.number}/notes"


GITLAB = Forge(
    name="gitlab",
    tokens=("GITLAB_TOKEN",),
    api_of=below("/api/v4"),
    hosts=("gitlab.com",),
    server="https://gitlab.com",
    page=Page(regex(r"()/(.+?)/-/merge_requests/(\d+)")),
    flavor="gitlab",
    # Personal, project and group tokens are accepted as bearer tokens, as those of OAuth are.
    sign=bearer,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
)
