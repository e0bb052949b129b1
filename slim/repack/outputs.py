"""Where a new image is written: an archive or a layout directory, as a whole or not at all.

Everything goes to a hidden temporary name beside the target. Only when all is there, and on the disk, it gets
its own name; who is killed before leaves nothing that looks finished.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from slim.errors import UsageError
from slim.image.graph import blob_name
from slim.image.stored import FileBlob
from slim.stream.header import BLOCK

_PREFIX = ".slim-"


class Written(Struct, frozen=True):
    """A blob of the output, which can be read again while the output is open."""

    digest: str
    blob: FileBlob


class Output(Protocol):
    """A place for blobs and documents; names are those of members or files."""

    def blob(self, pieces: Iterable[bytes], name: Callable[[str], str] = blob_name) -> Written:
        """Write a blob under the name that its digest gives it; one that is there already only once."""

    def document(self, name: str, data: bytes) -> None:
        """Write a small file."""


class ArchiveOutput:
    """A tar of regular files, in the order in which they come, without times."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._at = 0
        self._known: dict[str, Written] = {}

    def blob(self, pieces: Iterable[bytes], name: Callable[[str], str] = blob_name) -> Written:
        """See `Output.blob`. The header is written when the size is known."""
        start = self._at + BLOCK
        size, digest = _write_at(self._fd, start, pieces)
        member = name(digest)
        if member in self._known:
            os.ftruncate(self._fd, self._at)
            return self._known[member]
        _write(self._fd, _member(member, size), self._at)
        self._at = start + size + -size % BLOCK
        os.ftruncate(self._fd, self._at)
        self._known[member] = Written(digest, FileBlob(self._fd, start, size))
        return self._known[member]

    def document(self, name: str, data: bytes) -> None:
        """See `Output.document`."""
        self.blob([data], lambda _: name)

    def finish(self) -> None:
        """The end of the archive; and everything to the disk."""
        _write(self._fd, bytes(2 * BLOCK), self._at)
        os.fsync(self._fd)


class DirectoryOutput:
    """An OCI layout as a directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fds: list[int] = []
        self._known: dict[str, Written] = {}

    def blob(self, pieces: Iterable[bytes], name: Callable[[str], str] = blob_name) -> Written:
        """See `Output.blob`."""
        temporary = self._folder / "incoming"
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._fds.append(fd)
        size, digest = _write_at(fd, 0, pieces)
        member = name(digest)
        if member in self._known:
            os.unlink(temporary)
            return self._known[member]
        os.fsync(fd)
        target = self._folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(temporary, target)
        self._known[member] = Written(digest, FileBlob(fd, 0, size))
        return self._known[member]

    def document(self, name: str, data: bytes) -> None:
        """See `Output.document`."""
        self.blob([data], lambda _: name)

    def close(self) -> None:
        """Close the files."""
        for fd in self._fds:
            os.close(fd)


@contextmanager
def new_archive(path: str) -> Iterator[ArchiveOutput]:
    """An archive that is at `path` when the block ends without an error.

    Raises:
        UsageError: the disk is full, or the folder cannot be written to.
    """
    target = Path(path)
    with _told_of(path):
        if target.exists() and not target.is_file():
            raise UsageError("no-output", f"cannot write {path!r}: it is not a regular file")
        # Its name is known before it is there: an interrupt at any moment finds it.
        temporary, fd = _temporary(target), -1
        try:
            fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            output = ArchiveOutput(fd)
            yield output
            output.finish()
            os.fchmod(fd, 0o666 & ~_umask())
            os.replace(temporary, target)
            _sync_folder(target.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            if fd >= 0:
                os.close(fd)


@contextmanager
def new_directory(path: str) -> Iterator[DirectoryOutput]:
    """An OCI layout directory that is at `path` when the block ends without an error.

    Raises:
        UsageError: something is there already, or as `new_archive`.
    """
    target = Path(path)
    with _told_of(path):
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise UsageError(
                "no-output", f"cannot write {path!r}: it exists", "give the path of a new directory"
            )
        folder = _temporary(target)
        output = DirectoryOutput(folder)
        try:
            folder.mkdir(0o700)
            yield output
            folder.chmod(0o777 & ~_umask())
            os.replace(folder, target)
            _sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            output.close()


def _temporary(target: Path) -> Path:
    return target.parent / f"{_PREFIX}{secrets.token_hex(8)}"


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = (
            "free some space: a copy of the image has to fit" if error.errno == errno.ENOSPC else ""
        )
        why = error.strerror or type(error).__name__
        raise UsageError("no-output", f"cannot write {path!r}: {why}", hint) from None


def _write_at(fd: int, start: int, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write from an offset on; (bytes, digest)."""
    state, at = hashlib.sha256(), start
    for piece in pieces:
        state.update(piece)
        _write(fd, piece, at)
        at += len(piece)
    return at - start, f"sha256:{state.hexdigest()}"


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(fd, view, at)
        view = view[count:]
        at += count


def _member(name: str, size: int) -> bytes:
    """The header of a member that anybody may read."""
    block = bytearray(BLOCK)
    block[: len(name)] = name.encode()
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    # Of 8 GiB and more the octal digits have no room: base-256, as GNU and Go write it.
    block[124:136] = b"%011o\0" % size if size < 8 << 30 else b"\x80" + size.to_bytes(11, "big")
    block[136:148] = b"%011o\0" % 0
    block[156:157] = b"0"
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
