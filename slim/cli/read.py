"""Small files that the user names."""

from __future__ import annotations

from pathlib import Path

from slim.errors import InputError
from slim.limits import exceeded


def read_small(path: str, limit: int, what: str) -> bytes:
    """A file as a whole; `what` it should be is said in errors.

    Raises:
        InputError: it cannot be read.
        LimitError: it has more than `limit` bytes.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError("unreadable", f"cannot read {path!r}: {why}", what) from None
    if len(data) > limit:
        raise exceeded("report_bytes", len(data), limit, path)
    return data
