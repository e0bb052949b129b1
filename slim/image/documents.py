"""JSON from strangers, read so that no two parsers can disagree about it.

Engines read these documents with Go's `encoding/json`, which folds case and takes the last of duplicate
keys; others do not. What they would read differently is refused (RFC 7493, I-JSON §2.3): duplicate
keys, known names in other case, other encodings than UTF-8, numbers that are no 63-bit integers, lone
surrogates, depth.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NoReturn

from slim.errors import InputError, SlimError
from slim.limits import Limits, exceeded
from slim.patterns import regex

_DIGEST = regex(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+", re.ASCII)
_TOKEN = regex(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_HEX_LENGTH = {"sha256": 64, "sha512": 128, "blake3": 64}


class Object:
    """A JSON object whose fields are read by name and type; every refusal says where."""

    def __init__(self, value: object, where: str, known: Iterable[str]) -> None:
        if not isinstance(value, dict):
            raise refused(where, "is not an object")
        self._value: dict[str, Any] = value
        self.where = where
        exact, folded = _spellings(tuple(known))
        for key in value:
            if key not in exact and (right := folded.get(key.casefold())) is not None:
                raise refused(where, f"has {key!r} where {right!r} is meant: parsers disagree")

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def text(self, name: str) -> str:
        """A string; empty when absent or null."""
        value = self._value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise refused(f"{self.where}.{name}", "is not a string")
        return value

    def integer(self, name: str) -> int:
        """A whole number from 0 to 2**63 - 1; required."""
        value = self._value.get(name)
        if type(value) is not int or not 0 <= value < 2**63:
            raise refused(f"{self.where}.{name}", "is not a size")
        return value

    def count(self, name: str) -> int:
        """A whole number from 1 to 2**63 - 1; 0 when absent, or anything else."""
        value = self._value.get(name)
        return value if type(value) is int and 0 < value < 2**63 else 0

    def boolean(self, name: str) -> bool:
        """A truth value; false when absent."""
        value = self._value.get(name)
        if value is None:
            return False
        if type(value) is not bool:
            raise refused(f"{self.where}.{name}", "is not true or false")
        return value

    def items(self, name: str) -> list[Any]:
        """An array; empty when absent or null."""
        value = self._value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise refused(f"{self.where}.{name}", "is not an array")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of strings."""
        values = self.items(name)
        if not all(isinstance(value, str) for value in values):
            raise refused(f"{self.where}.{name}", "is not an array of strings")
        return tuple(values)

    def mapping(self, name: str) -> Mapping[str, str]:
        """An object with strings as values; their keys are free, so case is not looked at."""
        value = self._value.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise refused(f"{self.where}.{name}", "is not an object of strings")
        return value

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of an object, sorted; empty when absent."""
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise refused(f"{self.where}.{name}", "is not an object")
        return tuple(sorted(value))

    def child(self, name: str, known: Iterable[str]) -> Object | None:
        """A nested object; None when absent."""
        value = self._value.get(name)
        return None if value is None else Object(value, f"{self.where}.{name}", known)

    def children(self, name: str, known: Iterable[str]) -> list[Object]:
        """An array of objects."""
        known = tuple(known)
        return [
            Object(value, f"{self.where}.{name}[{index}]", known)
            for index, value in enumerate(self.items(name))
        ]

    def base64(self, name: str) -> bytes | None:
        """Strict base64; None when absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except (binascii.Error, ValueError):
            raise refused(f"{self.where}.{name}", "is not base64") from None


def parse(data: bytes, where: str, limits: Limits) -> Any:
    """Decode a document; `where` names it in errors.

    Raises:
        InputError: not JSON that all parsers read alike.
        LimitError: too large, too deep, too many nodes.
    """
    if len(data) > limits.json_bytes:
        raise exceeded("json_bytes", len(data), limits.json_bytes, where)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise _too_deep(data, where, limits) from None
    except _RefusedError as error:
        raise refused(where, str(error)) from None
    except ValueError as error:
        raise refused(where, f"is not valid JSON: {error}") from None
    _measure(value, where, limits)
    return value


def check_digest(digest: str, where: str) -> str:
    """The digest, if its grammar is right: before it names a path or is compared with anything.

    Source: OCI image-spec descriptor.md "Digests"; registered algorithms have hex of one length.
    """
    algorithm, _, encoded = digest.partition(":")
    length = _HEX_LENGTH.get(algorithm)
    if not _DIGEST.fullmatch(digest) or len(digest) > 256:
        raise refused(where, f"{digest[:80]!r} is not a digest")
    if length is not None and not re.fullmatch(f"[0-9a-f]{{{length}}}", encoded):
        raise refused(where, f"{digest[:80]!r} is not a {algorithm} digest")
    return digest


def refused(where: str, why: str) -> InputError:
    """The error for a document that is not as it must be."""
    return InputError(
        "bad-document", f"{where} {why}", "the image is damaged, or made to be read in two ways"
    )


@cache
def _spellings(known: tuple[str, ...]) -> tuple[frozenset[str], dict[str, str]]:
    """The names as they must be, and from any other case to that."""
    return frozenset(known), {name.casefold(): name for name in known}


class _RefusedError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(f"has the key {key[:80]!r} twice")
            seen.add(key)
    return found


def _no_number(text: str) -> NoReturn:
    raise _RefusedError(f"has {text[:40]!r} where only whole numbers are allowed")


def _too_deep(data: bytes, where: str, limits: Limits) -> SlimError:
    """For what is nested too deep to be decoded at all: brackets are counted, outside of strings."""
    depth = deepest = 0
    for token in _TOKEN.finditer(data):
        if token[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in b"]}":
            depth -= 1
    if deepest > limits.json_depth:
        return exceeded("json_depth", deepest, limits.json_depth, where)
    return refused(where, f"is nested {deepest:,} deep: too deep to be read")


def _measure(value: Any, where: str, limits: Limits) -> None:
    """Depth, nodes and strings that no UTF-8 can hold."""
    nodes = 0
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        nodes += len(level)
        if depth > limits.json_depth:
            raise exceeded("json_depth", depth, limits.json_depth, where)
        if nodes > limits.json_nodes:
            raise exceeded("json_nodes", nodes, limits.json_nodes, where)
        following: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                following.extend(node.values())
                following.extend(node)
            elif isinstance(node, list):
                following.extend(node)
            elif isinstance(node, str) and not node.isascii():
                try:
                    node.encode("utf-8")
                except UnicodeEncodeError:
                    raise refused(where, "has half of a surrogate pair in a string") from None
        level = following
