"""Queries about layers: dead bytes by what became of them, small layers, copies of
whole images, how layers are stored."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress

from slim.ecosystems.model import Subject
from slim.files.table import Fate, Files, Kind, both, mask
from slim.patterns import regex
from slim.rebuild.trees import below_any, directory_id
from slim.rules.match import QueryResult

_WHOLE = regex(r"^(?:COPY|ADD)(?: --[a-z]+=\S{1,500})* / /(?: # buildkit)?$")
_STATE = (
    *(b"var/cache/debconf", b"var/cache/apt", b"var/lib/dpkg", b"var/lib/apt", b"var/log/apt"),
    *(b"lib/apk/db", b"usr/lib/apk/db", b"var/lib/rpm", b"usr/lib/sysimage", b"var/lib/dnf"),
    b"var/cache/ldconfig",
)
_STATE_FILES = {
    b"etc": frozenset((b"ld.so.cache",)),
    b"var/log": frozenset(
        (
            b"dpkg.log",
            b"alternatives.log",
            b"fontconfig.log",
            b"dnf.log",
            b"dnf.rpm.log",
            b"hawkey.log",
        )
    ),
}
"""What package managers write anew whenever they install something."""
_WRITTEN_AGAIN = (Fate.REWRITTEN, Fate.METADATA_ONLY)
_SMALL = 64 << 10
"""A layer with less in it is hardly worth a request of its own …"""
_MANY = 10
"""… which is a habit once an image has this many of them."""


def dead(subject: Subject, fate: Fate) -> QueryResult:
    """The files whose bytes met this fate; of those that were written again, without what package
    managers write whenever they install something."""
    found = _dead(subject, fate)
    if fate in _WRITTEN_AGAIN and found:
        state = _package_state(subject)
        found = [row for row in found if not state(row)]
    return QueryResult(rows=found)


def package_state(subject: Subject) -> QueryResult:
    """Copies of a package manager's own files that a later installation replaced; not those of the first
    layer that has any: whoever installs anything at all replaces these."""
    files, state = subject.files, _package_state(subject)
    found = [row for fate in _WRITTEN_AGAIN for row in _dead(subject, fate) if state(row)]
    first = files.layer_of(next(filter(state, range(len(files))))) if found else 0
    return QueryResult(rows=sorted(row for row in found if row >= files.starts[first + 1]))


def _dead(subject: Subject, fate: Fate) -> list[int]:
    files = subject.files
    rows = both(mask(files.kind, Kind.FILE), mask(files.fate, fate))
    return list(compress(range(len(files)), rows)) if 1 in rows else []


def _package_state(subject: Subject) -> Callable[[int], bool]:
    """Tells of a row whether a package manager writes that file whenever it installs something."""
    files = subject.files
    below = below_any(subject.view, _STATE)
    named = {
        home: names
        for path, names in _STATE_FILES.items()
        if (home := directory_id(subject.view, path)) is not None
    }
    return lambda row: (
        bool(below[files.directory[row]]) or files.name[row] in named.get(files.directory[row], ())
    )


def many_small(subject: Subject) -> QueryResult:
    """The files of layers that hold less than 64 KiB each, if ten or more layers do."""
    files = subject.files
    layers = [
        _regular(files, layer)
        for layer in range(len(files.starts) - 1)
        if sum(files.size[files.starts[layer] : files.starts[layer + 1]]) < _SMALL
    ]
    return QueryResult(
        rows=[row for rows in layers for row in rows] if len(layers) >= _MANY else ()
    )


def uncompressed(subject: Subject) -> QueryResult:
    """The files of layers that are stored as they are."""
    return QueryResult(
        rows=[
            row
            for layer, compression in enumerate(subject.compressions)
            if compression == "none"
            for row in _regular(subject.files, layer)
        ]
    )


def whole_copies(subject: Subject) -> QueryResult:
    """The files of layers that `COPY / /` made: all of another image, copied into one layer."""
    files = subject.files
    rows: list[int] = []
    layer = 0
    for entry in subject.image.history:
        if entry.empty_layer:
            continue
        if layer < len(files.starts) - 1 and _WHOLE.search(entry.created_by):
            rows += _regular(files, layer)
        layer += 1
    return QueryResult(rows=rows)


def _regular(files: Files, layer: int) -> list[int]:
    return [row for row in files.rows_of(layer) if files.kind[row] == Kind.FILE]
