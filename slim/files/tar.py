"""The tar stream of a layer → rows. The one hot loop.

`walk` is a coroutine: it is sent the uncompressed chunks in order, then `b""` for the end. A plain file
whose header fields have all been seen before is handled here, touching its header once; anything else
goes through `odd`, which decodes exactly as Go does.

    chunk:  …│header│payload ……│pad│header│payload│pad│header│pay…
             └ at                                             └ may run into the next chunk

The checksum is the price of a header: summing 512 bytes in Python takes longer than all the rest.
Adler-32's low half is 1 + the sum modulo 65,521, and a header of ASCII bytes sums to less than that, so
one call of a C function decides exactly; headers with other bytes take the exact path.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Generator

import xxhash

from slim.files.budget import Account, weight_of_names
from slim.files.extract.picker import Picker
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.slow_path import SlowPath
from slim.files.table import NO_DIGEST, Kind, LayerTable
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.stream.feed import Feed
from slim.stream.header import BLOCK, Header, HeaderError, number

try:
    from isal.isal_zlib import adler32
except ImportError:  # no wheel for this machine; the standard library has the same function
    from zlib import adler32

_FIELDS = struct.Struct("100s24s11sB12s8s356s")
"""name; mode, uid and gid; size and its last byte; time; checksum; everything from the type on."""
_DIRECTORY_TYPE = ord("5")
_BLANKS = b"\0 "
_FILE = int(Kind.FILE)
_DIRECTORY = int(Kind.DIRECTORY)
_DOTS = (b"", b".", b"..")
_NO_SIZE = b"0" * 11
_MEMO = 1 << 16


def walk(
    table: LayerTable,
    limits: Limits = DEFAULT_LIMITS,
    *,
    seen: Callable[[Header], None] | None = None,
    extract: bool = False,
    keeps: Keeps = NO_KEEPS,
    extra: Collection[bytes] | None = (),
    skim: int = 0,
    account: Account | None = None,
) -> Generator[int | None, bytes, None]:
    """Fill `table` from the chunks that are sent; ends (StopIteration) after `b""`.

    `seen` is called with every header and turns the fast path off. With `extract`, contents that facts
    are made of are kept in the table, and in `table.named` those of the paths `extra`; None: of all that
    may be asked for later. With `skim`, the number of bytes in all, what is yielded is how many bytes shall
    be left out before the next chunk: most of a large file, whose row is then in `table.unhashed`.
    The `account` is told what the table takes in memory so far.

    Raises:
        InputError: not a tar that Go's reader accepts, or cut off.
        LimitError: too many entries, a too long or deep name, a too large extension, too much memory.
    """
    feed = Feed(skim)
    picker = Picker(table, keeps, extra) if extract else None
    slow = SlowPath(table, feed, limits, seen, picker)
    names = slow.names
    owners, tails = slow.plain_owners, slow.plain_tails
    link_names = names.link_names
    sums: dict[bytes, int] = {}
    times: set[bytes] = set()
    add_kind, add_directory, add_name = table.kind.append, table.directory.append, table.name.append
    add_size, add_stored, add_data = table.size.append, table.stored.append, table.data.append
    digests, unpack, digest_of = table.digests, _FIELDS.unpack, xxhash.xxh3_128_digest
    if picker is not None:
        firsts, pairs, known, places = picker.endings, picker.pairs, picker.names, picker.places
    usual, kind = b"", 0
    named = counted = 0
    going = True
    while going:
        chunk, at, base = feed.chunk, feed.at, feed.base
        length, view = len(chunk), memoryview(chunk)
        by_text = names.by_text
        while (start := at + BLOCK) < length:  # a byte of content, or of what follows, is there
            head = chunk[at:start]
            name, owner, digits, last, time, check, tail = unpack(head)
            if tail != usual:
                if tail not in tails:
                    break
                usual, kind = tail, tail[0]
            if owner not in owners or last not in _BLANKS:
                break
            if time not in times:
                if not _is_number(time):
                    break
                times.add(time)
            expected = sums.get(check)
            if expected is None:
                expected = sums[check] = _expected(check)
            if expected != adler32(head) & 0xFFFF or not head.isascii() or not digits.isdigit():
                break
            name = name.partition(b"\0")[0]
            if kind == _DIRECTORY_TYPE:
                if name[-1:] != b"/" or digits != _NO_SIZE:
                    break
                full = name = name[:-1]
            above, _, name = name.rpartition(b"/")
            if (name < b"0" and (name in _DOTS or name[:4] == b".wh.")) or name in link_names:
                break
            directory = by_text.get(above)
            if directory is None:
                if not above:
                    break
                directory = names.directory(above)
                by_text = names.by_text
                if picker is not None:
                    picker.add_directory(directory)
            if kind == _DIRECTORY_TYPE:
                if not name:
                    break
                add_kind(_DIRECTORY)
                add_directory(directory)
                add_name(name)
                add_size(0)
                add_stored(0)
                add_data(base + start)
                digests += NO_DIGEST
                by_text[full] = directory = names.add_directory(directory, name)
                if picker is not None:
                    picker.add_directory(directory)
                at = start
                continue
            try:
                size = int(digits, 8)
            except ValueError:
                break
            add_kind(_FILE)
            add_directory(directory)
            add_name(name)
            add_size(size)
            add_stored(size)
            add_data(base + start)
            end = start + size
            if end <= length:
                digests += digest_of(view[start:end])
                if picker is not None:
                    endings = firsts[chunk[start]]
                    if (
                        (endings and name.endswith(endings) and chunk[start : start + 2] in pairs)
                        or name in known
                        or directory in places
                    ):
                        picker.take(view[start:end])
                at = end + (-size & 511)
                continue
            feed.at = start
            if feed.is_far(padded := size + (-size & 511)):
                digests += NO_DIGEST
                table.unhashed.append(len(table) - 1)
                yield from feed.leap(padded)
                chunk, at, base = feed.chunk, feed.at, feed.base
                length, view = len(chunk), memoryview(chunk)
                continue
            watch = picker.parts(size) if picker is not None else None
            digests += yield from feed.digest(size, watch=watch)
            feed.at += -size & 511
            chunk, at, base = feed.chunk, feed.at, feed.base
            length, view = len(chunk), memoryview(chunk)
        if len(sums) > _MEMO:
            sums.clear()
        if len(times) > _MEMO:
            times.clear()
        feed.at = at
        going = yield from slow.entry()
        entries = len(table) + slow.extensions
        if entries > limits.layer_entries:
            raise exceeded("layer_entries", entries, limits.layer_entries, "a layer")
        named += sum(map(len, table.name[counted:]))
        counted = len(table)
        if (together := named + names.bytes) > limits.layer_name_bytes:
            raise exceeded("layer_name_bytes", together, limits.layer_name_bytes, "a layer")
        if account is not None:
            kept = picker.kept_bytes if picker is not None else 0
            account.update(weight_of_names(table, together) + kept)
    table.tar_bytes = feed.base + len(feed.chunk)
    # The padding of the last entry may be missing.
    table.end = min(table.end, table.tar_bytes)
    if slow.contents is not None:
        slow.contents.note(table)


def _expected(check: bytes) -> int:
    """Low half of the Adler-32 of a header with this checksum field; 0 (never right) if it is none."""
    try:
        return 1 + number(check) - 8 * 0x20 + sum(check)
    except HeaderError:
        return 0


def _is_number(field: bytes) -> bool:
    """Whether a field of a header is a number as Go reads it."""
    try:
        number(field)
    except HeaderError:
        return False
    return True
