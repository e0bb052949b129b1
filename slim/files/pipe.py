"""An image archive that goes by once, in a pipe: layers are read as they come, whatever their order.

What is small, or looks like JSON, is kept until the manifest and the config are there; everything else
can only be a layer, and becomes a table at once. Nothing is written to a disk, and the memory is that of
the tables and of what is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from slim.errors import InputError, IntegrityError, SlimError
from slim.files.blob import scan_blob
from slim.files.budget import OF_ALL_LAYERS, Account, Budget, weight
from slim.files.cache import TableCache
from slim.files.consumed import PassedBlob
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.pull_size import PullSize
from slim.files.table import LayerTable
from slim.files.verify import hash_again, unverified
from slim.image.archive import KEEP, SMALL, Members
from slim.image.members import Member, members
from slim.image.model import CHUNK, Blob
from slim.image.stored import MemoryBlob, cut_off
from slim.image.stream import Stream, StreamBlob
from slim.limits import DEFAULT_LIMITS, Limits
from slim.stream.compression import sniff

_BLOB_NAME = re.compile(r"blobs/(sha256|sha512|blake3)/[0-9a-f]+")
_ROOM = 1031
"""F_SETPIPE_SZ of Linux: how much a pipe holds."""


class PipedArchive:
    """See `Archive`; blobs that have gone by are `PassedBlob`s."""

    is_directory = False

    def __init__(self, compression: str, found: Members, size: int) -> None:
        self.compression = compression
        self.size = size
        self._members = found

    def close(self) -> None:
        """See `Archive.close`."""

    def sizes(self) -> Mapping[str, int]:
        """See `Archive.sizes`."""
        return self._members.sizes()

    def blob(self, name: str) -> Blob | None:
        """See `Archive.blob`."""
        return self._members.blob(name)


def pipe_chunks(fd: int) -> Iterator[bytes]:
    """The bytes of a pipe, in pieces of at most `CHUNK` bytes.

    Raises:
        InputError: it cannot be read.
    """
    with suppress(ImportError, OSError):
        from fcntl import fcntl

        fcntl(fd, _ROOM, CHUNK)
    try:
        while chunk := os.read(fd, CHUNK):
            yield chunk
    except OSError as error:
        raise InputError("unreadable", f"cannot read the pipe: {error.strerror}") from None


def empty_pipe(name: str) -> InputError:
    """Nothing came out of a pipe."""
    return InputError(
        "empty-pipe",
        f"{name} is empty: did the command before the pipe fail?",
        "run that command alone to see what it says",
    )


def read_pipe(
    chunks: Iterator[bytes],
    *,
    verify: bool = True,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
    limits: Limits = DEFAULT_LIMITS,
    cache: TableCache | None = None,
    progress: Callable[[int], None] | None = None,
    name: str = "the pipe",
    pull: PullSize = "stored",
) -> PipedArchive:
    """Read an archive from front to back, and all that follows it.

    `extract` as for `scan`; the files that a config will name are not known yet, so what may be named is
    kept. `pull` is that of `scan_blob`. `progress` is called with numbers of bytes of the pipe.

    Raises:
        InputError: not a tar, damaged, or cut off.
        LimitError: larger than allowed, or too many members.
    """
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            size += len(chunk)
            if progress is not None:
                progress(len(chunk))
            yield chunk

    pieces = counted()
    head = b""
    while len(head) < 6 and (chunk := next(pieces, b"")):
        head += chunk
    if not head:
        raise empty_pipe(name)
    compression = sniff(head)
    stream = Stream(_once(head, pieces), compression, limits)
    found = Members(_same)
    kept = end = 0
    budget = Budget(limits)
    for member in members(lambda at, count: b"".join(stream.read(at, count)), limits):
        end = member.position + member.size
        body = _kept(stream, member, KEEP - kept, limits)
        if body is not None:
            kept += len(body)
            found.add(member, MemoryBlob(body, member.position))
        else:
            found.add(
                member, _pass(stream, member, verify, extract, keeps, limits, cache, budget, pull)
            )
    # A member that nobody wanted may be the last one, and cut off.
    for _ in stream.read(max(end - 1, stream.reached), 1):
        pass
    if end > stream.reached:
        raise cut_off(stream.reached)
    for _ in pieces:
        pass
    return PipedArchive(compression, found, size)


def _once(head: bytes, pieces: Iterator[bytes]) -> Callable[[], Iterator[bytes]]:
    sources = iter([head])

    def source() -> Iterator[bytes]:
        start = next(sources, None)
        if start is None:
            raise InputError("passed-by", "a pipe cannot be read twice")
        if start:
            yield start
        yield from pieces

    return source


def _kept(stream: Stream, member: Member, room: int, limits: Limits) -> bytes | None:
    """The bytes of a member that is small or a document; the others are left in the stream."""
    blob = StreamBlob(stream, member.position, member.size)
    if member.kind not in "07" or not member.size:
        return b""
    if member.size > min(limits.json_bytes, room):
        return None
    if member.size > SMALL:
        first = b"".join(stream.read(member.position, 1))
        if first not in (b"{", b"["):
            return None
    return b"".join(blob.chunks())


def _pass(
    stream: Stream,
    member: Member,
    verify: bool,
    extract: bool,
    keeps: Keeps,
    limits: Limits,
    cache: TableCache | None,
    budget: Budget,
    pull: PullSize,
) -> PassedBlob:
    """Read a member as a layer; that it is none matters only if the manifest says that it is one."""
    blob = StreamBlob(stream, member.position, member.size)
    named = _BLOB_NAME.fullmatch(member.name)
    digest = ":".join(member.name.split("/")[1:]) if named else ""
    found: LayerTable | SlimError
    account = Account(budget)
    try:
        known = None
        if cache is not None and digest:
            known = cache.load(
                digest, extract=extract, keeps=keeps, extra=None, limits=limits, pull=pull
            )
        if known is not None and known.blob_bytes == blob.size:
            account.update(weight(known))
            found = hash_again(known, blob) if verify else unverified(known)
            if verify and found.blob_digest != digest:
                found = IntegrityError(
                    "wrong-digest",
                    f"{member.name} has the digest {found.blob_digest}",
                    "the image was changed or damaged: save it again",
                )
        else:
            algorithms = (named[1] if named else "sha256", "sha256")
            found = scan_blob(
                blob,
                verify=verify,
                extract=extract,
                keeps=keeps,
                extra=None,
                limits=limits,
                algorithms=algorithms,
                account=account,
                pull=pull,
            )
            if cache is not None and verify:
                cache.store(found, extract=extract, keeps=keeps, extra=None, limits=limits)
    except SlimError as error:
        if error.slug == OF_ALL_LAYERS or error.slug.startswith("archive-"):
            raise
        if stream.spent > limits.image_bytes:
            raise
        found = error
        account.update(0)
    return PassedBlob(member.size, member.position, found)


def _same(left: Blob, right: Blob) -> bool:
    if isinstance(left, MemoryBlob) and isinstance(right, MemoryBlob):
        return left.data == right.data
    if isinstance(left, PassedBlob) and isinstance(right, PassedBlob):
        tables = (left.found, right.found)
        digests = [table.blob_digest for table in tables if isinstance(table, LayerTable)]
        return len(digests) == 2 and digests[0] == digests[1] != ""
    return False
