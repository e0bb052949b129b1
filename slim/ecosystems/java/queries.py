"""Queries about jars: those inside of others, and several versions of one artifact."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from slim.ecosystems.archives import find_members, live_archives, member_key, run_paths
from slim.ecosystems.model import Subject
from slim.ecosystems.versions import Version, version_of
from slim.facts.gather import Facts
from slim.facts.roots import Roots
from slim.files.table import Kind
from slim.files.view import below, encoded
from slim.packages.package import text
from slim.patterns import regex
from slim.rules.match import QueryResult

_LAUNCHERS = (".JarLauncher", ".WarLauncher", ".PropertiesLauncher")
_MAX_NAME = 200
_QUALIFIER = regex(
    r"(?:final|ga|release|snapshot|jre\d*|android|incubating|sp\d+|b\d+"
    r"|(?:m|rc|cr|alpha|beta|ea|pre)[.-]?\d*)",
    re.IGNORECASE,
)


def nested_jars(subject: Subject) -> QueryResult:
    """Jars that are both in a jar of the image and beside it: one of the two is not needed.

    The loose ones lie in its directory. They go where a command runs the outer jar, or none says what it
    runs; the outer one goes where a command's class path leads to all that it holds. Where both are
    named both may be needed.
    """
    files, facts, owned = subject.files, subject.facts, subject.system_owned
    outer = {row: archive for row, archive in live_archives(files, owned).items() if archive.nested}
    found = find_members(files, [member for archive in outer.values() for member in archive.nested])
    paths = {row: files.path(row) for rows in found.values() for row in rows}
    run, mentioned, launched = run_paths(facts), _mentioned(facts), _is_launched(facts)
    rows: set[int] = set()
    keeps: dict[int, int] = {}
    for row, archive in sorted(outer.items()):
        runs = files.path(row) in run
        place = _around(files.path(row), runs, facts.roots)
        copies = {
            copy: member
            for member in archive.nested
            for copy in found.get(member_key(member), ())
            if copy != row and not owned[copy] and place and paths[copy].startswith(place)
        }
        if not copies:
            continue
        named = not mentioned.isdisjoint(
            place for copy in copies for place in (paths[copy], paths[copy].rpartition(b"/")[0])
        ) or (launched and any(_is_inside(paths[copy]) for copy in copies))
        if named and not runs:
            if len(set(copies.values())) == len(archive.nested):
                rows.add(row)
                keeps[row] = min(copies)
        elif not named:
            rows.update(copies)
            keeps.update(dict.fromkeys(copies, row))
    # What stays for another one does not go itself.
    stay = set(keeps.values())
    return QueryResult(
        rows=sorted(rows - stay),
        keeps={row: kept for row, kept in keeps.items() if row not in stay},
    )


def older_jars(subject: Subject) -> Iterator[int]:
    """Jars that have a newer one of the same artifact and classifier beside them."""
    view, owned = subject.view, subject.system_owned
    for directory, names_here in view.holding(view.every.ending((b".jar",))):
        groups: dict[tuple[str, str], list[tuple[Version, int]]] = defaultdict(list)
        for name in names_here:
            row = view.names[directory][name]
            if row >= 0 and view.files.kind[row] == Kind.FILE:
                found = artifact_of(text(name))
                if found is not None and not owned[row]:
                    groups[found[:2]].append((version_of(found[2]), row))
        for jars in groups.values():
            newest = max(jars)[0]
            yield from (row for version, row in jars if version < newest)


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


def _around(outer: bytes, runs: bool, roots: Roots) -> bytes:
    """Where copies of what a jar holds lie beside it: in its directory and below; if it is run by
    itself, in the directory above that, too. A server's own libraries are not those of a war."""
    home = outer.rpartition(b"/")[0]
    above = home.rpartition(b"/")[0]
    if runs and above and not roots.is_system(above):
        home = above
    return home + b"/" if home else b""


def _mentioned(facts: Facts) -> frozenset[bytes]:
    """Paths that the words of commands may mean, those in class paths and options included; `dir/*` is
    the directory, and what is relative is below the application's directories."""
    homes = [encoded(home) for home in facts.variables.get("app", ())]
    found: set[bytes] = set()
    for command in facts.runs.all:
        for word in command.words:
            for part in encoded(word).replace(b"=", b":").replace(b",", b":").split(b":"):
                path = part.removeprefix(b"./").removesuffix(b"/*").strip(b"/")
                if path:
                    found.add(path)
                    if not part.startswith(b"/"):
                        found.update(below(home, path) for home in homes)
    return frozenset(found)


def _is_launched(facts: Facts) -> bool:
    """Whether a launcher of Spring's is run: it looks into the unpacked archive that it is part of."""
    return any(word.endswith(_LAUNCHERS) for command in facts.runs.all for word in command.words)


def _is_inside(jar: bytes) -> bool:
    return b"/BOOT-INF/" in jar or b"/WEB-INF/" in jar
