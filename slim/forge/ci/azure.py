"""Azure Pipelines, for repositories on Azure and on GitHub."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from slim.forge.context import Context
from slim.forge.forges import api_of
from slim.forge.servers import server_of
from slim.forge.variables import pull_number


def read(env: Mapping[str, str]) -> Context:
    """The predefined variables of https://learn.microsoft.com/azure/devops/pipelines/build/variables."""
    collection = env.get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    project, run = env.get("SYSTEM_TEAMPROJECT", ""), env.get("BUILD_BUILDID", "")
    context = Context(
        "Azure Pipelines",
        head=env.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or env.get("BUILD_SOURCEVERSION", ""),
        run=run,
        run_url=f"{collection}/{project}/_build/results?buildId={run}"
        if collection and run
        else "",
    )
    provider = env.get("BUILD_REPOSITORY_PROVIDER", "TfsGit")
    if provider == "TfsGit":
        return replace(
            context,
            forge="azure",
            api_url=collection,
            repo=f"{project}/{env.get('BUILD_REPOSITORY_ID', '')}",
            number=pull_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTID")),
        )
    if provider in ("GitHub", "GitHubEnterprise"):
        # The pull request is on GitHub, and GitHub's number is in another variable.
        return replace(
            context,
            forge="github",
            api_url=api_of("github", server_of(env.get("BUILD_REPOSITORY_URI", ""))),
            repo=env.get("BUILD_REPOSITORY_NAME", ""),
            number=pull_number(env.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")),
        )
    return context
