"""The outer container: named members in a tar, plain or compressed as a whole. Nothing is unpacked.

A plain tar is indexed by seeking from header to header; a compressed one is decompressed once for its
index, keeping small members, and once more for the layers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from slim.errors import InputError
from slim.image.members import Member, members
from slim.image.model import Blob
from slim.image.stored import FileBlob, MemoryBlob, cut_off
from slim.image.stream import Stream, StreamBlob
from slim.limits import Limits
from slim.stream.compression import sniff

KEEP = 64 << 20
"""Bytes of small members that are kept from an archive that is not read in any order …"""
SMALL = 1 << 20
"""… each of at most so many."""
_HOPS = 8


class Archive(Protocol):
    """Named blobs. Names are clean: no leading `./` or `/`, no `..`."""

    @property
    def size(self) -> int:
        """Bytes of the archive as stored."""

    @property
    def compression(self) -> str:
        """Of the archive as a whole; `none` for a directory."""

    @property
    def is_directory(self) -> bool:
        """An OCI layout as it lies on a disk, not a tar."""

    def close(self) -> None:
        """Release the files; blobs cannot be read afterwards."""

    def sizes(self) -> Mapping[str, int]:
        """Name → bytes of all members that are regular files or links (0), in order."""

    def blob(self, name: str) -> Blob | None:
        """A member's contents; links inside the archive are followed. None when there is none.

        Raises:
            InputError: two members of that name differ, or a link leads nowhere or in a circle.
        """


class _Entry(Struct, frozen=True):
    blob: Blob | None
    link: str


class Members:
    """The members of a tar by name; links inside it are followed.

    `same` says whether the members of one name, of equal size, are one and the same.
    """

    def __init__(self, same: Callable[[Blob, Blob], bool]) -> None:
        self._same = same
        self._entries: dict[str, _Entry] = {}
        self._others: dict[str, list[_Entry]] = {}
        """Further members of a name, until they have been compared."""

    def add(self, member: Member, blob: Blob) -> None:
        """The next member; what is neither a file nor a link is not part of an image."""
        if member.kind not in "0127":
            return
        entry = _Entry(None if member.kind in "12" else blob, member.link)
        if member.name in self._entries:
            self._others.setdefault(member.name, []).append(entry)
        else:
            self._entries[member.name] = entry

    def sizes(self) -> Mapping[str, int]:
        """See `Archive.sizes`."""
        return {name: entry.blob.size if entry.blob else 0 for name, entry in self._entries.items()}

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        target, seen = name, {name}
        while True:
            entry = self._entries.get(target)
            if entry is None:
                if target == name:
                    return None
                raise InputError(
                    "broken-link",
                    f"{name!r} in the archive links to {target!r}, which is not there",
                    "the archive is incomplete: save the image again",
                )
            self._compare(target, entry)
            if entry.blob is not None:
                return entry.blob
            target = entry.link
            if target in seen or len(seen) > _HOPS:
                raise InputError(
                    "broken-link",
                    f"{name!r} in the archive links in a circle, or more than {_HOPS} times",
                    "the archive is damaged: save the image again",
                )
            seen.add(target)

    def _compare(self, name: str, entry: _Entry) -> None:
        """Several members of one name are fine when they are the same."""
        for other in self._others.pop(name, ()):
            if not self._alike(entry, other):
                raise InputError(
                    "duplicate-member",
                    f"the archive has different members named {name!r}",
                    "tools disagree which one counts: save the image again",
                )

    def _alike(self, entry: _Entry, other: _Entry) -> bool:
        if entry.blob is None or other.blob is None:
            return entry == other
        return entry.blob.size == other.blob.size and self._same(entry.blob, other.blob)


class TarArchive:
    """A tar file, plain or compressed as a whole."""

    is_directory = False

    def __init__(self, fd: int, limits: Limits) -> None:
        self._members = Members(_same_bytes)
        self._fd = fd
        self.size = os.fstat(fd).st_size
        self.compression = sniff(os.pread(fd, 6, 0))
        if self.compression == "none":
            self._index_plain(limits)
        else:
            self._index_stream(limits)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def sizes(self) -> Mapping[str, int]:
        """See `Archive.sizes`."""
        return self._members.sizes()

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        return self._members.blob(name)

    def _index_plain(self, limits: Limits) -> None:
        for member in members(lambda at, count: os.pread(self._fd, count, at), limits):
            if member.position + member.size > self.size:
                raise cut_off(self.size)
            self._members.add(member, FileBlob(self._fd, member.position, member.size))

    def _index_stream(self, limits: Limits) -> None:
        source = FileBlob(self._fd, 0, self.size)
        stream = Stream(source.chunks, self.compression, limits)
        kept = end = 0
        for member in members(lambda at, count: b"".join(stream.read(at, count)), limits):
            blob: Blob = StreamBlob(stream, member.position, member.size)
            if member.size <= SMALL and kept + member.size <= KEEP:
                kept += member.size
                blob = MemoryBlob(b"".join(blob.chunks()), member.position)
            self._members.add(member, blob)
            end = member.position + member.size
        if end > stream.reached:
            raise cut_off(stream.reached)


def _same_bytes(blob: Blob, other: Blob) -> bool:
    return _sum(blob) == _sum(other)


def _sum(blob: Blob) -> bytes:
    state = hashlib.sha256()
    for chunk in blob.chunks():
        state.update(chunk)
    return state.digest()
