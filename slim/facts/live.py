"""Whether the final filesystem has a file that a pattern matches.

The full matcher asks all files about all patterns; `file` predicates only want to know whether there is one,
so this goes from the patterns to the files. A pattern is followed from directory to directory. One that
passes over any number of directories (`**`) on its way to a known name, or to a name with a known end, is
asked of the files with such names, which one pass over the names finds for all these patterns together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slim.files.table import ROOT, Kind
from slim.files.view import MAX_FOUND, View, decoded
from slim.rules.component import ANY_DEPTH, AnyDepth, Part
from slim.rules.glob import compile_globs
from slim.rules.glob_syntax import parse_glob
from slim.rules.variables import bind


def first_files(
    patterns: Sequence[str], variables: Mapping[str, Sequence[str]], view: View
) -> dict[str, str]:
    """Pattern, as written with its variables → one live file that it matches; absent without one."""
    found: dict[str, str] = {}
    by_end: dict[bytes, list[tuple[str, str, tuple[Part, ...]]]] = {}
    for pattern in patterns:
        for bound in bind(pattern, variables):
            for parts in parse_glob(bound):
                end = _known_end(parts)
                if end:
                    by_end.setdefault(end, []).append((bound, pattern, parts))
                else:
                    _try(pattern, parts, view, found)
    names = view.find((), tuple(by_end))
    for end, bounded in by_end.items():
        globs = compile_globs([bound for bound, _, _ in bounded])
        missing = {pattern for _, pattern, _ in bounded} - found.keys()
        for path in names[end] if missing else ():
            if not missing:
                break
            for index in globs.match(path) if _is_file(path, view) else ():
                found.setdefault(bounded[index][1], decoded(path))
                missing.discard(bounded[index][1])
        if len(names[end]) == MAX_FOUND:
            # There are more such names than were looked at.
            for _, pattern, parts in bounded:
                _try(pattern, parts, view, found)
    return found


def _try(pattern: str, parts: Sequence[Part], view: View, found: dict[str, str]) -> None:
    path = _follow(parts, view) if pattern not in found else None
    if path is not None:
        found[pattern] = decoded(path)


def _known_end(parts: Sequence[Part]) -> bytes:
    """What the last name ends in, for a pattern that passes over any number of directories before it."""
    last = parts[-1]
    if ANY_DEPTH not in parts[:-1] or isinstance(last, AnyDepth):
        return b""
    return last if isinstance(last, bytes) else last.tail


def _follow(parts: Sequence[Part], view: View) -> bytes | None:
    """The first file found by walking along the parts; every directory at most once per part."""
    todo = [(ROOT, 0)]
    seen: set[tuple[int, int]] = set()
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        directory, index = place
        here, part, last = view.names[directory], parts[index], index == len(parts) - 1
        nodes: Sequence[int]
        if isinstance(part, bytes):
            nodes = [here[part]] if part in here else []
        elif isinstance(part, AnyDepth):
            todo += [(~node, index) for node in here.values() if node < 0]
            if not last:
                todo.append((directory, index + 1))
            nodes = [node for node in here.values() if node >= 0] if last else []
        else:
            nodes = [node for name, node in here.items() if part.matches(name)]
        if not last:
            todo += [(~node, index + 1) for node in nodes if node < 0]
            continue
        for node in nodes:
            if node >= 0 and view.files.kind[node] in (Kind.FILE, Kind.HARDLINK):
                return view.files.path(node)
    return None


def _is_file(path: bytes, view: View) -> bool:
    """Whether the name itself is a file's, not a link's."""
    return view.is_file(path) and view.real(path) == path
