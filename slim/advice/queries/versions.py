"""Queries about several versions of one thing, of which the program loads one [pure].

Jars of one artifact in one directory, gems that a lock file has in another version, shared runtimes of
.NET with a later patch beside them, Go programs that an equal name hides. The others are selected.
Source: Bundler, "Gemfile.lock"; .NET, "Select which .NET version to use" (roll forward to the latest patch).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from slim.entrypoint.tables import names
from slim.facts.gather import Facts
from slim.files.table import Fate, Kind
from slim.files.view import View, below, encoded
from slim.packages.owners import Ownership
from slim.packages.package import parent, text
from slim.rules.match import QueryResult

_MAX_NAME = 200
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for if the image does not say."""
_QUALIFIER = re.compile(
    r"(?:final|ga|release|snapshot|jre\d*|android|incubating|sp\d+|b\d+"
    r"|(?:m|rc|cr|alpha|beta|ea|pre)[.-]?\d*)",
    re.IGNORECASE,
)
_EARLY = names("snapshot m rc cr alpha beta ea pre a b")
"""What is said of versions before the release."""
_PARTS = re.compile(r"\d+|[A-Za-z]+")
_LOCKED = re.compile(rb"^    ([A-Za-z0-9._-]{1,100}) \(([0-9A-Za-z.]{1,60})[^)]{0,100}\)\r?$", re.M)
_PATCH = re.compile(rb"(\d{1,5}\.\d{1,5})\.(\d{1,5})")

_Version = tuple[tuple[int, int], ...]


def several(view: View, facts: Facts, ownership: Ownership, owned: bytes) -> QueryResult:
    """The files of all versions that something else stands in for; `owned` masks the system's files."""
    rows = set(_jars(view, owned))
    rows.update(ownership.rows(_gems(view, facts, ownership)))
    rows.update(_shared_runtimes(view, facts))
    rows.update(_go_programs(view, facts))
    return QueryResult(rows=sorted(row for row in rows if not owned[row]))


def version_of(written: str) -> _Version:
    """A version that can be compared with others.

    >>> version_of("1.10") > version_of("1.9") > version_of("1.9-rc1") > version_of("1.8.Final")
    True
    """
    parts = [
        (2, int(part[:18])) if part.isdigit() else (0 if part.lower() in _EARLY else 1, 0)
        for part in _PARTS.findall(written)
    ]
    return (*parts, (1, 0))


def artifact_of(name: str) -> tuple[str, str, str] | None:
    """(artifact, classifier, version) of a jar named as Maven names it; None for other names.

    >>> artifact_of("netty-common-4.1.100.Final.jar")
    ('netty-common', '', '4.1.100.Final')
    >>> artifact_of("netty-epoll-4.1.9.Final-linux-x86_64.jar")
    ('netty-epoll', 'linux-x86_64', '4.1.9.Final')
    """
    words = name.removesuffix(".jar").split("-")
    if not name.endswith(".jar") or len(name) > _MAX_NAME:
        return None
    at = next((at for at, word in enumerate(words) if at and word[:1].isdigit()), 0)
    if not at:
        return None
    end = at + 1
    while end < len(words) and _QUALIFIER.fullmatch(words[end]):
        end += 1
    return "-".join(words[:at]), "-".join(words[end:]), "-".join(words[at:end])


def _jars(view: View, owned: bytes) -> Iterator[int]:
    """Jars that have a newer one of the same artifact and classifier beside them."""
    for directory, names_here in view.holding(view.every.ending((b".jar",))):
        groups: dict[tuple[str, str], list[tuple[_Version, int]]] = defaultdict(list)
        for name in names_here:
            row = view.names[directory][name]
            if row >= 0 and view.files.kind[row] == Kind.FILE:
                found = artifact_of(text(name))
                if found is not None and not owned[row]:
                    groups[found[:2]].append((version_of(found[2]), row))
        for jars in groups.values():
            newest = max(jars)[0]
            yield from (row for version, row in jars if version < newest)


def _gems(view: View, facts: Facts, ownership: Ownership) -> list[int]:
    """Gems that the application's lock file has in another version, which lies in the same gem home.

    The newest stays: without Bundler it is the one that is loaded.
    """
    locked: dict[str, set[str]] = defaultdict(set)
    for project, stacks in facts.roots.projects.items():
        if "ruby" in stacks:
            content = view.read(below(project, b"Gemfile.lock")) or b""
            for name, version in _LOCKED.findall(content):
                locked[text(name)].add(text(version))
    homes: dict[tuple[bytes, str], list[tuple[_Version, str, int]]] = defaultdict(list)
    for index, package in enumerate(ownership.packages):
        if package.manager == "gem" and package.name in locked:
            key = parent(package.record), package.name
            homes[key].append((version_of(package.version), package.version, index))
    found: list[int] = []
    for (_, name), gems in homes.items():
        newest = max(gems)[0]
        if any(written in locked[name] for _, written, _ in gems):
            found += [
                index
                for version, written, index in gems
                if written not in locked[name] and version < newest
            ]
    return found


def _shared_runtimes(view: View, facts: Facts) -> Iterator[int]:
    """The files of shared runtimes of .NET that have a later patch of the same version beside them."""
    for root in facts.roots.dotnets:
        for framework in view.children(below(root, b"shared")):
            home = below(below(root, b"shared"), framework)
            lines: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
            for name in view.names_in(home):
                if found := _PATCH.fullmatch(name):
                    lines[found[1]].append((int(found[2]), name))
            for patches in lines.values():
                for _, name in sorted(patches)[:-1]:
                    yield from view.rows_below(below(home, name))


def _go_programs(view: View, facts: Facts) -> Iterator[int]:
    """Programs with the name and the main package of another one, which PATH leads to instead.

    What commands name stays, and so do all where PATH leads to none.
    """
    files = view.files
    groups: dict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    for row, elf in files.elfs.items():
        if elf.go is not None and elf.go.main and files.fate[row] == Fate.LIVE:
            groups[files.name[row], elf.go.main].append(row)
    named = {view.row(encoded(path)) for path in facts.runs.resolved}
    places = [encoded(place) for place in facts.env.get("PATH", _PATH).split(":") if place]
    for (name, _), rows in groups.items():
        if len(rows) < 2:
            continue
        found = (view.row(below(place, name)) for place in places)
        first = next((row for row in found if row is not None), None)
        if first in rows:
            yield from (row for row in rows if row != first and row not in named)
