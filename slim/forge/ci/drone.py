"""Drone, which does not say what forge it serves; the addresses of pages tell most of them."""

from __future__ import annotations

from collections.abc import Mapping

from slim.forge.context import Context
from slim.forge.forges import HOSTS, api_of
from slim.forge.pages import from_page
from slim.forge.servers import host_of
from slim.forge.variables import pull_number


def read(env: Mapping[str, str]) -> Context:
    """The variables of https://docs.drone.io/pipeline/environment/reference/."""
    page = from_page(env.get("DRONE_COMMIT_LINK", ""))
    link, repo = env.get("DRONE_REPO_LINK", ""), env.get("DRONE_REPO", "")
    server = link.removesuffix(f"/{repo}") if repo and link.endswith(f"/{repo}") else page.server
    forge = page.forge or HOSTS.get(host_of(server), "")
    return Context(
        "Drone",
        forge,
        api_of(forge, server),
        server,
        repo,
        number=pull_number(env.get("DRONE_PULL_REQUEST")),
        head=env.get("DRONE_COMMIT_SHA", "") or env.get("DRONE_COMMIT", ""),
        run=env.get("DRONE_BUILD_NUMBER", ""),
        run_url=env.get("DRONE_BUILD_LINK", ""),
    )
