"""GitHub Actions, and Gitea's and Forgejo's, whose runners set the same variables and one more."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from slim.forge.context import Branch, Context
from slim.forge.forges import api_of
from slim.forge.variables import is_set, pull_number
from slim.patterns import regex

_REF = regex(r"refs/pull/(\d{1,12})/(?:merge|head)", re.ASCII)


def read(env: Mapping[str, str], event: bytes) -> Context:
    """The default variables of https://docs.github.com/actions/reference/workflows-and-actions/variables.

    `event` is what `GITHUB_EVENT_PATH` names: https://docs.github.com/webhooks/webhook-events-and-payloads.
    `FORGEJO_ACTIONS` and `GITEA_ACTIONS` are set by those runners.
    """
    ci, forge = "GitHub Actions", "github"
    if is_set(env.get("FORGEJO_ACTIONS")):
        ci, forge = "Forgejo Actions", "forgejo"
    elif is_set(env.get("GITEA_ACTIONS")):
        ci, forge = "Gitea Actions", "gitea"
    server, repo = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    run = env.get("GITHUB_RUN_ID", "")
    found = _REF.fullmatch(env.get("GITHUB_REF", ""))
    context = Context(
        ci,
        forge,
        env.get("GITHUB_API_URL", "") or api_of(forge, server),
        repo=repo,
        number=pull_number(found[1]) if found else None,
        head=env.get("GITHUB_SHA", ""),
        run=run,
        run_url=f"{server}/{repo}/actions/runs/{run}" if server and repo and run else "",
    )
    return _with_event(context, event)


class _Owner(msgspec.Struct):
    login: str


class _Repository(msgspec.Struct):
    owner: _Owner


class _Head(msgspec.Struct):
    sha: str = ""


class _Pull(msgspec.Struct):
    number: int
    head: _Head


class _Run(msgspec.Struct):
    id: int
    event: str
    head_sha: str
    head_branch: str | None = None
    head_repository: _Repository | None = None
    html_url: str = ""


class _Event(msgspec.Struct):
    pull_request: _Pull | None = None
    workflow_run: _Run | None = None


def _with_event(context: Context, event: bytes) -> Context:
    """A pull request's event knows its head, where the variables name the merge commit.

    After another workflow (`workflow_run`) the commit is the one that this other one ran for, and so
    is the run: the order of comments is that of the builds.
    """
    try:
        happened = msgspec.json.decode(event, type=_Event) if event else _Event()
    except (msgspec.MsgspecError, RecursionError):
        return context
    if happened.workflow_run is not None:
        run = happened.workflow_run
        owner = run.head_repository.owner.login if run.head_repository else ""
        return replace(
            context,
            number=None,
            head=run.head_sha,
            run=str(run.id),
            run_url=run.html_url or context.run_url,
            branch=Branch(owner, run.head_branch or "") if run.event == "pull_request" else None,
        )
    if happened.pull_request is not None:
        return replace(
            context,
            number=happened.pull_request.number,
            head=happened.pull_request.head.sha or context.head,
        )
    return context
