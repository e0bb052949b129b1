"""`slim cache`: what is kept of layers that were read before. And where that is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from slim.cli.commands import Commands
from slim.errors import UsageError

if TYPE_CHECKING:
    from slim.files.cache import TableCache

_NAME = "slim-advisor"


@click.group(cls=Commands)
def cache() -> None:
    """Show or clear what is kept of layers that were read before."""


@cache.command(epilog="Example:\n\n  SLIM_CACHE_DIR=/drone/cache slim cache show")
def show() -> None:
    """Print where it is, and how much it takes.

    The folder is $SLIM_CACHE_DIR, else one in the user's cache folder ($XDG_CACHE_HOME, ~/.cache); it
    takes at most $SLIM_CACHE_SIZE (1 GiB). Whatever was not used for longest goes first.
    """
    from slim.cli.console import print_output
    from slim.units import format_bytes

    usage = _cache().usage()
    refused = (
        "  (not used: it is another user's, or others can write to it)" if usage.refused else ""
    )
    print_output(
        f"folder  {usage.folder}{refused}\nlayers  {usage.layers:,}\n"
        f"size    {format_bytes(usage.bytes)} of at most {format_bytes(usage.limit)}\n"
    )


@cache.command(epilog="Example:\n\n  slim cache clear")
def clear() -> None:
    """Remove everything that is kept."""
    from slim.units import format_bytes

    before = _cache().clear()
    print(f"slim: removed {before.layers:,} layers, {format_bytes(before.bytes)}", file=sys.stderr)


def open_cache(*, kept: bool = True, share: bool = False) -> TableCache | None:
    """The user's cache if it is wanted (`kept`); with `share` the images of this run share tables anyhow.

    Raises:
        UsageError: the size that the user set is none.
    """
    if kept:
        return _cache(share=share)
    from slim.files.cache import TableCache

    return TableCache(None, share=True) if share else None


def _cache(*, share: bool = False) -> TableCache:
    from slim.files.cache import DEFAULT_BYTES, TableCache
    from slim.units import parse_bytes

    size = os.environ.get("SLIM_CACHE_SIZE")
    try:
        limit = parse_bytes(size) if size else DEFAULT_BYTES
    except ValueError as error:
        raise UsageError("bad-cache-size", f"SLIM_CACHE_SIZE: {error}") from None
    return TableCache(cache_folder(), limit, share=share)


def cache_folder() -> str | None:
    """Where slim keeps what it has read for the next run; None where there is no home."""
    own = os.environ.get("SLIM_CACHE_DIR")
    if own:
        return own
    base = os.environ.get("XDG_CACHE_HOME")
    if not base or not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
        if base.startswith("~"):  # no home: nothing is kept
            return None
    return os.path.join(base, _NAME)
