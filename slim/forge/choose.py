"""What the environment says and what the user says → the pull request to comment on, and its token."""

from __future__ import annotations

from msgspec.structs import replace

from slim.forge.context import Context
from slim.forge.forges import FORGES, api_of, same_api


def chosen(
    context: Context,
    *,
    forge: str = "",
    api_url: str = "",
    repo: str = "",
    number: int | None = None,
) -> Context:
    """The context with what the user says in its place; another forge forgets the detected one."""
    if forge and forge != context.forge:
        if context.server:
            context = replace(context, forge=forge, api_url=api_of(forge, context.server))
        elif same_api(forge, context.forge):
            context = replace(context, forge=forge)
        else:
            server = FORGES[forge].server if forge in FORGES else ""
            api = api_of(forge, server)
            context = replace(context, forge=forge, api_url=api, repo="", number=None, branch=None)
    if repo and repo != context.repo:
        context = replace(context, repo=repo, number=None, branch=None)
    if number is not None:
        context = replace(context, number=number, branch=None)
    return replace(context, api_url=api_url or context.api_url)


def token_names(context: Context) -> tuple[str, ...]:
    """The variables that may hold the token, the first one wins."""
    names = FORGES[context.forge].tokens if context.forge in FORGES else ()
    if context.ci in ("Gitea Actions", "Forgejo Actions"):
        names = (*names, "GITHUB_TOKEN")
    return ("SLIM_TOKEN", *names)
