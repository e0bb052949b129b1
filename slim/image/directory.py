"""An OCI layout in a directory. Symbolic links and special files are refused.

Only what a layout consists of is looked at: the files at its top and `blobs/<algorithm>/<encoded>`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Mapping

from msgspec import Struct

from slim.errors import InputError
from slim.image.model import CHUNK, Blob
from slim.image.stored import cut_off, state_of
from slim.limits import Limits, exceeded


class PathBlob(Struct, frozen=True):
    """A file that is opened when it is read: a layout may have more blobs than a process open files."""

    path: str
    size: int
    inode: tuple[int, int]
    position: int = 0

    @property
    def place(self) -> tuple[int, ...]:
        """What no other blob has; hard links are one."""
        return self.inode

    def state(self) -> tuple[int, ...]:
        """Of the file: see `state_of`."""
        try:
            return state_of(os.lstat(self.path))
        except OSError as error:
            raise _unreadable(os.path.basename(self.path), error) from None

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(os.path.basename(self.path), error) from None
        try:
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != self.inode or status.st_size != self.size:
                raise InputError(
                    "unreadable",
                    f"{os.path.basename(self.path)!r} has changed while it was read",
                    "wait until the layout is complete",
                )
            left = self.size
            while left:
                chunk = os.read(fd, min(most, left))
                if not chunk:
                    raise cut_off(self.size - left)
                left -= len(chunk)
                yield chunk
        finally:
            os.close(fd)


class DirectoryArchive:
    """A layout as an `Archive`."""

    compression = "none"
    is_directory = True

    def __init__(self, root: str | os.PathLike[str], limits: Limits) -> None:
        self._root = os.fspath(root)
        self._sizes: dict[str, int] = {}
        try:
            for name, size in _members(self._root):
                self._sizes[name] = size
                if len(self._sizes) > limits.members:
                    raise exceeded("members", len(self._sizes), limits.members, "the directory")
        except OSError as error:
            raise _unreadable(str(error.filename), error) from None
        self._sizes = dict(sorted(self._sizes.items()))
        self.size = sum(self._sizes.values())

    def close(self) -> None:
        """Nothing is open between reads."""

    def sizes(self) -> Mapping[str, int]:
        """See `Archive.sizes`."""
        return self._sizes

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        if name not in self._sizes:
            return None
        path = os.path.join(self._root, name)
        try:
            status = os.lstat(path)
        except OSError as error:
            raise _unreadable(name, error) from None
        if stat.S_ISLNK(status.st_mode):
            raise InputError(
                "unreadable",
                f"{name!r} is a symbolic link, which slim does not follow in a layout",
                "copy the layout with the files that it links to: cp -rL",
            )
        if not stat.S_ISREG(status.st_mode):
            raise InputError(
                "unreadable",
                f"{name!r} is not a regular file",
                "a layout holds plain files: copy it with skopeo copy",
            )
        return PathBlob(path, status.st_size, (status.st_dev, status.st_ino))


def _members(root: str) -> Iterator[tuple[str, int]]:
    """(name, bytes) of all files of a layout; 0 bytes for what is not a regular file."""
    for entry in _entries(root):
        if not entry.is_dir(follow_symlinks=False):
            yield entry.name, _size(entry)
        elif entry.name == "blobs":
            for algorithm in _entries(entry):
                if algorithm.is_dir(follow_symlinks=False):
                    for blob in _entries(algorithm):
                        yield f"blobs/{algorithm.name}/{blob.name}", _size(blob)


def _entries(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        yield from found


def _size(entry: os.DirEntry[str]) -> int:
    return entry.stat().st_size if entry.is_file(follow_symlinks=False) else 0


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(
        "unreadable",
        f"cannot read {name!r}: {error.strerror}",
        "check the permissions of the layout",
    )
