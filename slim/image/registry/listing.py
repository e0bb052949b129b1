"""The repositories of a registry and the tags of a repository, page by page.

A registry may lie here without end: pages, names and bytes are bounded, a page that repeats the one before
ends the list, and a name that the grammar does not allow is left out and counted.
Source: OCI distribution-spec "Listing Tags"; distribution's `_catalog`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode, urljoin

from msgspec import Struct

from slim.errors import InputError, NetworkError, UsageError
from slim.image.documents import parse
from slim.image.reference import Reference, is_tag, parse_reference
from slim.image.registry.access import Access
from slim.image.registry.protocol import GuardedRegistry
from slim.limits import Limits, exceeded
from slim.patterns import regex

NAMES = 1_000_000
"""Of one list."""
_PAGES = 20_000
_PAGE = 1_000
_NEXT = regex(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?', re.ASCII)


class Listing(Struct, frozen=True):
    """The names in a list, sorted, each once."""

    names: tuple[str, ...]
    refused: int
    """Names that no reference can hold: they are left out."""


def list_repositories(host: str, access: Access, limits: Limits) -> Listing:
    """All repositories that a registry shows us.

    Raises:
        NetworkError: it does not answer, or has no catalogue.
        LimitError: it has more than a million.
    """
    registry = GuardedRegistry(
        Reference(host, "", ""), access, limits.json_bytes, "registry:catalog:*"
    )

    def is_repository(name: str) -> bool:
        try:
            parsed = parse_reference(f"{host}/{name}")
        except UsageError:
            return False
        return parsed.repository == name and not parsed.digest and ":" not in name

    try:
        return _list(registry, "/v2/_catalog", "repositories", is_repository, limits)
    finally:
        registry.http.close()


def list_tags(reference: Reference, access: Access, limits: Limits) -> Listing:
    """All tags of a repository; errors as for `list_repositories`."""
    registry = GuardedRegistry(reference, access, limits.json_bytes)
    try:
        return _list(registry, f"/v2/{reference.repository}/tags/list", "tags", is_tag, limits)
    finally:
        registry.http.close()


def _list(
    registry: GuardedRegistry, path: str, key: str, accept: Callable[[str], bool], limits: Limits
) -> Listing:
    names = dict[str, None]()
    refused = 0
    url = f"{registry.prefix}://{registry.container.registry}{path}?{urlencode({'n': _PAGE})}"
    visited = set[str]()
    for _ in range(_PAGES):
        visited.add(url)
        response = registry.do_request(url, headers={"Accept": "application/json"})
        if response.status_code != 200:
            raise _no_list(registry, key, response.status_code)
        document = parse(response.raw.read(), f"the list of {key}", limits)
        page = document.get(key) if isinstance(document, dict) else None
        # Empty lists are null in Go.
        if page is None and isinstance(document, dict):
            page = []
        if not isinstance(page, list):
            raise InputError(
                "bad-list",
                f"the list of {key} of {registry.origin} holds no list",
                "ask the registry's operator",
            )
        before = len(names)
        for name in page:
            if isinstance(name, str) and accept(name):
                names[name] = None
            else:
                refused += 1
        if len(names) + refused > NAMES:
            raise exceeded("names", len(names) + refused, NAMES, f"the list of {key}")
        link = _NEXT.search(response.headers.get("Link", ""))
        if link is None or (len(names) == before and page) or not page:
            break
        url = urljoin(url, link[1])
        if url in visited:
            break
    return Listing(tuple(sorted(names)), refused)


def _no_list(registry: GuardedRegistry, key: str, status: int) -> NetworkError:
    if key == "repositories":
        return NetworkError(
            "registry-no-catalogue",
            f"{registry.origin} does not list its repositories ({status})",
            "write the repositories or references into a file, one a line, and name the file",
        )
    return NetworkError(
        "registry-not-found",
        f"{registry.origin} does not list the tags of {registry.container.repository} ({status})",
        "check the name; private repositories also answer so until you log in",
    )
