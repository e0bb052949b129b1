"""`slim comment` on a pull request of a real Gitea or Forgejo: `make forge FORGE_URL=… FORGE_TOKEN=…`.

No registry has a forge to install, so the suite has servers of its own that keep the APIs' shapes
(`tests/support/forges.py`). This does the same with a server that stands somewhere already: it makes users, a
repository and a pull request there, and runs the command with the environment of a job. The token is an
administrator's; use a server that nobody needs.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import slim
from slim.report.gates import Gates
from slim.report.judge import judge

ROOT = Path(__file__).parents[2]
IMAGES = {
    name: (
        ROOT / "fixtures" / f"phoenix-{name}.tar",
        ROOT / "fixtures" / f"phoenix-{name}.Dockerfile",
    )
    for name in ("fat", "slim")
}


class Server:
    """The API as users call it."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token

    def call(self, method: str, path: str, data: Any = None, sign: str = "") -> Any:
        """The answer's JSON; `sign` in place of the administrator's token."""
        request = urllib.request.Request(  # noqa: S310 - the user's own server
            f"{self.url}/api/v1{path}",
            None if data is None else json.dumps(data).encode(),
            {"Authorization": sign or f"token {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        for attempt in range(5):
            try:
                with urllib.request.urlopen(request) as answer:  # noqa: S310
                    content = answer.read()
                break
            except urllib.error.HTTPError as error:
                # SQLite is locked at times.
                if error.code != 500 or attempt == 4:
                    why = f"{error.code} {error.read()[:300]!r}"
                    raise AssertionError(f"{method} {path}: {why}") from None
                time.sleep(1)
        return json.loads(content) if content else None

    def user(self, name: str) -> str:
        """Make a user; its token."""
        password = secrets.token_urlsafe(20)
        about = {"username": name, "email": f"{name}@example.invalid", "password": password}
        self.call("POST", "/admin/users", {**about, "must_change_password": False})
        person = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        wish = {"name": "test", "scopes": ["write:repository", "write:issue", "write:user"]}
        return str(self.call("POST", f"/users/{name}/tokens", wish, person)["sha1"])


def pull_request(server: Server, owner: str, token: str) -> tuple[str, int, str]:
    """A repository with a pull request: (its name, the number, the head)."""
    sign = f"token {token}"
    server.call("POST", "/user/repos", {"name": "app", "auto_init": True}, sign)
    repo = f"{owner}/app"
    main = server.call("GET", f"/repos/{repo}", None, sign)["default_branch"]
    text = base64.b64encode(b"FROM alpine:3.22\n").decode()
    change = {"content": text, "message": "Add an image", "branch": main, "new_branch": "image"}
    server.call("POST", f"/repos/{repo}/contents/Dockerfile", change, sign)
    created = server.call(
        "POST", f"/repos/{repo}/pulls", {"title": "An image", "head": "image", "base": main}, sign
    )
    return repo, created["number"], created["head"]["sha"]


class Job:
    """A job of Woodpecker for the pull request."""

    def __init__(self, server: Server, repo: str, number: int, head: str, token: str) -> None:
        self.server, self.repo, self.number, self.token = server, repo, number, token
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "PYTHONPATH", "HOME", "no_proxy")
        } | {
            "CI_FORGE_TYPE": "gitea",
            "CI_FORGE_URL": server.url,
            "CI_REPO": repo,
            "CI_COMMIT_PULL_REQUEST": str(number),
            "CI_COMMIT_SHA": head,
            "GITEA_TOKEN": token,
        }

    def comment(self, report: str, *words: str, run: int, token: str | None = None) -> str:
        """Run the command; what it printed."""
        signed = {"GITEA_TOKEN": self.token if token is None else token}
        done = subprocess.run(
            [sys.executable, "-m", "slim", "comment", report, "--key", "shop", *words],
            env={**self.environment, **signed, "CI_PIPELINE_NUMBER": str(run)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert self.token not in done.stdout + done.stderr
        assert done.returncode == 0 or "--require" in words, done.stderr
        return done.stderr + done.stdout

    def all(self) -> list[Any]:
        """The comments of the pull request, oldest first."""
        path = f"/repos/{self.repo}/issues/{self.number}/comments"
        return list(self.server.call("GET", path))

    def say(self, text: str, token: str) -> None:
        """Comment as somebody else."""
        path = f"/repos/{self.repo}/issues/{self.number}/comments"
        self.server.call("POST", path, {"body": text}, f"token {token}")


def check(server: Server) -> None:
    """All that a comment goes through, in order."""
    mark = secrets.token_hex(4)
    owner, bot, stranger = (f"{name}-{mark}" for name in ("owner", "bot", "stranger"))
    tokens = {name: server.user(name) for name in (owner, bot, stranger)}
    repo, number, head = pull_request(server, owner, tokens[owner])
    log(f"{repo} #{number} at {head[:7]}")
    job = Job(server, repo, number, head, tokens[bot])
    with tempfile.TemporaryDirectory() as folder:
        reports = {}
        for name, (image, dockerfile) in IMAGES.items():
            report = judge(
                slim.analyze(str(image), dockerfile=str(dockerfile)), Gates(size=60_000_000)
            )
            reports[name] = str(Path(folder) / f"{name}.json")
            Path(reports[name]).write_text(slim.render(report, "json"))

        job.say("Looks good!", tokens[stranger])
        assert "comment made" in job.comment(reports["fat"], run=5)
        first = job.all()[1]
        assert first["user"]["login"] == bot
        assert first["body"].startswith(
            f'<!-- slim:report v=1 key="shop" head={head[:7]} run=5 -->'
        )
        assert "over budget" in first["body"]
        log("made, by the token's user")

        assert "comment updated" in job.comment(reports["slim"], run=6)
        found = job.all()
        assert [comment["id"] for comment in found][1:] == [first["id"]]
        assert "within budget" in found[1]["body"]
        log("updated in place")

        assert "a newer run" in job.comment(reports["fat"], run=4)
        assert job.all() == found
        log("an older run changes nothing")

        forged = found[1]["body"].replace("run=6", "run=999")
        job.say(forged, tokens[stranger])
        assert "comment updated" in job.comment(reports["fat"], run=7)
        assert "over budget" in job.all()[1]["body"]
        assert job.all()[-1]["body"] == forged
        log("a stranger's comment with the marker is left alone")

        for at in range(60):
            job.say(f"comment {at}", tokens[stranger])
        assert "comment updated" in job.comment(reports["slim"], run=8)
        assert len(job.all()) == 63
        log("found among others")

        folded = job.comment(reports["fat"], "--behavior", "hide-and-new", run=9)
        assert "comment made" in folded
        old, new = (comment for comment in job.all() if comment["user"]["login"] == bot)
        assert "<details><summary>Outdated" in old["body"]
        assert "over budget" in new["body"]
        assert "comment made" in job.comment(
            reports["slim"], "--behavior", "delete-and-new", run=10
        )
        (last,) = (comment for comment in job.all() if comment["user"]["login"] == bot)
        assert "within budget" in last["body"]
        log("folded away, and deleted")

        wrong = job.comment(reports["fat"], "--require", run=11, token="0" * 40)
        assert "[forge-refused]" in wrong
        assert "401" in wrong
        log("a wrong token is refused, and not shown")


def log(text: str) -> None:
    """A line for who runs it."""
    print(f"ok: {text}", flush=True)


if __name__ == "__main__":
    check(Server(os.environ["FORGE_URL"], os.environ["FORGE_TOKEN"]))
