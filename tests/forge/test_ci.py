"""Which pull request a job is for, by environments as each CI system sets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slim.forge.ci import detect
from slim.forge.context import Branch, Context
from tests.support.environments import (
    AZURE,
    BITBUCKET,
    DATA_CENTER,
    DRONE,
    GITEA,
    GITHUB,
    GITLAB,
    JENKINS,
    MERGE,
    PAGE,
    PULL_EVENT,
    RUN_EVENT,
    SHA,
    WOODPECKER,
)

CASES: list[tuple[str, dict[str, str], Any, Context]] = [
    ("GitHub", GITHUB, PULL_EVENT,
     Context("GitHub Actions", "github", "https://api.github.com", "", "team/app", 7, SHA,
             "9876543210", PAGE)),
    ("GitHub without the event", GITHUB, None,
     Context("GitHub Actions", "github", "https://api.github.com", "", "team/app", 7, MERGE,
             "9876543210", PAGE)),
    ("GitHub, a push", GITHUB | {"GITHUB_REF": "refs/heads/main"}, {"after": SHA},
     Context("GitHub Actions", "github", "https://api.github.com", "", "team/app", None, MERGE,
             "9876543210", PAGE)),
    ("GitHub after another workflow", GITHUB | {"GITHUB_REF": "refs/heads/main"}, RUN_EVENT,
     Context("GitHub Actions", "github", "https://api.github.com", "", "team/app", None, SHA,
             "555", "https://github.com/team/app/actions/runs/555", Branch("alice", "fix/it"))),
    ("GitHub Enterprise", GITHUB | {"GITHUB_API_URL": "https://ghe.example/api/v3"}, PULL_EVENT,
     Context("GitHub Actions", "github", "https://ghe.example/api/v3", "", "team/app", 7, SHA,
             "9876543210", PAGE)),
    ("Gitea Actions", GITEA, PULL_EVENT,
     Context("Gitea Actions", "gitea", "https://git.example/api/v1", "", "team/app", 7, SHA, "88",
             "https://git.example/team/app/actions/runs/88")),
    ("Forgejo Actions", GITEA | {"FORGEJO_ACTIONS": "true"}, PULL_EVENT,
     Context("Forgejo Actions", "forgejo", "https://git.example/api/v1", "", "team/app", 7, SHA,
             "88", "https://git.example/team/app/actions/runs/88")),
    ("GitLab, from a fork", GITLAB, None,
     Context("GitLab CI", "gitlab", "https://gitlab.example/api/v4", "", "42", 7, SHA, "1000",
             "https://gitlab.example/team/app/-/pipelines/1000")),
    ("GitLab, a branch",
     {name: value for name, value in GITLAB.items() if "MERGE" not in name}, None,
     Context("GitLab CI", "gitlab", "https://gitlab.example/api/v4", "", "99", None, MERGE, "1000",
             "https://gitlab.example/team/app/-/pipelines/1000")),
    ("Woodpecker", WOODPECKER, None,
     Context("Woodpecker", "forgejo", "https://codeberg.org/api/v1", "", "team/app", 7, SHA, "31",
             "https://ci.example/repos/1/pipeline/31")),
    ("Woodpecker on GitHub",
     WOODPECKER | {"CI_FORGE_TYPE": "github", "CI_FORGE_URL": "https://github.com"}, None,
     Context("Woodpecker", "github", "https://api.github.com", "", "team/app", 7, SHA, "31",
             "https://ci.example/repos/1/pipeline/31")),
    ("Woodpecker on what slim does not know",
     WOODPECKER | {"CI_FORGE_TYPE": "addon"}, None,
     Context("Woodpecker", "addon", "", "", "team/app", 7, SHA, "31",
             "https://ci.example/repos/1/pipeline/31")),
    ("Woodpecker on Bitbucket Data Center", DATA_CENTER, None,
     Context("Woodpecker", "bitbucket_dc", "https://bb.example/rest/api/1.0", "", "TEAM/app", 7,
             SHA, "31", "https://ci.example/repos/1/pipeline/31")),
    ("Woodpecker on Bitbucket Data Center, without the number",
     DATA_CENTER | {"CI_COMMIT_PULL_REQUEST": "", "CI_COMMIT_SOURCE_BRANCH": "fix/it"}, None,
     Context("Woodpecker", "bitbucket_dc", "https://bb.example/rest/api/1.0", "", "TEAM/app", None,
             SHA, "31", "https://ci.example/repos/1/pipeline/31", Branch("TEAM", "fix/it"))),
    ("Woodpecker, a push",
     WOODPECKER | {"CI_COMMIT_PULL_REQUEST": "", "CI_PIPELINE_EVENT": "push"}, None,
     Context("Woodpecker", "forgejo", "https://codeberg.org/api/v1", "", "team/app", None, SHA,
             "31", "https://ci.example/repos/1/pipeline/31")),
    ("Drone on Gitea", DRONE, None,
     Context("Drone", "gitea", "https://git.example/api/v1", "https://git.example", "team/app", 7,
             SHA, "31", "https://drone.example/team/app/31")),
    ("Drone on GitHub",
     DRONE | {"DRONE_COMMIT_LINK": "https://github.com/team/app/pull/7",
              "DRONE_REPO_LINK": "https://github.com/team/app"}, None,
     Context("Drone", "github", "https://api.github.com", "https://github.com", "team/app", 7, SHA,
             "31", "https://drone.example/team/app/31")),
    ("Drone, a push",
     {name: value for name, value in DRONE.items() if "PULL" not in name}
     | {"DRONE_COMMIT_LINK": f"https://git.example/team/app/commit/{SHA}"}, None,
     Context("Drone", "", "", "https://git.example", "team/app", None, SHA, "31",
             "https://drone.example/team/app/31")),
    ("Bitbucket", BITBUCKET, None,
     Context("Bitbucket Pipelines", "bitbucket", "https://api.bitbucket.org/2.0", "", "team/app",
             7, SHA, "31", "https://bitbucket.org/team/app/pipelines/results/31")),
    ("Azure Repos", AZURE, None,
     Context("Azure Pipelines", "azure", "https://dev.azure.com/org", "", "proj/6c1d-uuid", 7, SHA,
             "31", "https://dev.azure.com/org/proj/_build/results?buildId=31")),
    ("Azure Pipelines on GitHub",
     AZURE | {"BUILD_REPOSITORY_PROVIDER": "GitHub", "BUILD_REPOSITORY_NAME": "team/app",
              "BUILD_REPOSITORY_URI": "https://github.com/team/app",
              "SYSTEM_PULLREQUEST_PULLREQUESTID": "999999",
              "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "7"}, None,
     Context("Azure Pipelines", "github", "https://api.github.com", "", "team/app", 7, SHA, "31",
             "https://dev.azure.com/org/proj/_build/results?buildId=31")),
    ("Azure, no pull request",
     AZURE | {"SYSTEM_PULLREQUEST_PULLREQUESTID": "$(System.PullRequest.PullRequestId)",
              "SYSTEM_PULLREQUEST_SOURCECOMMITID": ""}, None,
     Context("Azure Pipelines", "azure", "https://dev.azure.com/org", "", "proj/6c1d-uuid", None,
             MERGE, "31", "https://dev.azure.com/org/proj/_build/results?buildId=31")),
    ("Jenkins", JENKINS, None,
     Context("Jenkins", "github", "https://api.github.com", "https://github.com", "team/app", 7,
             SHA, "31", "https://jenkins.example/job/app/job/PR-7/31/")),
    ("Jenkins, a branch", {k: v for k, v in JENKINS.items() if "CHANGE" not in k}, None,
     Context("Jenkins", head=SHA, run="31",
             run_url="https://jenkins.example/job/app/job/PR-7/31/")),
    ("somebody's machine", {"HOME": "/home/me", "CI": "true"}, None, Context()),
    ("switched off", {"GITHUB_ACTIONS": "false", "DRONE": ""}, None, Context()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("env", "event", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_environment_says_it(env: dict[str, str], event: Any, expected: Context) -> None:
    assert detect(env, json.dumps(event).encode() if event else b"") == expected


@pytest.mark.parametrize(
    "event", [b"{", b"[]", b'{"pull_request": 5}', b'{"a":' * 100_000, b"\xff"]
)
def test_an_odd_event_changes_nothing(event: bytes) -> None:
    assert detect(GITHUB, event) == detect(GITHUB)


@pytest.mark.parametrize("number", ["0", "-1", "7; rm", "７", "", "1e3", "9" * 40])
def test_what_is_no_number_is_no_pull_request(number: str) -> None:
    assert detect(WOODPECKER | {"CI_COMMIT_PULL_REQUEST": number}).number is None


def test_a_workflow_after_a_push_has_no_pull_request() -> None:
    event = {"workflow_run": {**RUN_EVENT["workflow_run"], "event": "push"}}  # type: ignore[dict-item]
    found = detect(GITHUB, json.dumps(event).encode())
    assert (found.number, found.branch) == (None, None)
