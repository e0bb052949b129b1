"""Read a report back, as input from strangers: a forged one is refused or is only wrong about its image.

In the pattern for forks an unprivileged job makes the report and a trusted one renders it. So its size,
depth, numbers and types are checked here, keys that stand twice are refused (RFC 7493 §2.3), and all of
its texts stay untrusted for whatever renders them. Unknown fields are accepted: a newer slim adds some.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec.structs import replace

from slim.errors import InputError
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.patterns import regex
from slim.report.comparison import Comparison
from slim.report.model import LARGEST, SCHEMA_VERSION, Report, TreeNode
from slim.report.sums import fault

T = TypeVar("T", Report, Comparison)
_VERSION = regex(r"(\d{1,6})\.(\d{1,6})", re.ASCII)


def load_report(source: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Report:
    """Read the report in a file.

    Raises:
        InputError: it cannot be read, or is not a report of a version that this slim reads (exit code 3).
        LimitError: too large, too deep or too many values (5).
    """
    return parse_report(_read(source, limits), os.fspath(source), limits)


def load_comparison(
    source: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS
) -> Comparison:
    """Read the comparison in a file; errors are those of `load_report`."""
    where = os.fspath(source)
    value = _checked(_read(source, limits), where, ("comparison",), limits)
    return _convert(value, Comparison, where)


def load_document(
    source: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS
) -> Report | Comparison:
    """Read the report or comparison in a file; errors are those of `load_report`."""
    return parse_document(_read(source, limits), os.fspath(source), limits)


def _read(source: str | os.PathLike[str], limits: Limits) -> bytes:
    try:
        with open(source, "rb") as file:
            return file.read(limits.report_bytes + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        name = os.fspath(source)
        raise InputError(
            "unreadable",
            f"cannot read {name!r}: {why}",
            "a report is what slim analyze IMAGE -o json=FILE writes",
        ) from None


def is_report(source: str | os.PathLike[str]) -> bool:
    """Whether a file begins like JSON: no image does."""
    try:
        with open(source, "rb") as file:
            return file.read(4096).lstrip(b" \t\r\n")[:1] == b"{"
    except (OSError, ValueError):
        return False


def parse_report(data: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> Report:
    """Decode and check a report; `where` names it in errors, which are those of `load_report`."""
    return _convert(_checked(data, where, ("analysis",), limits), Report, where)


def parse_document(data: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> Report | Comparison:
    """The same for a report or comparison."""
    value = _checked(data, where, ("analysis", "comparison"), limits)
    if value["kind"] == "comparison":
        return _convert(value, Comparison, where)
    return _convert(value, Report, where)


def _checked(data: bytes, where: str, kinds: Sequence[str], limits: Limits) -> dict[str, Any]:
    """A document of one of these kinds, of which only the fields' types are not checked yet."""
    if len(data) > limits.report_bytes:
        raise exceeded("report_bytes", len(data), limits.report_bytes, where)
    # An upper bound that costs nothing, before the decoder makes an object of each.
    nodes = sum(map(data.count, (b",", b"[", b"{")))
    if nodes > limits.report_nodes:
        raise exceeded("report_nodes", nodes, limits.report_nodes, where)
    value = _decode(data, where, limits)
    _check_values(value, where, limits)
    if not isinstance(value, dict):
        raise _refused(where, "is not an object")
    _check_kind(value, where, kinds)
    return value


def _convert(value: dict[str, Any], type: type[T], where: str) -> T:
    try:
        document = msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise _refused(where, str(error)) from None
    if isinstance(document, Report):
        _check_tree(document.tree, where)
    if wrong := fault(document):
        raise _refused(where, f"does not add up: {wrong}")
    # Words that the gates decided nothing by: whoever shows reasons makes them of the document's values.
    verdict = replace(document.verdict, headline="", reasons=[])
    return replace(document, verdict=verdict)


def _decode(data: bytes, where: str, limits: Limits) -> Any:
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_finite,
            parse_constant=_no_number,
        )
    except RecursionError:
        # Some depth that the decoder cannot go down, which is more than any report has.
        depth = sys.getrecursionlimit()
        raise exceeded("report_depth", depth, min(depth, limits.report_depth), where) from None
    except ValueError as error:
        raise _refused(where, f"is not valid JSON: {str(error)[:200]}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key in a JSON object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a finite number")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _check_values(value: Any, where: str, limits: Limits) -> None:
    """Depth, whole numbers of 63 bits, and strings that UTF-8 can hold; level by level."""
    level = [value]
    depth = 0
    while level:
        depth += 1
        if depth > limits.report_depth:
            raise exceeded("report_depth", depth, limits.report_depth, where)
        following: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                following.extend(node)
                following.extend(node.values())
            elif isinstance(node, list):
                following.extend(node)
            elif isinstance(node, str):
                if not node.isascii() and any("\ud800" <= each <= "\udfff" for each in node):
                    raise _refused(where, "has half of a surrogate pair in a string")
            elif isinstance(node, int) and abs(node) > LARGEST:
                raise _refused(where, "has a number of more than 63 bits")
        level = following


def _check_kind(value: dict[str, Any], where: str, kinds: Sequence[str]) -> None:
    version, kind = value.get("schema_version"), value.get("kind")
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if found is None:
        raise _refused(where, "has no schema_version such as 1.0: it is not a report of slim")
    if found[1] != SCHEMA_VERSION.partition(".")[0]:
        raise InputError(
            "other-schema",
            f"{where} has schema version {found[0]}; this slim reads {SCHEMA_VERSION}",
            "make the report again with this version of slim",
        )
    if kind not in kinds:
        expected = " or ".join(map(repr, kinds))
        raise _refused(where, f"is of kind {str(kind)[:40]!r}, not {expected}")


def _check_tree(tree: list[TreeNode], where: str) -> None:
    """Each node but the first is in an earlier directory: whoever walks the tree comes to an end."""
    for index, node in enumerate(tree):
        parent = node.parent
        if index == 0:
            fits = parent is None
        else:
            fits = parent is not None and parent < index and tree[parent].kind == "directory"
        if not fits:
            raise _refused(where, f"has a tree whose node {index} is in no directory before it")


def _refused(where: str, why: str) -> InputError:
    return InputError(
        "bad-report", f"{where} {why}", "a report is what slim analyze IMAGE -o json=FILE writes"
    )
