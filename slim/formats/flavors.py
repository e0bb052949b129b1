"""The forges' kinds of Markdown, and how long a page may be there.

The limits of comments: GitHub and Gitea refuse more than 65,536 characters, GitLab 1,000,000; all are
counted here in UTF-8 bytes, with room left. A job's summary on GitHub holds 1 MiB.
"""

from __future__ import annotations

from msgspec import Struct

from slim.errors import UsageError


class Flavor(Struct, frozen=True):
    """What a forge's Markdown can do."""

    html: bool
    """Comments, `<details>` and `<sub>`; else paragraphs, and the marker is shown in the last line."""
    marked: bool
    """The page carries a marker to be found again."""
    glyphs: bool
    max_bytes: int
    rows: int = 10
    """Of each table."""


FLAVORS = {
    "github": Flavor(html=True, marked=True, glyphs=True, max_bytes=60_000),
    "gitlab": Flavor(html=True, marked=True, glyphs=True, max_bytes=900_000),
    "gitea": Flavor(html=True, marked=True, glyphs=True, max_bytes=60_000),
    "bitbucket": Flavor(html=False, marked=True, glyphs=True, max_bytes=30_000),
    "plain": Flavor(html=False, marked=False, glyphs=False, max_bytes=60_000),
    "summary": Flavor(html=True, marked=False, glyphs=True, max_bytes=1_000_000, rows=100),
}


def flavor_of(name: str) -> Flavor:
    """The flavor of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in FLAVORS:
        raise UsageError(
            "unknown-flavor", f"unknown flavor {name!r}", f"flavors: {', '.join(FLAVORS)}"
        )
    return FLAVORS[name]
