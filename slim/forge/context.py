"""Which pull request of which forge a job is about: plain values.

`slim.forge.ci` finds them in the environment; `slim.forge.choose` puts what the user says in their place.
"""

from __future__ import annotations

import msgspec


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
