"""Forges on the loopback interface that answer as the real APIs do: paths, signatures, pages, fields, codes.

Each keeps the comments of one pull request, knows two users by their tokens, and refuses what the real
one refuses. `faults` are answers that come instead, each once; `log` is what was asked.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0ken-of-slim-XYZ"  # noqa: S105
NUMBER = 7
OURS, STRANGER = "slim-bot", "mallory"
IDS = {OURS: 11, STRANGER: 66}


@dataclass
class Kept:
    """A comment as the server keeps it."""

    id: int
    author: str
    body: str
    hidden: bool = False
    version: int = 0
    """Of its text, where the forge counts them."""
    answered: bool = False


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    data: Any
    raw: bytes = b""


@dataclass
class Reply:
    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """An answer that comes once, for a request whose `METHOD path` matches."""

    pattern: str
    reply: Reply
    after: bool = False
    """What was asked is done first: the answer is lost."""


@dataclass
class Forge:
    """The state of a server."""

    name: str
    url: str = ""
    comments: list[Kept] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    log: list[Request] = field(default_factory=list)
    locked: bool = False
    foreign: set[int] = field(default_factory=set)
    """Comments that only somebody else may edit, whatever their author."""
    knows_user: bool = True
    pulls: list[dict[str, Any]] = field(default_factory=list)

    def add(self, body: str, author: str = OURS) -> Kept:
        kept = Kept(100 + len(self.comments), author, body)
        self.comments.append(kept)
        return kept

    def fail(self, pattern: str, status: int, data: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(pattern, Reply(status, data, named)))

    def requests(self, method: str) -> list[str]:
        return [request.path for request in self.log if request.method == method]


def refused(status: int, message: str) -> Reply:
    return Reply(status, {"message": message, "documentation_url": "https://docs.example"})


def _find(forge: Forge, number: str) -> Kept | None:
    return next((comment for comment in forge.comments if comment.id == int(number)), None)


def _change(
    forge: Forge, request: Request, number: str, shown: Callable[[Kept], Any], text: str
) -> Reply:
    """Edit or delete, where the author may."""
    kept = _find(forge, number)
    if kept is None:
        return refused(404, "Not Found")
    if kept.author != OURS or kept.id in forge.foreign or forge.locked:
        return refused(403, "Resource not accessible by integration")
    if request.method == "DELETE":
        forge.comments.remove(kept)
        return Reply(204)
    kept.body = text
    kept.version += 1
    return Reply(200, shown(kept))


def _page(items: list[Any], request: Request, size: str, most: int) -> tuple[list[Any], int, int]:
    """(items of the page, number of the page, number of pages)."""
    per = min(int(request.query.get(size, "20")), most)
    page = int(request.query.get("page", "1"))
    return items[(page - 1) * per : page * per], page, -(-len(items) // per)


def github(forge: Forge, request: Request) -> Reply:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return refused(401, "Bad credentials")
    if request.headers.get("x-github-api-version") != "2022-11-28":
        return refused(400, "no version")

    def shown(kept: Kept) -> dict[str, Any]:
        return {
            "id": kept.id,
            "node_id": f"IC_{kept.id}",
            "html_url": f"{forge.url}/team/app/pull/{NUMBER}#issuecomment-{kept.id}",
            "user": {"login": kept.author, "id": IDS[kept.author], "type": "Bot"},
            "body": kept.body,
            "author_association": "NONE",
        }

    base = "/repos/team/app/issues"
    if request.path == "/user":
        return refused(403, "Resource not accessible by integration")
    if request.path == "/graphql" and request.method == "POST":
        query = request.data["query"]
        if "viewer" in query:
            return Reply(200, {"data": {"viewer": {"login": OURS}}})
        kept = _find(forge, request.data["variables"]["id"].removeprefix("IC_"))
        assert kept is not None
        kept.hidden = True
        return Reply(200, {"data": {"minimizeComment": {"clientMutationId": None}}})
    if request.path == "/repos/team/app/pulls":
        owner, _, branch = request.query["head"].partition(":")
        pulls = [
            pull
            for pull in forge.pulls
            if (pull["head"]["user"]["login"], pull["head"]["ref"]) == (owner, branch)
        ]
        return Reply(200, pulls)
    if request.path == f"{base}/{NUMBER}/comments":
        if request.method == "POST":
            if forge.locked:
                return refused(403, "Unable to create comment because issue is locked.")
            return Reply(201, shown(forge.add(request.data["body"])))
        items, page, last = _page(forge.comments, request, "per_page", 100)
        headers = {}
        if page < last:
            here = f"{forge.url}{base}/{NUMBER}/comments?per_page={request.query['per_page']}"
            headers["Link"] = (
                f'<{here}&page={page + 1}>; rel="next", <{here}&page={last}>; rel="last"'
            )
        return Reply(200, [shown(item) for item in items], headers)
    if found := re.fullmatch(rf"{base}/comments/(\d+)", request.path):
        return _change(forge, request, found[1], shown, (request.data or {}).get("body", ""))
    return refused(404, "Not Found")


def gitlab(forge: Forge, request: Request) -> Reply:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return Reply(401, {"message": "401 Unauthorized"})

    def shown(kept: Kept) -> dict[str, Any]:
        return {
            "id": kept.id,
            "type": None,
            "body": kept.body,
            "author": {"id": IDS[kept.author], "username": kept.author},
            "system": False,
            "noteable_type": "MergeRequest",
        }

    base = f"/projects/42/merge_requests/{NUMBER}/notes"
    if request.path == "/user":
        return Reply(200, {"id": IDS[OURS], "username": OURS})
    if request.path == base:
        if request.method == "POST":
            if forge.locked:
                return Reply(403, {"message": "403 Forbidden"})
            return Reply(201, shown(forge.add(request.data["body"])))
        system = {"id": 1, "body": "assigned to @x", "author": {"id": 66}, "system": True}
        notes = [system, *map(shown, forge.comments)]
        items, page, last = _page(notes, request, "per_page", 100)
        headers = {
            "x-next-page": str(page + 1) if page < last else "",
            "x-page": str(page),
            "x-total-pages": str(last),
        }
        return Reply(200, items, headers)
    if found := re.fullmatch(rf"{base}/(\d+)", request.path):
        return _change(forge, request, found[1], shown, (request.data or {}).get("body", ""))
    return Reply(404, {"message": "404 Project Not Found"})


def gitea(forge: Forge, request: Request) -> Reply:
    if request.headers.get("authorization") != f"token {TOKEN}":
        return refused(401, "user does not exist [uid: 0, name: ]")

    def shown(kept: Kept) -> dict[str, Any]:
        return {
            "id": kept.id,
            "html_url": f"{forge.url}/team/app/pulls/{NUMBER}#issuecomment-{kept.id}",
            "user": {"id": IDS[kept.author], "login": kept.author, "username": kept.author},
            "body": kept.body,
        }

    base = "/repos/team/app/issues"
    if request.path == "/user":
        return Reply(200, {"id": IDS[OURS], "login": OURS})
    if request.path == f"{base}/{NUMBER}/comments":
        if request.method == "POST":
            if forge.locked:
                return refused(403, "issue is locked")
            return Reply(201, shown(forge.add(request.data["body"])))
        headers = {"X-Total-Count": str(len(forge.comments))}
        return Reply(200, [shown(comment) for comment in forge.comments], headers)
    if found := re.fullmatch(rf"{base}/comments/(\d+)", request.path):
        return _change(forge, request, found[1], shown, (request.data or {}).get("body", ""))
    return refused(404, "The target couldn't be found.")


def bitbucket(forge: Forge, request: Request) -> Reply:
    def failed(status: int, message: str) -> Reply:
        return Reply(status, {"type": "error", "error": {"message": message}})

    person = base64.b64encode(f"me@x.example:{TOKEN}".encode()).decode()
    if request.headers.get("authorization") not in (f"Bearer {TOKEN}", f"Basic {person}"):
        return failed(401, "Token is invalid, expired, or not supported for this endpoint.")

    def shown(kept: Kept) -> dict[str, Any]:
        return {
            "id": kept.id,
            "type": "pullrequest_comment",
            "content": {"type": "rendered", "raw": kept.body, "markup": "markdown", "html": "<p>"},
            "user": {"uuid": f"{{{kept.author}}}", "display_name": kept.author, "type": "user"},
            "deleted": False,
            "links": {"html": {"href": f"{forge.url}/pull-requests/{NUMBER}#comment-{kept.id}"}},
        }

    base = f"/repositories/team/app/pullrequests/{NUMBER}/comments"
    if request.path == "/user":
        if not forge.knows_user:
            return failed(403, "Your credentials lack one or more required privilege scopes.")
        return Reply(200, {"uuid": f"{{{OURS}}}", "display_name": OURS})
    if request.path == base:
        if request.method == "POST":
            if forge.locked:
                return failed(403, "closed")
            return Reply(201, shown(forge.add(request.data["content"]["raw"])))
        removed = {"id": 1, "type": "pullrequest_comment", "deleted": True, "content": {"raw": ""}}
        everything = [removed, *map(shown, forge.comments)]
        items, page, last = _page(everything, request, "pagelen", 100)
        data: dict[str, Any] = {
            "values": items,
            "pagelen": 100,
            "size": len(everything),
            "page": page,
        }
        if page < last:
            data["next"] = f"{forge.url}{base}?pagelen=100&page={page + 1}"
        return Reply(200, data)
    if found := re.fullmatch(rf"{base}/(\d+)", request.path):
        text = (request.data or {"content": {"raw": ""}})["content"]["raw"]
        return _change(forge, request, found[1], shown, text)
    return failed(404, "Resource not found")


def azure(forge: Forge, request: Request) -> Reply:
    person = base64.b64encode(f":{TOKEN}".encode()).decode()
    if request.headers.get("authorization") not in (f"Basic {person}",):
        return Reply(302, None, {"Location": "https://spsprodweu1.vssps.example/_signin"})
    if not request.query.get("api-version", "").startswith("7.1"):
        return Reply(400, {"message": "No api-version was supplied"})

    def comment(kept: Kept) -> dict[str, Any]:
        author = {"id": f"guid-{kept.author}", "displayName": kept.author}
        return {"id": 1, "parentCommentId": 0, "author": author, "content": kept.body}

    def thread(kept: Kept) -> dict[str, Any]:
        return {"id": kept.id, "comments": [comment(kept)], "status": "closed", "isDeleted": False}

    base = f"/proj%20ect/_apis/git/repositories/app/pullRequests/{NUMBER}/threads"
    if request.path == "/_apis/connectionData":
        return Reply(200, {"authenticatedUser": {"id": f"guid-{OURS}", "descriptor": "d"}})
    if request.path == base:
        if request.method == "POST":
            if forge.locked:
                return Reply(403, {"message": "TF401027: You need the Git 'PullRequestContribute'"})
            assert request.data["status"] == 4
            return Reply(200, thread(forge.add(request.data["comments"][0]["content"])))
        system = {"id": 1, "comments": [{"id": 1, "content": "voted", "commentType": "system"}]}
        gone = {"id": 2, "comments": [], "isDeleted": True}
        return Reply(200, {"value": [system, gone, *map(thread, forge.comments)], "count": 3})
    if found := re.fullmatch(rf"{base}/(\d+)/comments/1", request.path):
        reply = _change(forge, request, found[1], comment, (request.data or {}).get("content", ""))
        return Reply(200) if reply.status == 204 else reply
    return Reply(404, {"message": "TF401175: The version descriptor could not be resolved"})


def bitbucket_dc(forge: Forge, request: Request) -> Reply:
    def failed(status: int, message: str) -> Reply:
        kind = "com.atlassian.bitbucket.SomeException"
        errors = [{"context": None, "message": message, "exceptionName": kind}]
        return Reply(status, {"errors": errors}, user)

    user = {"X-AUSERNAME": OURS} if forge.knows_user else {}
    person = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    if request.headers.get("authorization") not in (f"Bearer {TOKEN}", f"Basic {person}"):
        user = {}
        return failed(401, "Authentication failed. Please check your credentials and try again.")

    def shown(kept: Kept) -> dict[str, Any]:
        return {
            "properties": {"repositoryId": 1},
            "id": kept.id,
            "version": kept.version,
            "text": kept.body,
            "author": {"name": kept.author, "id": IDS[kept.author], "slug": kept.author},
            "comments": [{"id": 9_000 + kept.id, "version": 0, "text": kept.body}],
            "severity": "NORMAL",
            "state": "OPEN",
        }

    def listed(items: list[Any]) -> Reply:
        start, limit = int(request.query["start"]), min(int(request.query["limit"]), 100)
        end = start + limit
        data: dict[str, Any] = {"size": len(items[start:end]), "limit": limit, "start": start}
        last = end >= len(items)
        data |= {"values": items[start:end], "isLastPage": last}
        return Reply(200, data | {"nextPageStart": None if last else end}, user)

    base = f"/projects/TEAM/repos/app/pull-requests/{NUMBER}"
    if request.path == "/application-properties":
        return Reply(200, {"version": "8.9.1", "displayName": "Bitbucket"}, user)
    if request.path == "/projects/TEAM/repos/app/pull-requests":
        return listed([pull for pull in forge.pulls if pull["state"] == request.query["state"]])
    if request.path == f"{base}/activities":
        commented = [
            {
                "id": comment.id,
                "action": "COMMENTED",
                "commentAction": "ADDED",
                "comment": shown(comment),
            }
            for comment in reversed(forge.comments)
        ]
        edited = [comment | {"commentAction": "EDITED"} for comment in commented[:1]]
        return listed([{"id": 1, "action": "APPROVED"}, *edited, *commented])
    if request.path == f"{base}/comments" and request.method == "POST":
        if forge.locked:
            return failed(403, "You are not permitted to comment")
        return Reply(201, shown(forge.add(request.data["text"])), user)
    if found := re.fullmatch(rf"{base}/comments/(\d+)", request.path):
        kept = _find(forge, found[1])
        version = (request.data or request.query).get("version", -1)
        if kept is not None and int(version) != kept.version:
            return failed(409, f"you supplied version {version}, the current is {kept.version}")
        if kept is not None and kept.answered and request.method == "DELETE":
            return failed(409, "has replies which must be deleted first")
        return _change(forge, request, found[1], shown, (request.data or {}).get("text", ""))
    return failed(404, "Pull request does not exist")


SERVERS: dict[str, Callable[[Forge, Request], Reply]] = {
    "github": github,
    "gitlab": gitlab,
    "gitea": gitea,
    "forgejo": gitea,
    "bitbucket": bitbucket,
    "bitbucket_dc": bitbucket_dc,
    "azure": azure,
}
REPOS = {"gitlab": "42", "azure": "proj ect/app", "bitbucket_dc": "TEAM/app"}
"""As `--repo` names the repository; elsewhere it is `team/app`."""


@contextmanager
def serve(name: str) -> Iterator[Forge]:
    """A forge at `forge.url` until the block ends."""
    forge = Forge(name)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            data = json.loads(body) if body else None
            request = Request(self.command, parts.path, query, headers, data, body)
            with lock:
                self.answer(self.decide(request))

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

        def decide(self, request: Request) -> Reply:
            forge.log.append(request)
            for fault in forge.faults:
                if re.search(fault.pattern, f"{request.method} {request.path}"):
                    forge.faults.remove(fault)
                    if fault.after:
                        SERVERS[name](forge, request)
                    return fault.reply
            return SERVERS[name](forge, request)

        def answer(self, reply: Reply) -> None:
            body = reply.data if isinstance(reply.data, bytes) else json.dumps(reply.data).encode()
            body = b"" if reply.data is None else body
            self.send_response(reply.status)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
