"""TOML, whose parser is imported when there is some to read."""

from __future__ import annotations


def parse_toml(text: str) -> dict[str, object]:
    """The tables of a text.

    Raises:
        ValueError: it is no TOML.
        RecursionError: it is too deep.
    """
    import tomllib

    return tomllib.loads(text)
