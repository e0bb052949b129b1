"""Bitbucket Pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from slim.forge.bitbucket import BITBUCKET
from slim.forge.context import Context
from slim.forge.variables import pull_number


def read(env: Mapping[str, str]) -> Context:
    """The default variables of https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/."""
    repo, run = env.get("BITBUCKET_REPO_FULL_NAME", ""), env.get("BITBUCKET_BUILD_NUMBER", "")
    return Context(
        "Bitbucket Pipelines",
        "bitbucket",
        BITBUCKET.api_of(BITBUCKET.server),
        repo=repo,
        number=pull_number(env.get("BITBUCKET_PR_ID")),
        head=env.get("BITBUCKET_COMMIT", ""),
        run=run,
        run_url=f"{BITBUCKET.server}/{repo}/pipelines/results/{run}" if repo and run else "",
    )
