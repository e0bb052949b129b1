"""Which pull request of which forge a job is about, and which token is for it [pure].

`slim.forge.ci` finds it in the environment; what the user says takes its place.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from slim.forge.servers import SERVERS, api_of

TOKENS: dict[str, tuple[str, ...]] = {
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
    "forgejo": ("FORGEJO_TOKEN", "GITEA_TOKEN"),
    "bitbucket": ("BITBUCKET_TOKEN",),
    "bitbucket_dc": ("BITBUCKET_DC_TOKEN",),
    "azure": ("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"),
}
"""Variables that hold a forge's token, after `SLIM_TOKEN`: the token of one forge never goes to another.

The forges are called as Woodpecker calls them; `bitbucket_dc` is Bitbucket Data Center."""


class Branch(msgspec.Struct, frozen=True):
    """Where a job that ran for a pull request got its commit: to find the number by."""

    owner: str
    name: str


class Context(msgspec.Struct, frozen=True):
    """What is known; empty or None where it is not."""

    ci: str = ""
    """Name of the CI system, for people."""
    forge: str = ""
    api_url: str = ""
    server: str = ""
    """The forge's own address, where only the address of a page said which forge it is."""
    repo: str = ""
    """As `Place.repo`."""
    number: int | None = None
    """Of the pull request."""
    head: str = ""
    """The commit that was built."""
    run: str = ""
    """A number that grows from run to run."""
    run_url: str = ""
    branch: Branch | None = None
    """Only where there is no number yet."""


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
        elif {forge, context.forge} == {"gitea", "forgejo"}:
            context = replace(context, forge=forge)
        else:
            api = api_of(forge, SERVERS.get(forge, ""))
            context = replace(context, forge=forge, api_url=api, repo="", number=None, branch=None)
    if repo and repo != context.repo:
        context = replace(context, repo=repo, number=None, branch=None)
    if number is not None:
        context = replace(context, number=number, branch=None)
    return replace(context, api_url=api_url or context.api_url)


def token_names(context: Context) -> tuple[str, ...]:
    """The variables that may hold the token, the first one wins."""
    names = TOKENS.get(context.forge, ())
    if context.ci in ("Gitea Actions", "Forgejo Actions"):
        names = (*names, "GITHUB_TOKEN")
    return ("SLIM_TOKEN", *names)
