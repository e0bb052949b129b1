"""What commands take from environment variables: limits, the time, and where the cache is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from slim.errors import UsageError
from slim.files.cache import DEFAULT_BYTES, TableCache
from slim.limits import Limits, limits_in, with_limits
from slim.units import parse_bytes

_CACHE_NAME = "slim-advisor"


def read_limits(
    options: Sequence[str] = (), timeout: int | None = None, in_file: Sequence[str] = ()
) -> Limits:
    """The limits: those of the file, then of variables `SLIM_LIMIT_<NAME>`, then of options.

    Raises:
        UsageError: an unknown name or a value that is not a number.
    """
    given = [f"timeout={timeout}"] if timeout is not None else []
    return with_limits([*in_file, *limits_in(os.environ), *options, *given])


def read_now() -> datetime:
    """The moment of SOURCE_DATE_EPOCH, else now, in UTC: of the report, and for what has expired.

    Raises:
        UsageError: the variable is not a number of seconds.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(text), UTC) if text else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            "bad-date", f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970"
        ) from None


def cache_folder() -> str | None:
    """Where slim keeps what it has read for the next run: $SLIM_CACHE_DIR, else a folder in the user's
    cache folder; None where there is no home."""
    if own := os.environ.get("SLIM_CACHE_DIR"):
        return own
    folder = os.environ.get("XDG_CACHE_HOME")
    if not folder or not os.path.isabs(folder):
        folder = os.path.expanduser("~/.cache")
        if folder.startswith("~"):
            return None
    return os.path.join(folder, _CACHE_NAME)


def user_cache(*, share: bool = False) -> TableCache:
    """The layer cache in that folder.

    Raises:
        UsageError: $SLIM_CACHE_SIZE is not a size.
    """
    size = os.environ.get("SLIM_CACHE_SIZE")
    try:
        limit = parse_bytes(size) if size else DEFAULT_BYTES
    except ValueError as error:
        raise UsageError("bad-cache-size", f"SLIM_CACHE_SIZE: {error}") from None
    return TableCache(cache_folder(), limit, share=share)
