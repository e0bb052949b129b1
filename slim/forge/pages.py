"""The address of a pull request's page → which pull request of which forge it is."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from slim.forge.context import Context
from slim.forge.forges import FORGES, HOSTS, api_of
from slim.forge.variables import pull_number

_PATH_LENGTH = 2_000


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
    if not host or len(parts.path) >= _PATH_LENGTH:
        return Context()
    for forge in FORGES.values():
        found = forge.page.path.match(parts.path) if forge.page is not None else None
        if forge.page is None or found is None:
            continue
        prefix, *repo, number = (unquote(part or "") for part in found.groups())
        name = HOSTS.get(host, forge.name)
        server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{prefix}"
        return Context(
            forge=name,
            server=server,
            api_url=api_of(name, server),
            repo=forge.page.repo("/".join(repo)),
            number=pull_number(number),
        )
    return Context()
