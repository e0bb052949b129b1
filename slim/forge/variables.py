"""How CI systems write a flag and the number of a pull request."""

from __future__ import annotations


def is_set(value: str | None) -> bool:
    """Whether a flag is on: `true` as most write it, or anything but `false` and `0`."""
    return value is not None and value.lower() not in ("", "false", "0")


def pull_number(text: str | None) -> int | None:
    """A number of a pull request; what is none, or 0, is not a number."""
    if text and text.isascii() and text.isdigit() and len(text) <= 12:
        return int(text) or None
    return None
