"""JSON documents of an image's packages, read without trust.

Nothing that is read here decides anything about the image itself, so that what parsers may see
differently (duplicate keys, large numbers) is not a fault; what is of another type than expected is absent.
"""

from __future__ import annotations

import msgspec

from slim.packages.package import PackageWarnings

_BOM = b"\xef\xbb\xbf"


def load_object(data: bytes, path: bytes, warnings: PackageWarnings) -> dict[str, object] | None:
    """The object that a document is; None, and a warning, if it is none."""
    try:
        value = msgspec.json.decode(data.removeprefix(_BOM))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        warnings.add(path, f"it is no JSON: {str(error)[:80]}")
        return None
    if not isinstance(value, dict):
        warnings.add(path, "it is no JSON object")
        return None
    return value


def text_of(value: object) -> str:
    """A string, else empty."""
    return value if isinstance(value, str) else ""


def object_of(value: object) -> dict[str, object]:
    """An object, else empty."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[dict[str, object]]:
    """The objects of an array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts_of(value: object) -> list[str]:
    """The strings of an array; one string alone is an array of it."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
