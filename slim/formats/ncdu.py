"""The final filesystem as ncdu's JSON export, to walk through it with `ncdu -f FILE`.

Every file that has bytes where the report lists all, else the files and directories of its tree, with an
entry for what is left of each directory. Sizes are bytes on disk, apparent and used alike.
Format: dev.yorhel.nl/ncdu/jsonfmt, version 1.2: a directory is an array whose first item is the directory
itself; names are the last part of a path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from slim.formats import words
from slim.formats.log_commands import quiet_json
from slim.formats.model import Format, RenderOptions
from slim.formats.terminal import visible
from slim.report.model import Report
from slim.report.untrusted import Text, Untrusted, bare
from slim.version import VERSION

_DEPTH = 512
"""Of directories; what is deeper is shown in the last one."""
_NAME = 255
_TREE_DEPTH = 64
"""Of the report's tree, whose own depth is less."""
Item = tuple[tuple[str, ...], int]
"""(path by its parts, bytes)."""


def render(report: Report, _: RenderOptions | None = None) -> str:
    """One line per entry. It is written without recursion: paths are as deep as their image makes them."""
    whole = (
        not report.truncated.largest_files
        and sum(file.disk_bytes for file in report.largest_files) == report.totals.live_bytes
    )
    items = _all(report) if whole else _outline(report)
    head = {"progname": "slim", "progver": VERSION}
    root = json.dumps({"name": f"/{_name(words.short_name(report))}"})
    lines = [f"[1,2,{json.dumps(head)},", f"[{root}"]
    open_: tuple[str, ...] = ()
    for path, size in items:
        home = path[:-1]
        shared = 0
        while shared < min(len(home), len(open_)) and home[shared] == open_[shared]:
            shared += 1
        closing = "]" * (len(open_) - shared)
        lines[-1] += closing
        lines += [f",[{json.dumps({'name': _name(part)})}" for part in home[shared:]]
        entry = {"name": _name(path[-1]), "asize": size, "dsize": size}
        lines.append(f",{json.dumps(entry)}")
        open_ = home
    return quiet_json("\n".join(lines)) + "]" * (len(open_) + 2) + "\n"


def _all(report: Report) -> Iterator[Item]:
    """Sorted so that what is in one directory is together."""
    items = [(_parts(file.path), file.disk_bytes) for file in report.largest_files]
    yield from sorted(items)


def _parts(path: Untrusted) -> tuple[str, ...]:
    parts = bare(path).split("/")
    if len(parts) > _DEPTH:
        parts[_DEPTH - 1 :] = ["/".join(parts[_DEPTH - 1 :])]
    return tuple(parts)


def _outline(report: Report) -> Iterable[Item]:
    """The tree is in order: a directory's entries follow it."""
    paths: list[tuple[str, ...]] = []
    items: list[Item] = []
    for node in report.tree:
        above = paths[node.parent] if node.parent is not None else ()
        name = (
            bare(node.name)
            if node.kind != "rest"
            else f"({words.count(node.files, 'smaller file')})"
        )
        path = (*above[: _TREE_DEPTH - 1], name) if node.parent is not None else ()
        paths.append(path)
        if node.kind != "directory":
            items.append((path, node.disk_bytes))
    return sorted(items)


def _name(part: Text) -> str:
    """A name that ncdu takes: not empty, no slash, no control character, not too long."""
    text = visible(part).replace("/", "∕")[:_NAME]
    return text if text not in ("", ".", "..") else f"({text or 'empty'})"


NCDU = Format(
    name="ncdu",
    about="The final filesystem as ncdu's JSON export, to walk through it with `ncdu -f FILE`.",
    ending=".ncdu.json",
    report=render,
    all_files=True,
)
