"""Bitbucket Data Center, and Server before it: comments are among the activities of a pull request.

API: REST 1.0 "pull-requests". A comment has a version, which each change names: when somebody else was
faster the answer is 409, and it is looked again. HTML is shown as text, as on Bitbucket Cloud.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import unquote

from msgspec import Struct, field

from slim.forge.context import Branch
from slim.forge.model import Comment, Forge, Page, Place, below
from slim.forge.signing import bearer_or_basic
from slim.forge.transport import Refusal, Transport, Unsure, pages_left, segment, too_many
from slim.patterns import regex


class _User(Struct):
    name: str = ""


class _Comment(Struct):
    id: int
    version: int
    text: str = ""
    author: _User = field(default_factory=_User)


class _Activity(Struct):
    action: str
    comment: _Comment | None = None


class _Ref(Struct, rename="camel"):
    latest_commit: str = ""


class _Pull(Struct, rename="camel"):
    id: int
    from_ref: _Ref


class _Page(Struct, rename="camel"):
    is_last_page: bool
    next_page_start: int | None = None


class _Activities(_Page, kw_only=True):
    values: list[_Activity]


class _Pulls(_Page, kw_only=True):
    values: list[_Pull]


P = TypeVar("P", bound=_Page)


def me(api: Transport) -> str:
    """The user's name, which every answer carries in a header; no path of the API has it."""
    return unquote(api.get("/application-properties").headers.get("X-AUSERNAME", ""))


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Newest first, a hundred activities a page; answers to comments are inside of them."""
    seen: set[int] = set()
    for page in _pages(api, f"{_pull(at)}/activities?", _Activities):
        for activity in page.values:
            comment = activity.comment
            # Editing a comment adds a second activity with it.
            if activity.action == "COMMENTED" and comment and comment.id not in seen:
                seen.add(comment.id)
                url = _page_of(api, at, comment.id)
                version = str(comment.version)
                yield Comment(comment.id, comment.author.name, comment.text, url, version)


def create(api: Transport, at: Place, body: str) -> str:
    """Post a comment; the API answers 201."""
    comment = api.send("POST", f"{_pull(at)}/comments", {"text": body}).decode(_Comment)
    return _page_of(api, at, comment.id)


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Change a comment; the API answers 200."""
    try:
        data = {"text": body, "version": int(comment.handle)}
        api.send("PUT", f"{_pull(at)}/comments/{comment.id}", data)
    except Refusal as error:
        if error.status == 409:
            raise Unsure(error.slug, error.message, "try again") from None
        raise
    return comment.url


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Delete a comment; the API answers 204, or 409 for one with replies."""
    query = f"version={segment(comment.handle)}"
    api.send("DELETE", f"{_pull(at)}/comments/{comment.id}?{query}", None)


def pull_of(api: Transport, repo: str, branch: Branch, sha: str) -> list[int]:
    """By the commit alone: a fork's branch has no name in the repository that it is to be merged into."""
    del branch
    return [
        pull.id
        for page in _pages(api, f"{_repository(repo)}/pull-requests?state=OPEN&", _Pulls)
        for pull in page.values
        if pull.from_ref.latest_commit == sha
    ]


def _pages(api: Transport, query: str, kind: type[P]) -> Iterator[P]:
    start: int | None = 0
    for _ in pages_left():
        page = api.get(f"{query}limit=100&start={start}").decode(kind)
        yield page
        start = page.next_page_start
        if page.is_last_page or start is None:
            return
    raise too_many()


def _page_of(api: Transport, at: Place, comment: int) -> str:
    """The address for people: none is in the answers."""
    server = api.api_url.removesuffix("/rest/api/1.0")
    return f"{server}{_pull(at)}/overview?commentId={comment}"


def _pull(at: Place) -> str:
    return f"{_repository(at.repo)}/pull-requests/{at.number}"


def _repository(repo: str) -> str:
    """`PROJECT/repository`; a person's project is `~name`."""
    project, _, name = repo.partition("/")
    return f"/projects/{segment(project)}/repos/{segment(name)}"


def _repo_of(path: str) -> str:
    """`projects/TEAM/app` and `users/alice/app` of a page's address, as `Place.repo`."""
    return path.removeprefix("projects/").replace("users/", "~", 1)


BITBUCKET_DC = Forge(
    name="bitbucket_dc",
    tokens=("BITBUCKET_DC_TOKEN",),
    api_of=below("/rest/api/1.0"),
    page=Page(
        regex(r"(/.*?)?/((?:projects|users)/[^/]+)/repos/([^/]+)/pull-requests/(\d+)"),
        _repo_of,
    ),
    flavor="bitbucket",
    sign=bearer_or_basic,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
    pull_of=pull_of,
)
