"""One text in every place of a document whose type allows any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from slim.report.comparison import Comparison
from slim.report.model import Report

At = tuple[str | int, ...]
"""Keys and indexes to a text."""


def places(document: Report | Comparison) -> list[At]:
    """Where a document holds a text that could be any other."""
    fields = msgspec.to_builtins(document)
    found = []
    for at in _texts(fields):
        before = _swap(fields, at, "any text")
        try:
            msgspec.convert(fields, type(document))
        except msgspec.ValidationError:
            _swap(fields, at, before)  # one of a few words
        else:
            found.append(at)
    return found


def filled(document: Report | Comparison, where: Sequence[At], text: str) -> Report | Comparison:
    """The document with `text` in these places."""
    fields = msgspec.to_builtins(document)
    for at in where:
        _swap(fields, at, text)
    return msgspec.convert(fields, type(document))


def field(at: At) -> str:
    """The field that a place is one of: `findings[].title`."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in at).lstrip(".")


def _texts(value: Any, at: At = ()) -> Iterator[At]:
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, (*at, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _texts(below, (*at, index))


def _swap(fields: Any, at: At, text: str) -> str:
    *above, last = at
    for key in above:
        fields = fields[key]
    before: str = fields[last]
    fields[last] = text
    return before
