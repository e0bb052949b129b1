"""Tables of layers that were read before, in a folder of the user.

A table is a function of the stored blob, so it is kept by the blob's digest: the shares of the pull depend
on the compression, and one diff id can be stored in many ways. What else decides what is in a table is
part of the file's name: slim's version, the limits, which contents were kept, and of an uncompressed layer
whether its size in a registry is an estimate. The caller answers for
the digest: it was computed in this run, or a verified manifest names it.

Files are written whole and put in place by renaming, so that runs side by side do no harm; one that is
damaged, or that cannot be read or written, is as good as none: the layer is read again. Nothing here fails.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import product
from threading import Lock

import msgspec
import xxhash
from msgspec.structs import replace

from slim.files.budget import weight
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.pull_size import PullSize
from slim.files.table import LayerTable, unread
from slim.files.table_bytes import FORMAT, pack, unpack
from slim.limits import Limits
from slim.version import VERSION

DEFAULT_BYTES = 1 << 30
_SMALL = 64 << 10
"""A blob of so many bytes is read as fast as a file of the cache."""
_LARGEST = 256 << 20
_SHARED_BYTES = 64 << 20
"""About what the tables that are kept in memory take there: it comes on top of what one image may take."""
_SUM_BYTES = 16
_SUFFIX = ".table"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    extra: frozenset[bytes] | None
    """The files whose contents were asked for by path; None: all that may be."""
    table: bytes


# Made at import: msgspec crashes where two threads have it look at a type for the first time.
_DECODER = msgspec.msgpack.Decoder(_Entry)
_Found = tuple[frozenset[bytes] | None, LayerTable]


class Usage(msgspec.Struct, frozen=True):
    """What the cache takes."""

    folder: str | None
    refused: bool
    """The folder is not used: it is somebody else's, or others can write to it."""
    layers: int
    bytes: int
    limit: int


class TableCache:
    """Tables by digest of the blob, in a folder and, with `share`, in memory for the images of one run."""

    def __init__(
        self,
        folder: str | os.PathLike[str] | None,
        limit: int = DEFAULT_BYTES,
        *,
        share: bool = False,
    ) -> None:
        self._place = os.fspath(folder) if folder is not None else None
        self._refused = self._place is not None and not is_private(self._place)
        self._folder = None if self._refused else self._place
        self._limit = limit
        self._shared: dict[str, tuple[_Found, int]] | None = {} if share else None
        """With the weight of each; what was used last is at the end."""
        self._shared_bytes = 0
        self._lock = Lock()

    def load(
        self,
        digest: str,
        *,
        extract: bool,
        keeps: Keeps = NO_KEEPS,
        extra: Collection[bytes] | None,
        limits: Limits,
        pull: PullSize = "stored",
    ) -> LayerTable | None:
        """The table of a blob, if it has all that is asked for.

        `extract`, `keeps` and `extra` are those of `walk`, `pull` is that of `scan_blob`.
        """
        # A table with contents serves those who want none, too; that of a compressed layer every `pull`.
        for contents, size in product((True, False)[: 1 if extract else 2], ("", pull)):
            found = self._find(_name(digest, keeps.digest if contents else None, limits, size))
            if found is None or found[1].blob_digest != digest:
                continue
            known, table = found
            if contents and extra is None and known is not None:
                continue
            if (
                not contents
                or unread(table, frozenset(extra or ()) - (known or frozenset())) is None
            ):
                return replace(table)
        return None

    def store(
        self,
        table: LayerTable,
        *,
        extract: bool,
        keeps: Keeps = NO_KEEPS,
        extra: Collection[bytes] | None,
        limits: Limits,
    ) -> None:
        """Keep a table whose `blob_digest` was computed from what it was made of."""
        size = _pull(table) if table.compression == "none" else ""
        name = _name(table.blob_digest, keeps.digest if extract else None, limits, size)
        known = frozenset(extra) if extra is not None else None
        self._share(name, (known, table))
        if self._folder is None or table.blob_bytes <= _SMALL:
            return
        packed = pack(table)
        if packed is not None and len(packed) <= min(_LARGEST, self._limit):
            entry = msgspec.msgpack.encode(_Entry(known, packed))
            self._write(name, xxhash.xxh3_128_digest(entry) + entry)

    def prune(self) -> None:
        """Remove what was not used for longest, until the rest fits."""
        files = sorted(self._files(), key=lambda entry: entry[1].st_mtime_ns)
        total = sum(status.st_size for _, status in files)
        for path, status in files:
            if total <= self._limit:
                return
            with suppress(OSError):
                os.unlink(path)
            total -= status.st_size

    def clear(self) -> Usage:
        """Remove everything; returns what there was."""
        before = self.usage()
        for path, _ in self._files():
            with suppress(OSError):
                os.unlink(path)
        return before

    def usage(self) -> Usage:
        """Count what is there."""
        sizes = [status.st_size for _, status in self._files()]
        return Usage(self._place, self._refused, len(sizes), sum(sizes), self._limit)

    def _share(self, name: str, found: _Found) -> None:
        """Keep a table in memory, and as many of those that were used last as there is room for."""
        if self._shared is None or (taken := weight(found[1])) > _SHARED_BYTES:
            return
        with self._lock:
            _, before = self._shared.pop(name, (None, 0))
            self._shared[name] = found, taken
            self._shared_bytes += taken - before
            while self._shared_bytes > _SHARED_BYTES:
                _, gone = self._shared.pop(next(iter(self._shared)))
                self._shared_bytes -= gone

    def _find(self, name: str) -> _Found | None:
        if self._shared is not None:
            with self._lock:
                shared = self._shared.pop(name, None)
                if shared is not None:
                    self._shared[name] = shared
                    return shared[0]
        data = self._read(name)
        if data is None or xxhash.xxh3_128_digest(data[_SUM_BYTES:]) != data[:_SUM_BYTES]:
            return None
        try:
            entry = _DECODER.decode(memoryview(data)[_SUM_BYTES:])
        except msgspec.DecodeError:
            return None
        table = unpack(entry.table)
        return (entry.extra, table) if table is not None else None

    def _read(self, name: str) -> bytes | None:
        if self._folder is None:
            return None
        path = os.path.join(self._folder, name)
        try:
            handle = os.open(path, _FLAGS)
            with open(handle, "rb") as file:
                status = os.fstat(handle)
                if status.st_size > _LARGEST + _SMALL or not _is_own(status):
                    return None
                data = file.read()
            os.utime(path)
        except OSError:
            return None
        return data

    def _write(self, name: str, data: bytes) -> None:
        if self._folder is None:
            return
        # Imported by who writes a file.
        import tempfile

        with suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".new-", suffix=_SUFFIX, dir=self._folder)
            try:
                with open(handle, "wb") as file:
                    file.write(data)
                os.replace(temporary, os.path.join(self._folder, name))
            except BaseException:
                os.unlink(temporary)
                raise

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """All files of the cache; those that a run left unfinished, and of other versions, too."""
        if self._folder is None:
            return
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX) and entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        yield entry.path, entry.stat(follow_symlinks=False)


def is_private(folder: str) -> bool:
    """Whether nobody else could have put something into the folder."""
    try:
        status = os.stat(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return _is_own(status) and stat.S_ISDIR(status.st_mode)


def _is_own(status: os.stat_result) -> bool:
    """Whether nobody else could have written it."""
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid == os.geteuid() and not others


def _pull(table: LayerTable) -> PullSize:
    """What its size in a registry was taken from."""
    if table.gzip_bytes is None:
        return "stored"
    return "estimated" if table.estimated else "exact"


def _name(digest: str, kept: str | None, limits: Limits, size: str) -> str:
    """The file of a blob: its own digest, and that of everything else that the table depends on.

    Args:
        kept: what contents were kept, by the digest of the lists; None: none at all.
        size: what the size in a registry was taken from; empty for a compressed layer.
    """
    bounds = replace(limits, timeout=0)
    variant = hashlib.sha256(f"{VERSION} {FORMAT} {kept} {bounds} {size}".encode()).hexdigest()[:12]
    return f"{digest.replace(':', '-')}-{variant}{_SUFFIX}"
