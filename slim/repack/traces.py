"""Paths that a run of the container used, from what tools that watch one write.

Three forms: `creport.json` of mint and slimtoolkit, the output of `strace -f -e trace=file`, and a list of
paths, one a line. What is not understood is passed over: a path too many keeps a file too many, and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from slim.errors import InputError
from slim.patterns import regex

_CALL = regex(
    rb"^(?:\[pid +(?P<pid>\d+)\] |(?P<first>\d+) +)?(?:[\d:.]+ +)?(?P<name>[a-z_0-9]+)\((?P<rest>.*)$"
)
_QUOTED = regex(rb'"((?:[^"\\]|\\.)*)"')
_FAILED = regex(rb"\) += -1 ")
_ESCAPE = regex(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|.)")
_LETTERS = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"v": b"\v",
    b"f": b"\f",
    b"a": b"\a",
    b"b": b"\b",
}


def used_paths(data: bytes, name: str, working_dir: bytes = b"/") -> tuple[bytes, ...]:
    """The paths in a trace, each once; relative ones are below the working directory.

    Raises:
        InputError: there is none.
    """
    if data.lstrip()[:1] == b"{":
        found = _of_report(data, name)
    elif any(_CALL.match(line) for line in data.splitlines()[:20]):
        found = _of_strace(data, working_dir)
    else:
        found = (line.rstrip(b"\r") for line in data.split(b"\n"))
    paths = dict.fromkeys(_absolute(path, working_dir) for path in found if path.strip())
    if not paths:
        raise InputError(
            "empty-trace",
            f"{name!r} names no path",
            "--keep-trace reads creport.json, the output of strace -f -e trace=file, or a list of paths",
        )
    return tuple(paths)


def _absolute(path: bytes, folder: bytes) -> bytes:
    return path if path.startswith(b"/") else folder.rstrip(b"/") + b"/" + path


def _of_report(data: bytes, name: str) -> Iterator[bytes]:
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("bad-trace", f"{name!r} is not JSON: {error}"[:300]) from None
    files = _part(document, "image", "files")
    for each in files if isinstance(files, list) else []:
        path = _part(each, "file_path")
        if isinstance(path, str):
            yield path.encode("utf-8", "surrogateescape")
    groups = _part(document, "monitors", "fan", "process_files")
    groups = list(groups.values()) if isinstance(groups, dict) else []
    for group in (_part(document, "monitors", "pt", "fs_activity"), *groups):
        for path in group if isinstance(group, dict) else ():
            yield path.encode("utf-8", "surrogateescape")


def _part(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _of_strace(data: bytes, working_dir: bytes) -> Iterator[bytes]:
    """Paths of calls that did not fail; of those that another process interrupted, too."""
    folders: dict[bytes, bytes] = {}
    for line in data.splitlines():
        call = _CALL.match(line)
        if call is None or _FAILED.search(line):
            continue
        process = call["pid"] or call["first"] or b""
        folder = folders.get(process, working_dir)
        for quoted in _QUOTED.findall(call["rest"]):
            path = _absolute(_ESCAPE.sub(_unescaped, quoted), folder)
            if call["name"] == b"chdir":
                folders[process] = path
            yield path
            if call["name"].startswith(b"exec"):
                break  # its arguments follow


def _unescaped(found: re.Match[bytes]) -> bytes:
    text = found[1]
    if text[:1].isdigit():
        return bytes([int(text, 8) & 0xFF])
    if len(text) == 3:
        return bytes([int(text[1:], 16)])
    return _LETTERS.get(text, text)
