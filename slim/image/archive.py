"""The outer container: named members in a tar, in a compressed tar, or in a directory.

Nothing is unpacked. A plain tar is indexed by seeking from header to header; a tar that is compressed
as a whole is decompressed once for its index, keeping small members, and once more for the layers.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from slim.errors import InputError
from slim.image.model import CHUNK, Blob
from slim.limits import Limits, exceeded
from slim.stream.header import BLOCK, ZERO_BLOCK, HeaderError, apply_pax, parse_header, parse_pax
from slim.stream.inflate import Marks, inflate, sniff

_KEEP = 64 << 20
"""Bytes of small members that are kept from a compressed archive."""
_SMALL = 1 << 20


class Archive(Protocol):
    """Named blobs. Names are clean: no leading `./` or `/`, no `..`."""

    @property
    def size(self) -> int:
        """Bytes of the archive as stored."""

    @property
    def compression(self) -> str:
        """Of the archive as a whole; `none` for a directory."""

    def close(self) -> None:
        """Release the files; blobs cannot be read afterwards."""

    def names(self) -> Sequence[str]:
        """All members that are regular files or links, in order."""

    def blob(self, name: str) -> Blob | None:
        """A member's contents; links inside the archive are followed. None when there is none.

        Raises:
            InputError: two members of that name differ, or a link leads nowhere or in a circle.
        """


@dataclass(frozen=True, slots=True)
class FileBlob:
    """A range of a file."""

    fd: int
    position: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        at, end = self.position, self.position + self.size
        while at < end:
            chunk = os.pread(self.fd, min(CHUNK, end - at), at)
            if not chunk:
                raise _cut_off(at)
            at += len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class MemoryBlob:
    """Bytes at hand."""

    data: bytes
    position: int = 0

    @property
    def size(self) -> int:
        """See `Blob.size`."""
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        """See `Blob.chunks`."""
        for at in range(0, len(self.data), CHUNK):
            yield self.data[at : at + CHUNK]


def read_all(blob: Blob, limit: int, where: str) -> bytes:
    """A small blob as a whole.

    Raises:
        LimitError: it is larger than `limit` bytes.
    """
    if blob.size > limit:
        raise exceeded("json_bytes", blob.size, limit, where)
    return b"".join(blob.chunks())


class _Stream:
    """A compressed file, decompressed from front to back; going back means starting again."""

    def __init__(self, fd: int, size: int, compression: str, limits: Limits) -> None:
        self._source = FileBlob(fd, 0, size)
        self._compression = compression
        self._limits = limits
        self._restart()

    def _restart(self) -> None:
        self._pieces = inflate(self._source.chunks(), self._compression, Marks(), self._limits)
        self._piece = b""
        self._at = 0

    def read(self, position: int, count: int) -> Iterator[bytes]:
        """The bytes from `position` on; fewer than `count` at the end of the file."""
        if position < self._at:
            self._restart()
        end = position + count
        while self._at < end:
            start = max(position - self._at, 0)
            if start >= len(self._piece):
                self._at += len(self._piece)
                self._piece = next(self._pieces, b"")
                if not self._piece:
                    return
                continue
            part = self._piece[start : end - self._at]
            self._piece = self._piece[start + len(part) :]
            self._at += start + len(part)
            yield part


@dataclass(frozen=True, slots=True)
class _StreamBlob:
    stream: _Stream
    position: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        for part in self.stream.read(self.position, self.size):
            left -= len(part)
            yield part
        if left:
            raise _cut_off(self.position + self.size - left)


@dataclass(frozen=True, slots=True)
class _Member:
    blob: Blob | None
    link: str


class TarArchive:
    """A tar file, plain or compressed as a whole."""

    def __init__(self, fd: int, limits: Limits) -> None:
        self._fd = fd
        self.size = os.fstat(fd).st_size
        self.compression = sniff(os.pread(fd, 6, 0))
        self._members: dict[str, list[_Member]] = {}
        plain = self.compression == "none"
        stream = None if plain else _Stream(fd, self.size, self.compression, limits)
        kept = 0
        for count, (name, link, position, size) in enumerate(
            _index(fd, stream, self.size, limits), start=1
        ):
            if count > limits.members:
                raise exceeded("members", count, limits.members, "the archive")
            blob: Blob | None = None
            if not link:
                if stream is None:
                    blob = FileBlob(fd, position, size)
                elif size <= _SMALL and kept + size <= _KEEP:
                    kept += size
                    data = b"".join(stream.read(position, size))
                    blob = MemoryBlob(data, position)
                else:
                    blob = _StreamBlob(stream, position, size)
            self._members.setdefault(name, []).append(_Member(blob, link))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def names(self) -> Sequence[str]:
        """See `Archive.names`."""
        return list(self._members)

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        wanted, seen = name, {name}
        while True:
            members = self._members.get(wanted)
            if members is None:
                if wanted == name:
                    return None
                raise InputError(
                    "broken-link",
                    f"{name!r} in the archive links to {wanted!r}, which is not there",
                )
            member = members[-1]
            if len(members) > 1 and not _alike(members):
                raise InputError(
                    "duplicate-member",
                    f"the archive has {len(members)} different members named {wanted!r}",
                    "tools disagree which one counts: save the image again",
                )
            if member.blob is not None:
                return member.blob
            wanted = clean(os.path.join(os.path.dirname(wanted), member.link))
            if wanted in seen or len(seen) > 8:
                raise InputError("broken-link", f"{name!r} in the archive links in a circle")
            seen.add(wanted)


class DirectoryArchive:
    """An OCI layout in a directory. Symbolic links and special files are refused."""

    compression = "none"

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._names: list[str] = []
        self._open: list[int] = []
        self.size = 0
        for folder, _, files in os.walk(root):
            for file in files:
                path = Path(folder, file)
                self._names.append(path.relative_to(root).as_posix())
                self.size += path.lstat().st_size
            if len(self._names) > limits.members:
                raise exceeded("members", len(self._names), limits.members, "the directory")
        self._names.sort()
        # Folders that are symbolic links are not walked, so what is below them is not known.
        self._known = frozenset(self._names)

    def close(self) -> None:
        """Close all files that were opened."""
        for fd in self._open:
            os.close(fd)
        self._open.clear()

    def names(self) -> Sequence[str]:
        """See `Archive.names`."""
        return self._names

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        if name not in self._known:
            return None
        try:
            fd = os.open(
                self._root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            )
        except OSError as error:
            raise InputError("unreadable", f"cannot read {name!r}: {error.strerror}") from None
        self._open.append(fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise InputError("unreadable", f"{name!r} is not a regular file")
        return FileBlob(fd, 0, status.st_size)


def clean(name: str) -> str:
    """A member name without `./`, `//` and `..`; what leads out of the archive stays at its root."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)


def _alike(members: Iterable[_Member]) -> bool:
    first, *others = members
    for other in others:
        if first.link != other.link or (first.blob is None) != (other.blob is None):
            return False
        if (
            first.blob is not None
            and other.blob is not None
            and (first.blob.size != other.blob.size or _sum(first.blob) != _sum(other.blob))
        ):
            return False
    return True


def _sum(blob: Blob) -> bytes:
    state = hashlib.sha256()
    for chunk in blob.chunks():
        state.update(chunk)
    return state.digest()


def _index(
    fd: int, stream: _Stream | None, size: int, limits: Limits
) -> Iterator[tuple[str, str, int, int]]:
    """(name, link target, position, size) of each regular file and link of the outer tar."""
    at = 0
    while True:
        try:
            entry, at = _next_member(fd, stream, at, limits)
        except HeaderError as error:
            raise InputError(
                "not-an-image",
                f"not a tar archive, or damaged: {error} at offset {at:,}",
                "slim reads docker save archives, OCI archives and OCI layout directories",
            ) from None
        if entry is None:
            return
        name, link, position, length, kind = entry
        if stream is None and position + length > size:
            raise _cut_off(size)
        if kind in "01267":
            yield name, link, position, length


def _next_member(
    fd: int, stream: _Stream | None, at: int, limits: Limits
) -> tuple[tuple[str, str, int, int, str] | None, int]:
    def read(position: int, count: int) -> bytes:
        if stream is None:
            return os.pread(fd, count, position)
        return b"".join(stream.read(position, count))

    records: dict[bytes, bytes] = {}
    long_name = long_link = b""
    while True:
        block = read(at, BLOCK)
        if not block or block == ZERO_BLOCK:
            return None, at
        if len(block) < BLOCK:
            raise HeaderError("cut off")
        header = parse_header(block)
        at += BLOCK
        if header.type not in "xgLK":
            break
        if not 0 <= header.size <= limits.extension_bytes:
            raise exceeded(
                "extension_bytes", header.size, limits.extension_bytes, "the archive's headers"
            )
        body = read(at, header.size)
        if len(body) < header.size:
            raise HeaderError("cut off")
        at += header.size + -header.size % BLOCK
        if header.type == "x":
            records = parse_pax(body)
        elif header.type == "L":
            long_name = body.split(b"\0", 1)[0]
        elif header.type == "K":
            long_link = body.split(b"\0", 1)[0]
    apply_pax(header, records)
    kind = "0" if header.type == "\0" else header.type
    if (long_name or header.name).endswith(b"/"):
        kind = "5"
    length = 0 if kind in "123456" else header.size
    if length < 0:
        raise HeaderError("negative size")
    name = (long_name or header.name).decode("utf-8", "surrogateescape")
    link = (long_link or header.link).decode("utf-8", "surrogateescape") if kind in "12" else ""
    if kind == "1":
        # A hard link names its target from the root of the archive, a symbolic link from its folder.
        link = "/".join([".."] * name.count("/") + [link])
    entry = (clean(name), link, at, length, kind)
    return entry, at + length + -length % BLOCK


def _cut_off(at: int) -> InputError:
    return InputError(
        "archive-truncated",
        f"the archive ends at byte {at:,}, inside a member",
        "save the image again, and check that the disk is not full",
    )
