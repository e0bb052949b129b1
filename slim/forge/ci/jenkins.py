"""Jenkins, whose multibranch projects know the address of the pull request's page."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from slim.forge.context import Context
from slim.forge.pages import from_page


def read(env: Mapping[str, str]) -> Context:
    """The variables that each server lists at /env-vars.html; `CHANGE_URL` is of the Branch API plugin."""
    return replace(
        from_page(env.get("CHANGE_URL", "")),
        ci="Jenkins",
        head=env.get("GIT_COMMIT", ""),
        run=env.get("BUILD_NUMBER", ""),
        run_url=env.get("BUILD_URL", ""),
    )
