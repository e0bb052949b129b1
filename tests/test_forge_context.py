"""Which pull request a job is for, by environments as each CI system sets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slim.forge.context import Branch, Context, api_of, chosen, detect, from_page, token_names

SHA = "8b8bf6d1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7"
MERGE = "0123456789abcdef0123456789abcdef01234567"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_BASE_REF": "main",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_GRAPHQL_URL": "https://api.github.com/graphql",
    "GITHUB_HEAD_REF": "feature",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_REPOSITORY": "team/app",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_RUN_ID": "9876543210",
    "GITHUB_RUN_NUMBER": "31",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": MERGE,
}
PULL_EVENT = {
    "action": "synchronize",
    "number": 7,
    "pull_request": {"number": 7, "head": {"ref": "feature", "sha": SHA}, "base": {"ref": "main"}},
    "repository": {"full_name": "team/app"},
}
RUN_EVENT = {
    "action": "completed",
    "workflow_run": {
        "id": 555,
        "event": "pull_request",
        "head_branch": "fix/it",
        "head_sha": SHA,
        "html_url": "https://github.com/team/app/actions/runs/555",
        "head_repository": {"full_name": "alice/app", "owner": {"login": "alice"}},
        "pull_requests": [],
        "run_number": 12,
    },
}
PAGE = "https://github.com/team/app/actions/runs/9876543210"
GITEA = {
    **GITHUB,
    "GITEA_ACTIONS": "true",
    "GITHUB_API_URL": "https://git.example/api/v1",
    "GITHUB_SERVER_URL": "https://git.example",
    "GITHUB_REF": "refs/pull/7/head",
    "GITHUB_RUN_ID": "88",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_COMMIT_SHA": MERGE,
    "CI_JOB_TOKEN": "job-token",
    "CI_MERGE_REQUEST_ID": "4711",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA,
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99",
    "CI_PIPELINE_ID": "1000",
    "CI_PIPELINE_IID": "31",
    "CI_PIPELINE_URL": "https://gitlab.example/team/app/-/pipelines/1000",
    "CI_PROJECT_ID": "99",
    "CI_PROJECT_PATH": "alice/app",
    "CI_SERVER_URL": "https://gitlab.example",
}
WOODPECKER = {
    "CI": "woodpecker",
    "CI_COMMIT_PULL_REQUEST": "7",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_TARGET_BRANCH": "main",
    "CI_FORGE_TYPE": "forgejo",
    "CI_FORGE_URL": "https://codeberg.org",
    "CI_PIPELINE_EVENT": "pull_request",
    "CI_PIPELINE_NUMBER": "31",
    "CI_PIPELINE_URL": "https://ci.example/repos/1/pipeline/31",
    "CI_REPO": "team/app",
    "DRONE": "true",
}
DATA_CENTER = WOODPECKER | {
    "CI_FORGE_TYPE": "bitbucket_dc",
    "CI_FORGE_URL": "https://bb.example",
    "CI_REPO": "TEAM/app",
}
DRONE = {
    "CI": "true",
    "DRONE": "true",
    "DRONE_BUILD_EVENT": "pull_request",
    "DRONE_BUILD_LINK": "https://drone.example/team/app/31",
    "DRONE_BUILD_NUMBER": "31",
    "DRONE_COMMIT_BEFORE": MERGE,
    "DRONE_COMMIT_LINK": "https://git.example/team/app/pulls/7",
    "DRONE_COMMIT_SHA": SHA,
    "DRONE_PULL_REQUEST": "7",
    "DRONE_REPO": "team/app",
    "DRONE_REPO_LINK": "https://git.example/team/app",
    "DRONE_TARGET_BRANCH": "main",
}
BITBUCKET = {
    "CI": "true",
    "BITBUCKET_BUILD_NUMBER": "31",
    "BITBUCKET_COMMIT": SHA,
    "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/team/app",
    "BITBUCKET_PR_DESTINATION_BRANCH": "main",
    "BITBUCKET_PR_ID": "7",
    "BITBUCKET_REPO_FULL_NAME": "team/app",
    "BITBUCKET_WORKSPACE": "team",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_BUILDID": "31",
    "BUILD_REPOSITORY_ID": "6c1d-uuid",
    "BUILD_REPOSITORY_NAME": "app",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
    "BUILD_REPOSITORY_URI": "https://org@dev.azure.com/org/proj/_git/app",
    "BUILD_SOURCEVERSION": MERGE,
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID": SHA,
    "SYSTEM_TEAMPROJECT": "proj",
}
JENKINS = {
    "BRANCH_NAME": "PR-7",
    "BUILD_NUMBER": "31",
    "BUILD_URL": "https://jenkins.example/job/app/job/PR-7/31/",
    "CHANGE_ID": "7",
    "CHANGE_TARGET": "main",
    "CHANGE_URL": "https://github.com/team/app/pull/7",
    "GIT_COMMIT": SHA,
    "JENKINS_HOME": "/var/jenkins_home",
    "JENKINS_URL": "https://jenkins.example/",
}

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


@pytest.mark.parametrize(
    ("url", "forge", "api", "repo"),
    [
        ("https://github.com/o/r/pull/7", "github", "https://api.github.com", "o/r"),
        ("https://ghe.example/o/r/pull/7/files", "github", "https://ghe.example/api/v3", "o/r"),
        ("https://gitlab.com/a/b/c/-/merge_requests/7", "gitlab", "https://gitlab.com/api/v4",
         "a/b/c"),
        ("https://codeberg.org/o/r/pulls/7", "forgejo", "https://codeberg.org/api/v1", "o/r"),
        ("https://x.example/git/o/r/pulls/7", "gitea", "https://x.example/git/api/v1", "o/r"),
        ("https://bitbucket.org/o/r/pull-requests/7", "bitbucket", "https://api.bitbucket.org/2.0",
         "o/r"),
        ("https://bb.example/projects/TEAM/repos/app/pull-requests/7/overview", "bitbucket_dc",
         "https://bb.example/rest/api/1.0", "TEAM/app"),
        ("https://x.example/bitbucket/users/alice/repos/app/pull-requests/7", "bitbucket_dc",
         "https://x.example/bitbucket/rest/api/1.0", "~alice/app"),
        ("https://dev.azure.com/org/pro%20j/_git/app/pullrequest/7", "azure",
         "https://dev.azure.com/org", "pro j/app"),
    ],
)  # fmt: skip
def test_the_address_of_a_page_says_it(url: str, forge: str, api: str, repo: str) -> None:
    found = from_page(url)
    assert (found.forge, found.api_url, found.repo, found.number) == (forge, api, repo, 7)


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://", "https://[", "/o/r/pull/7", "https://x.example/" + "a/" * 50_000,
     "https://x.example/o/r/commit/abc", "https://x.example/o/r/pull/x"],
)  # fmt: skip
def test_other_addresses_say_nothing(url: str) -> None:
    assert from_page(url) == Context()


def test_options_win_over_what_was_found() -> None:
    found = detect(DRONE)
    assert chosen(found) == found
    assert chosen(found, number=9).number == 9
    other = chosen(found, repo="team/other")
    assert (other.repo, other.number) == ("team/other", None)
    assert chosen(found, api_url="https://x.example/api/v1").api_url == "https://x.example/api/v1"
    assert chosen(found, forge="forgejo").api_url == "https://git.example/api/v1"
    # Drone does not say what its forge is: the user may know better.
    assert chosen(found, forge="gitlab").api_url == "https://git.example/api/v4"
    push = detect({k: v for k, v in DRONE.items() if k != "DRONE_COMMIT_LINK"})
    assert chosen(push, forge="gitea").api_url == "https://git.example/api/v1"


def test_another_forge_than_the_job_s_own_has_none_of_its_numbers() -> None:
    found = chosen(detect(GITHUB), forge="gitlab")
    assert (found.api_url, found.repo, found.number) == ("https://gitlab.com/api/v4", "", None)
    assert chosen(detect(GITEA), forge="forgejo").repo == "team/app"
    nowhere = chosen(Context(), forge="gitea", repo="team/app", number=7)
    assert (nowhere.api_url, nowhere.number) == ("", 7)


def test_addresses_of_apis() -> None:
    assert api_of("github", "https://github.com/") == "https://api.github.com"
    assert api_of("forgejo", "https://x.example/git") == "https://x.example/git/api/v1"
    assert api_of("gitea", "") == ""


def test_a_forge_gets_its_own_token_alone() -> None:
    assert token_names(detect(GITLAB)) == ("SLIM_TOKEN", "GITLAB_TOKEN")
    assert token_names(detect(WOODPECKER)) == ("SLIM_TOKEN", "FORGEJO_TOKEN", "GITEA_TOKEN")
    assert token_names(detect(GITEA))[-1] == "GITHUB_TOKEN"
    assert "GITHUB_TOKEN" not in token_names(detect(DRONE))
    assert token_names(Context()) == ("SLIM_TOKEN",)
