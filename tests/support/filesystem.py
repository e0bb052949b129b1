"""A root filesystem on the disk, path by path, with everything that a container would see of it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OVERLAY = ("trusted.overlay.", "user.overlay.")


def listing(root: Path) -> dict[bytes, tuple[Any, ...]]:
    """Path → type, mode, owner, time in nanoseconds, xattrs, link target, device, content and all names
    of the same file."""
    top = os.fsencode(root)
    names: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    found: dict[bytes, tuple[Any, ...]] = {}
    inodes: dict[bytes, tuple[int, int]] = {}
    for path in _paths(top):
        about = os.lstat(path)
        short = os.path.relpath(path, top)
        is_directory = stat.S_ISDIR(about.st_mode)
        if not is_directory:
            inodes[short] = about.st_dev, about.st_ino
            names[inodes[short]].append(short)
        found[short] = (
            about.st_mode,
            about.st_uid,
            about.st_gid,
            0 if path == top else about.st_mtime_ns,  # of the root nobody says the time
            _xattrs(path),
            os.readlink(path) if stat.S_ISLNK(about.st_mode) else b"",
            about.st_rdev if stat.S_ISCHR(about.st_mode) or stat.S_ISBLK(about.st_mode) else 0,
            _content(path) if stat.S_ISREG(about.st_mode) else b"",
        )
    return {
        path: (*attributes, tuple(sorted(names[inodes[path]])) if path in inodes else ())
        for path, attributes in found.items()
    }


def _paths(top: bytes) -> Iterator[bytes]:
    yield top
    for where, folders, files in os.walk(top):
        yield from (os.path.join(where, name) for name in (*folders, *files))


def _xattrs(path: bytes) -> tuple[tuple[str, bytes], ...]:
    try:
        keys = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return ()
    kept = sorted(key for key in keys if not key.startswith(_OVERLAY))
    return tuple((key, os.getxattr(path, key, follow_symlinks=False)) for key in kept)


def _content(path: bytes) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
