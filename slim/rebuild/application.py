"""Which files of an application stay beside its code: all but those that are known to be left over.

A settings file, a web page, a model: nothing in an image says which of these a program reads, so that what
is neither a source, output of the build, a dependency for development nor a file of the repository's own
stays, and goes only where a rule names it. The same holds of what the application's own steps put elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import compress

from msgspec import Struct

from slim.files.table import mask
from slim.files.view import below as join
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.model import Given
from slim.rebuild.trees import below, below_any, below_first, copies, named, row_at

_MAX_PATHS = 100
"""Most paths of one part: beyond that the directories that hold them."""
_REPOSITORY = frozenset(
    (
        *(b".git", b".github", b".gitlab", b".circleci", b".svn", b".hg", b".idea", b".vscode"),
        *(b"node_modules", b"__tests__", b"test", b"tests", b"testdata", b"e2e", b"coverage"),
        *(b".devcontainer", b".husky", b".cache", b"__pycache__", b".venv", b"bench", b"benches"),
    )
)
"""Directories of a project that no built program reads."""
_MANUALS = frozenset((b"doc", b"docs", b"documentation", b"adr"))
"""Directories of a project whose Markdown people read: elsewhere below it a program may show it."""
_PROJECT = (
    *(b"Dockerfile", b"Makefile", b"README", b"LICENSE", b"CHANGELOG", b"CONTRIBUTING", b".git"),
    *(b"docker-compose", b"compose.y", b".dockerignore", b".editorconfig", b".pre-commit"),
    *(b".eslint", b".prettier", b".golangci", b"Jenkinsfile", b".travis", b".tool-versions"),
)
"""How the names of files begin that only people and tools read."""
_INSTALLED = (b"var/lib/dpkg/status", b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
_DATABASES = frozenset(path.rpartition(b"/")[2] for path in _INSTALLED) | {b"rpmdb.sqlite"}
"""A layer that has one of these is of an instruction that installs packages."""
_ELSEWHERE = (b"etc", b"srv", b"var/www", b"opt")
"""Where steps put what programs read, besides the application's own directory."""
_DATA = (b"var/lib", b"data")
"""Where steps that install no packages put data: `RUN python load.py`. Source: FHS 3.0, "/var/lib"."""
_EXPLAINED = (
    *(b"usr", b"bin", b"sbin", b"lib", b"lib64", b"etc", b"run", b"tmp", b"opt", b"go", b"nix"),
    *(b"root", b"proc", b"sys", b"dev", b"boot", b"var/cache", b"var/log", b"var/tmp", b"src"),
    *(
        b"var/lib/dpkg",
        b"var/lib/apt",
        b"var/lib/apk",
        b"var/lib/rpm",
        b"var/lib/systemd",
        b"var/lib/pam",
    ),
)
"""Where systems, tools and builds write."""
_SYSTEM_SETTINGS = (
    *(b"etc/apt/", b"etc/alternatives/", b"etc/ssl/certs/", b"etc/ca-certificates", b"etc/rc"),
    *(
        b"etc/ld.so.cache",
        b"etc/dpkg/",
        b"etc/.pwd.lock",
        b"etc/systemd/",
        b"etc/apk/",
        b"etc/pki/",
    ),
    *(b"etc/passwd", b"etc/group", b"etc/shadow", b"etc/gshadow", b"etc/subuid", b"etc/subgid"),
    *(b"etc/hosts", b"etc/hostname", b"etc/resolv.conf", b"etc/mtab", b"etc/machine-id"),
    *(b"etc/mailcap", b"etc/java-", b"etc/fonts/", b"etc/yum", b"etc/dnf/", b"etc/shells"),
)
"""How paths of settings begin that packages and tools of the system write."""


MAY_BE_READ = "files of the project that are not sources may be read when the program runs"
"""What is guessed where such files stay."""


class Leftover(Struct, frozen=True):
    """What one language's build leaves in a project's directory."""

    endings: tuple[bytes, ...]
    """How names of sources end."""
    names: frozenset[bytes] = frozenset()
    """Files and directories, anywhere in the project."""
    sources: frozenset[bytes] = frozenset()
    """Directories in which …"""
    in_sources: tuple[bytes, ...] = ()
    """… more endings are those of sources."""


def beside(given: Given, homes: Iterable[bytes], leftover: Leftover) -> list[int]:
    """Rows below the application's directories that stay beside its program.

    Programs and objects are outputs of the build: those that run are kept for another reason.
    """
    files, view = given.view.files, given.view
    found: list[int] = []
    left_over = named(view, _REPOSITORY | leftover.names)
    for home in homes:
        for row in below(view, home, left_over):
            parts = files.path(row)[len(home) + 1 :].split(b"/")
            name = parts[-1]
            if (
                name.endswith(leftover.endings)
                or name.startswith(_PROJECT)
                or name.endswith((b".o", b".a"))
                or (name.endswith(b".md") and (len(parts) == 1 or not _MANUALS.isdisjoint(parts)))
                or name in leftover.names
                or (
                    not leftover.sources.isdisjoint(parts[:-1])
                    and name.endswith(leftover.in_sources)
                )
                or _is_system(given, row)
            ):
                continue
            elf = files.elfs.get(files.body.get(row, row))
            if elf is None or b".so" in name:
                found.append(row)
    return found


def elsewhere(given: Given, homes: Collection[bytes]) -> tuple[list[int], list[int]]:
    """Rows outside of the application's directories that its steps put there, and that no package owns:
    those of COPY and ADD; those of other steps in `_ELSEWHERE`, and of those that install nothing in `_DATA`.

    In /opt people install tools, too: there only steps count that follow the first COPY.
    """
    files, owner = given.view.files, given.owned.owner
    inside = below_any(given.view, homes)
    places = (*_ELSEWHERE, *_DATA)
    place_of = below_first(given.view, places)
    of_managers = below_any(given.view, [path for path in _EXPLAINED if path.startswith(_DATA)])
    copied: list[int] = []
    written: list[int] = []
    after_copy = False
    live = files.live_names()
    for layer, entry in enumerate(given.history):
        copying = copies(entry.created_by)
        after_copy = after_copy or (copying and layer >= max(given.base_layers, 1))
        if not copying and (layer < max(given.base_layers, 1) or not entry.created_by):
            continue
        rows = files.rows_of(layer)
        installs = not copying and installs_packages(given, layer)
        for row in compress(rows, live[rows.start : rows.stop]):
            home = files.directory[row]
            if inside[home] or owner[row] != NOBODY:
                continue
            if copying:
                copied.append(row)
                continue
            if not place_of[home]:
                continue
            place = places[place_of[home] - 1]
            if place in _DATA and (installs or of_managers[home]):
                continue
            if place == b"etc" and (
                files.path(row).startswith(_SYSTEM_SETTINGS)
                or (installs and not _names(entry.created_by, files.path(row)))
            ):
                continue
            if place != b"opt" or after_copy:
                written.append(row)
    return copied, written


def unknown_data(given: Given, homes: Collection[bytes]) -> list[int]:
    """Rows of files that steps on top of the base wrote, that no package owns, no rule names and no place
    explains: data, or leftovers, which nothing in an image tells apart."""
    files, owner = given.view.files, given.owned.owner
    inside = below_any(given.view, (*homes, *_EXPLAINED))
    start = files.starts[max(given.base_layers, 1)] if len(files.starts) > 1 else 0
    outside = set(compress(range(len(inside)), mask(inside, 0)))
    return [
        row
        for row in compress(
            range(start, len(files)), map(outside.__contains__, files.directory[start:])
        )
        if files.shown[row]
        and owner[row] == NOBODY
        and row not in given.claimed
        and b"/." not in b"/" + files.path(row)
    ]


def paths_of(given: Given, rows: Iterable[int], within: bytes) -> list[bytes]:
    """The fewest paths below a directory that lead to some rows and to no others; of very many the
    directories that hold them."""
    chosen = frozenset(rows)
    found = list(_paths(given, chosen, within)) if chosen else []
    if len(found) <= _MAX_PATHS:
        return found
    parts = len(within.split(b"/")) + 1
    tops = dict.fromkeys(b"/".join(path.split(b"/")[:parts]) for path in found)
    return list(tops)[:_MAX_PATHS]


def _paths(given: Given, chosen: frozenset[int], within: bytes) -> Iterator[bytes]:
    todo = [within]
    while todo:
        here = todo.pop()
        for name in sorted(given.view.names_in(here)):
            path = join(here, name)
            rows = list(below(given.view, path)) if given.view.is_dir(path) else []
            if not rows:
                row = row_at(given.view, path)
                if row is not None and row in chosen:
                    yield path
            elif chosen.issuperset(rows):
                yield path
            elif not chosen.isdisjoint(rows):
                todo.append(path)


def _is_system(given: Given, row: int) -> bool:
    owner = given.owned.owner[row]
    return owner != NOBODY and given.graph.packages[owner].manager in SYSTEM


def installs_packages(given: Given, layer: int) -> bool:
    """Whether packages were installed in a layer."""
    files = given.view.files
    names = files.name[files.starts[layer] : files.starts[layer + 1]]
    return any(name in names for name in _DATABASES & given.view.every.every)


def _names(instruction: str, path: bytes) -> bool:
    """Whether an instruction says where it puts a file: its path, or its directory's below /etc."""
    home = path.rpartition(b"/")[0]
    places = [path] if home == b"etc" else [path, home]
    return any("/" + place.decode("utf-8", "replace") in instruction for place in places)
