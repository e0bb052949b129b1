"""The address of a pull request's page → which pull request of which forge it is [pure]."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from slim.forge.context import Context
from slim.forge.servers import HOSTS, api_of
from slim.forge.variables import pull_number

_PAGES = (
    ("azure", re.compile(r"(/.*?)?/([^/]+)/_git/([^/]+)/pullrequest/(\d+)")),
    ("gitlab", re.compile(r"()/(.+?)/-/merge_requests/(\d+)")),
    (
        "bitbucket_dc",
        re.compile(r"(/.*?)?/((?:projects|users)/[^/]+)/repos/([^/]+)/pull-requests/(\d+)"),
    ),
    ("bitbucket", re.compile(r"()/([^/]+/[^/]+)/pull-requests/(\d+)")),
    ("gitea", re.compile(r"(.*)/([^/]+/[^/]+)/pulls/(\d+)")),
    ("github", re.compile(r"()/([^/]+/[^/]+)/pull/(\d+)")),
)
"""(prefix of the server, repository, number) of the addresses of pull requests."""


def from_page(url: str) -> Context:
    """What the address of a pull request's page says.

    >>> from_page("https://git.example/team/app/pulls/7").api_url
    'https://git.example/api/v1'
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Context()
    for forge, pattern in _PAGES:
        found = pattern.match(parts.path) if len(parts.path) < 2_000 else None
        if found is None or not host:
            continue
        prefix, *repo, number = (unquote(part or "") for part in found.groups())
        if forge == "bitbucket_dc":
            repo[0] = repo[0].removeprefix("projects/").replace("users/", "~", 1)
        name = HOSTS.get(host, forge)
        server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{prefix}"
        return Context(
            forge=name,
            server=server,
            api_url=api_of(name, server),
            repo="/".join(repo),
            number=pull_number(number),
        )
    return Context()
