"""Woodpecker, which says what forge it serves."""

from __future__ import annotations

from collections.abc import Mapping

from slim.forge.context import Branch, Context
from slim.forge.forges import api_of
from slim.forge.variables import pull_number


def read(env: Mapping[str, str]) -> Context:
    """The built-in variables of https://woodpecker-ci.org/docs/usage/environment."""
    forge, repo = env.get("CI_FORGE_TYPE", ""), env.get("CI_REPO", "")
    number = pull_number(env.get("CI_COMMIT_PULL_REQUEST"))
    branch = None
    # Woodpecker does not always know the number of Bitbucket Data Center's pull requests.
    if number is None and env.get("CI_PIPELINE_EVENT", "").startswith("pull_request"):
        branch = Branch(repo.partition("/")[0], env.get("CI_COMMIT_SOURCE_BRANCH", ""))
    return Context(
        "Woodpecker",
        forge,
        api_of(forge, env.get("CI_FORGE_URL", "")),
        repo=repo,
        number=number,
        branch=branch,
        head=env.get("CI_COMMIT_SHA", ""),
        run=env.get("CI_PIPELINE_NUMBER", ""),
        run_url=env.get("CI_PIPELINE_URL", ""),
    )
