"""GitLab CI."""

from __future__ import annotations

from collections.abc import Mapping

from slim.forge.context import Context
from slim.forge.forges import api_of
from slim.forge.variables import pull_number


def read(env: Mapping[str, str]) -> Context:
    """The predefined variables of https://docs.gitlab.com/ci/variables/predefined_variables/."""
    # In a fork's pipeline the project is the fork, and the merge request is in another one.
    project = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID", "")
    return Context(
        "GitLab CI",
        "gitlab",
        env.get("CI_API_V4_URL", "") or api_of("gitlab", env.get("CI_SERVER_URL", "")),
        repo=project,
        number=pull_number(env.get("CI_MERGE_REQUEST_IID")),
        head=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA", ""),
        run=env.get("CI_PIPELINE_ID", ""),
        run_url=env.get("CI_PIPELINE_URL", ""),
    )
