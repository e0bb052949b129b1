"""Environments of jobs as each CI system sets them, and the events that come with them."""

from __future__ import annotations

CI = ("GITHUB_", "GITLAB_", "GITEA_", "FORGEJO_", "CI_", "DRONE", "BITBUCKET_", "TF_", "SYSTEM_",
      "BUILD_", "JENKINS_", "CHANGE_", "SLIM_", "GH_", "AZURE_")  # fmt: skip
"""How the variables begin that CI systems set, or slim reads."""

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
    "CI_DEFAULT_BRANCH": "main",
    "CI_JOB_NAME": "size",
    "CI_JOB_TOKEN": "job-token",
    "CI_JOB_URL": "https://gitlab.example/team/app/-/jobs/5",
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
