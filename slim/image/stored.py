"""Where a member's bytes are: in a file, or in memory."""

from __future__ import annotations

import os
from collections.abc import Generator

from msgspec import Struct

from slim.errors import InputError
from slim.image.model import CHUNK, Blob
from slim.limits import exceeded


class FileBlob(Struct, frozen=True):
    """A range of an open file."""

    fd: int
    position: int
    size: int

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`."""
        at, end = self.position, self.position + self.size
        while at < end:
            chunk = os.pread(self.fd, min(most, end - at), at)
            if not chunk:
                raise cut_off(at)
            at += len(chunk)
            yield chunk

    @property
    def place(self) -> tuple[int, ...]:
        """What no other blob has."""
        return self.fd, self.position

    def state(self) -> tuple[int, ...]:
        """Of the file: see `state_of`."""
        return state_of(os.fstat(self.fd))

    def part(self, offset: int, size: int) -> FileBlob:
        """A part of it."""
        return FileBlob(self.fd, self.position + offset, size)


class MemoryBlob(Struct, frozen=True):
    """Bytes at hand."""

    data: bytes
    position: int = 0

    @property
    def size(self) -> int:
        """See `Blob.size`."""
        return len(self.data)

    def chunks(self, most: int = CHUNK) -> Generator[bytes, None, None]:
        """See `Blob.chunks`."""
        for at in range(0, len(self.data), CHUNK):
            yield self.data[at : at + CHUNK]


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Identity, size and times of a file: they differ once it has been written to.

    Programs cannot set the last of the times. Writes through a memory map change the times late.
    """
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *times


def read_all(blob: Blob, limit: int, where: str, name: str = "json_bytes") -> bytes:
    """A small blob as a whole; `name` is that of the limit.

    Raises:
        LimitError: it is larger than `limit` bytes.
    """
    if blob.size > limit:
        raise exceeded(name, blob.size, limit, where)
    return b"".join(blob.chunks())


def cut_off(at: int) -> InputError:
    """The error for an archive that ends too early."""
    return InputError(
        "archive-truncated",
        f"the archive ends at byte {at:,}, inside a member",
        "save the image again, and check that the disk is not full",
    )
