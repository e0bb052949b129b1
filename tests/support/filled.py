"""Reports and comparisons with a text in each of their fields, made from their types."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

T = TypeVar("T")
_DEPTH = 12
"""Types that hold themselves end here."""
MOMENT = "2027-01-31T12:00:00Z"
ALLOWED = (MOMENT, "sm_90")
"""What the patterns of the wire format allow; a loader refuses every other text."""
FIXED = {"schema_version", "kind"}
"""What says which document it is; a loader has checked it."""


def filled(kind: type[T], text: str, *, turn: int = 0) -> T:
    """An instance whose strings are all `text`, also the keys of objects; lists have two entries.

    `turn` chooses among the words of an enumeration.
    """
    key: Any = kind  # for mypy, type[T] is not hashable
    return msgspec.convert(_value(_about(key), text, turn, 0), kind)


@cache
def _about(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)


def _value(about: inspect.Type, text: str, turn: int, depth: int) -> Any:
    match about:
        case inspect.StrType(pattern=None):
            return text
        case inspect.StrType(pattern=pattern):
            return next(allowed for allowed in ALLOWED if re.search(pattern or "", allowed))
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 3
        case inspect.FloatType():
            return 0.5
        case inspect.LiteralType():
            values = sorted(about.values, key=str)
            return values[turn % len(values)]
        case inspect.UnionType():
            first = next(kind for kind in about.types if not isinstance(kind, inspect.NoneType))
            return _value(first, text, turn, depth)
        case inspect.ListType():
            if depth > _DEPTH:
                return []
            items = [_value(about.item_type, text, turn + at, depth + 1) for at in range(2)]
            for at, item in enumerate(items):
                if isinstance(item, dict) and "parent" in item:
                    item["parent"] = at - 1 if at else None  # a position in this list
            return items
        case inspect.DictType():
            key = _value(about.key_type, text, turn, depth + 1)
            return {key: _value(about.value_type, text, turn, depth + 1)}
        case inspect.StructType():
            return {
                field.encode_name: _value(field.type, text, turn, depth + 1)
                for field in about.fields
                if field.name not in FIXED or not isinstance(field.default, str)
            }
    raise AssertionError(f"a kind of field that the tests do not know: {about}")


def paths(node: Any, prefix: str = "") -> Iterator[str]:
    """The dotted path of each key and index in a JSON document."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield f"{prefix}{key}"
        if isinstance(value, dict | list):
            yield from paths(value, f"{prefix}{key}.")


def changed(text: str, path: str, value: Any) -> bytes:
    """JSON with one value changed; `path` is dotted."""
    document = json.loads(text)
    *parents, last = path.split(".")
    node = document
    for key in parents:
        node = node[int(key) if isinstance(node, list) else key]
    node[int(last) if isinstance(node, list) else last] = value
    return json.dumps(document).encode()
