"""GitHub, and its Enterprise Server: comments on a pull request are those of its issue.

API: REST v3 "issue comments" and "pulls", GraphQL `viewer` and `minimizeComment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct

from slim.errors import NetworkError
from slim.forge.context import Branch
from slim.forge.issue_comments import create, delete, issue, update
from slim.forge.model import Comment, Forge, Page, Place
from slim.forge.signing import Signed, bearer
from slim.forge.transport import Transport, path_of, segment
from slim.patterns import regex


class _User(Struct):
    login: str


class _Comment(Struct):
    id: int
    user: _User | None
    body: str | None = None
    html_url: str = ""
    node_id: str = ""


class _Viewer(Struct):
    viewer: _User


class _Answer(Struct):
    data: _Viewer | None = None


class _Head(Struct):
    sha: str


class _Pull(Struct):
    number: int
    head: _Head


def sign(token: str) -> Signed:
    """A bearer token, whatever its kind."""
    headers, secrets = bearer(token)
    return {
        **headers,
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }, secrets


def me(api: Transport) -> str:
    """By GraphQL: the token of a workflow may not ask REST who it is."""
    answer = api.send("POST", _graphql(api), {"query": "query{viewer{login}}"}, repeatable=True)
    found = answer.decode(_Answer).data
    if found is None:
        raise NetworkError("forge-answer", "GitHub does not say whose token it is", "--token-file")
    return found.viewer.login


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first, a hundred a page."""
    for page in api.pages(f"{issue(at)}/comments?per_page=100"):
        for found in page.decode(list[_Comment]):
            # The comments of deleted accounts have no user, or "ghost".
            author = found.user.login if found.user else ""
            yield Comment(found.id, author, found.body or "", found.html_url, found.node_id)


def hide(api: Transport, comment: Comment) -> None:
    """Fold the comment away as outdated."""
    query = "mutation($id:ID!){minimizeComment(input:{subjectId:$id,classifier:OUTDATED}){clientMutationId}}"
    data = {"query": query, "variables": {"id": comment.handle}}
    api.send("POST", _graphql(api), data, repeatable=True)


def pull_of(api: Transport, repo: str, branch: Branch, sha: str) -> list[int]:
    """That a fork's commit belongs to a pull request is what GitHub says, not what the fork says."""
    head = f"{segment(branch.owner)}:{segment(branch.name)}"
    answer = api.get(f"/repos/{path_of(repo)}/pulls?state=open&per_page=100&head={head}")
    return [pull.number for pull in answer.decode(list[_Pull]) if pull.head.sha == sha]


def _graphql(api: Transport) -> str:
    """Beside the REST API; on an Enterprise Server `/api/graphql` beside `/api/v3`."""
    return f"{api.api_url.removesuffix('/v3')}/graphql"


def _api_of(server: str) -> str:
    host = urlsplit(server).hostname or ""
    return "https://api.github.com" if host == "github.com" else f"{server}/api/v3"


GITHUB = Forge(
    name="github",
    tokens=("GITHUB_TOKEN", "GH_TOKEN"),
    api_of=_api_of,
    hosts=("github.com",),
    server="https://github.com",
    page=Page(regex(r"()/([^/]+/[^/]+)/pull/(\d+)")),
    sign=sign,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
    hide=hide,
    pull_of=pull_of,
)
