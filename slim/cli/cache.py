"""`slim cache`."""

from __future__ import annotations

from slim.cli.command import Commands, command
from slim.cli.environment import cache_folder, user_cache
from slim.cli.progress import print_message
from slim.cli.write import print_output
from slim.rules import compiled
from slim.units import format_bytes


@command(epilog="Example:\n\n  SLIM_CACHE_DIR=/drone/cache slim cache show")
def show() -> None:
    """Print the location and size of the layer cache.

    The folder is $SLIM_CACHE_DIR, else one in the user's cache folder ($XDG_CACHE_HOME, ~/.cache); it
    takes at most $SLIM_CACHE_SIZE (1 GiB). What was not used for longest is removed first.
    """
    usage = user_cache().usage()
    refused = (
        "  (not used: it is another user's, or others can write to it)" if usage.refused else ""
    )
    print_output(
        f"folder  {usage.folder}{refused}\nlayers  {usage.layers:,}\n"
        f"size    {format_bytes(usage.bytes)} of at most {format_bytes(usage.limit)}\n"
    )


@command(epilog="Example:\n\n  slim cache clear")
def clear() -> None:
    """Delete the layer cache."""
    before = user_cache().clear()
    if folder := cache_folder():
        compiled.remove(folder)
    print_message(f"slim: removed {before.layers:,} layers, {format_bytes(before.bytes)}")


cache = Commands("cache", "Show or clear the layer cache.", [show, clear])
