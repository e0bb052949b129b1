"""What the image's own steps changed beside packages, and a final stage that installs these anew lacks:
settings that were written over or deleted, links, empty directories, and the user that the image runs as.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import compress

from msgspec import Struct

from slim.files.table import ROOT, Kind, both, either, mask
from slim.files.view import View, decoded, encoded
from slim.packages.owners import NOBODY
from slim.patterns import regex
from slim.rebuild.application import installs_packages
from slim.rebuild.model import Account, BuildStep, Given
from slim.rebuild.trees import copies, directory_id, row_at, with_all_above

_MOST = 500
"""Of each kind; more of them are no settings."""
_SETTINGS = (b"etc/", b"usr/share/", b"usr/local/", b"var/www/", b"srv/", b"opt/")
"""Where steps change files of packages for the application."""
_OTHERS = (
    *(
        b"tmp/",
        b"var/tmp/",
        b"var/cache/",
        b"var/lib/apt/",
        b"var/lib/dpkg/",
        b"lib/apk/",
        b"proc/",
    ),
    *(
        b"sys/",
        b"dev/",
        b"root/",
        b"home/",
        b"usr/share/man/",
        b"usr/share/doc/",
        b"etc/ssl/certs/",
    ),
    *(b"etc/alternatives/", b"etc/ld.so.cache", b"etc/passwd", b"etc/group", b"etc/shadow"),
    *(b"etc/gshadow", b"etc/sub", b"etc/apt/", b"etc/resolv.conf", b"etc/hosts", b"etc/rc"),
)
_RUNNING = (b"/dev/", b"/proc/", b"/run/", b"/sys/")
"""Where a running system has files that no image has."""
_ADDS_USER = regex(r"\b(?:useradd|adduser|addgroup|groupadd)\b")


class Adjusted(Struct, frozen=True):
    """Paths without leading slash, as the final stage has to have them."""

    copies: tuple[bytes, ...]
    links: tuple[tuple[bytes, bytes], ...]
    """(target, path)."""
    removed: tuple[bytes, ...]


class _Stays:
    """What the final stage has: which directories it has a use for, and which links lead somewhere there."""

    def __init__(self, given: Given, kept: Collection[int], base_rows: int) -> None:
        self._given, self._kept, self._base_rows = given, kept, base_rows
        files, live = given.view.files, given.view.files.live_names()
        self._filled = with_all_above(given.view, set(compress(files.directory, live)))
        used = set(compress(files.directory[:base_rows], live))
        used.update(files.directory[row] for row in kept if live[row])
        self._used = with_all_above(given.view, used)

    def _row(self, row: int) -> bool:
        return row < self._base_rows or row in self._kept

    def directory(self, directory: int) -> bool:
        """Whether a directory, or the first above it that has files below, has some that stay."""
        while directory != ROOT and not self._filled[directory]:
            directory = self._given.view.files.dir_parent[directory]
        return directory == ROOT or bool(self._used[directory])

    def link(self, row: int) -> bool:
        """Whether a symbolic link leads to something that stays, or that a running system has."""
        files, view = self._given.view.files, self._given.view
        if not self.directory(files.directory[row]):
            return False
        if files.links.get(row, b"").startswith(_RUNNING):
            return True
        real = view.real(files.path(row))
        if real is None:
            return False
        target, directory = row_at(view, real), directory_id(view, real)
        if target is not None:
            return self._row(target)
        return directory is not None and self.directory(directory)


def adjusted(
    given: Given, kept: Collection[int], installed: Collection[int], layers: int
) -> Adjusted:
    """Changes by steps that install nothing, and links of all steps to what no package brings.

    Args:
        kept: names that the rebuild keeps.
        installed: system packages of the final stage, without its base's.
        layers: the base's.
    """
    files, view, owner = given.view.files, given.view, given.owned.owner
    stays = _Stays(given, kept, files.starts[layers])
    found = dict.fromkeys(_written(given, installed, layers, stays))
    links: list[tuple[bytes, bytes]] = []
    removed: list[bytes] = []
    for layer in _own_layers(given, layers):
        copying = copies(given.history[layer].created_by)
        here = slice(files.starts[layer], files.starts[layer + 1])
        chosen = mask(files.kind[here], Kind.WHITEOUT, Kind.SYMLINK)
        for row in compress(files.rows_of(layer), chosen):
            path = files.path(row)
            if (path + b"/").startswith(_OTHERS):
                continue
            if files.kind[row] == Kind.WHITEOUT:
                if not copying and path.startswith(_SETTINGS) and not view.exists(path):
                    removed.append(path)
            elif files.shown[row] and owner[row] == NOBODY and stays.link(row):
                links.append((files.links.get(row, b""), path))
    links += _to_kept(given, kept, layers)
    return Adjusted(
        tuple(found)[:_MOST],
        tuple((target, path) for target, path in dict.fromkeys(links) if target)[:_MOST],
        tuple(dict.fromkeys(removed))[:_MOST],
    )


def _to_kept(given: Given, kept: Collection[int], layers: int) -> Iterator[tuple[bytes, bytes]]:
    """Links that no package brings to files that are kept and no package brings, which scripts of packages
    make none of."""
    files, view, owner = given.view.files, given.view, given.owned.owner
    start = files.starts[max(layers, 1)] if len(files.starts) > max(layers, 1) else len(files)
    for row, target in sorted(files.links.items()):
        unowned = row >= start and owner[row] == NOBODY and files.shown[row]
        if not unowned or files.kind[row] != Kind.SYMLINK:
            continue
        path = files.path(row)
        end = None if (path + b"/").startswith(_OTHERS) else row_at(view, path)
        if end in kept and owner[end or 0] == NOBODY:
            yield target, path


def _own_layers(given: Given, layers: int) -> Iterator[int]:
    """Layers of the application's steps: behind the base, and not of an installation."""
    for layer, entry in enumerate(given.history):
        created_by = entry.created_by
        if layer < max(layers, 1) or not created_by:
            continue
        if copies(created_by) or not installs_packages(given, layer):
            yield layer


def _written(
    given: Given, installed: Collection[int], layers: int, stays: _Stays
) -> Iterator[bytes]:
    """Files of packages that steps wrote over, and directories that they made and left empty."""
    files, view, owner = given.view.files, given.view, given.owned.owner
    empty = _empty_directories(view)
    shown = both(mask(files.kind, Kind.FILE), bytes(files.shown))
    chosen = either(shown, mask(files.kind, Kind.DIRECTORY))
    for layer in _own_layers(given, layers):
        copying = copies(given.history[layer].created_by)
        rows = files.rows_of(layer)
        for row in compress(rows, chosen[rows.start : rows.stop]):
            if files.kind[row] == Kind.DIRECTORY:
                if (files.directory[row], files.name[row]) not in empty or owner[row] != NOBODY:
                    continue
                # What COPY brings is of a repository, which has no empty directories of its own.
                if copying or not stays.directory(files.directory[row]):
                    continue
                path = files.path(row)
                if not (path + b"/").startswith(_OTHERS):
                    yield path
            elif owner[row] in installed:
                path = files.path(row)
                if (copying or path.startswith(_SETTINGS)) and not (path + b"/").startswith(
                    _OTHERS
                ):
                    yield path


def _empty_directories(view: View) -> frozenset[tuple[int, bytes]]:
    """(parent, name) of the directories that the image shows with nothing in them."""
    files = view.files
    filled = set(compress(files.directory, files.shown))
    filled.update(compress(files.dir_parent, files.dir_shown))
    return frozenset(
        (files.dir_parent[own], files.dir_name[own])
        for own in compress(range(len(files.dir_parent)), files.dir_shown)
        if own not in filled
    )


def account(given: Given, steps: tuple[BuildStep, ...], layers: int) -> Account | None:
    """The user that the image runs as, where its own steps made it."""
    name = given.config.user.partition(":")[0]
    adds_user = any(_ADDS_USER.search(step.value[:4096]) for step in steps if step.keyword == "RUN")
    if not adds_user or not name or name.isdigit() or name == "root":
        return None
    for line in (given.view.read(b"etc/passwd") or b"").split(b"\n"):
        fields = decoded(line).split(":")
        if len(fields) == 7 and fields[0] == name and not _known_to(given, name, layers):
            return Account(
                name=name,
                ids=(fields[2], fields[3]),
                group=_group(given, fields[3]),
                home=fields[5],
                has_home=given.view.is_dir(encoded(fields[5])),
                shell=fields[6],
            )
    return None


def _known_to(given: Given, name: str, layers: int) -> bool:
    """Whether the base has the user already."""
    files = given.view.files
    home = given.view.names[0].get(b"etc", 0)
    for row in range(files.starts[max(layers, 1)]):
        if files.name[row] == b"passwd" and files.directory[row] == ~home:
            text = files.texts.get(row, b"")
            return any(line.startswith(name.encode() + b":") for line in text.split(b"\n"))
    return False


def _group(given: Given, number: str) -> str:
    for line in (given.view.read(b"etc/group") or b"").split(b"\n"):
        fields = decoded(line).split(":")
        if len(fields) == 4 and fields[2] == number:
            return fields[0]
    return ""


def below_copied(path: bytes, copied: Collection[str]) -> bool:
    """Whether a copied path is this one or above it."""
    parts = decoded(path).split("/")
    return any("/" + "/".join(parts[:end]) in copied for end in range(1, len(parts) + 1))
