"""The tar stream of a layer → rows. The one hot loop.

`walk` is a coroutine: it is sent the uncompressed chunks in order, then `b""` for the end. Files, directories
and links with usual headers are handled here, touching each header once; anything else goes through
`SlowPath`, which decodes exactly as Go does.

    chunk:  …│header│payload ……│pad│header│payload│pad│header│pay…
             └ at                                             └ may run into the next chunk
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

import xxhash

from slim.files.budget import Account, weight_of_names
from slim.files.extract.picker import Picker
from slim.files.extract.texts import NO_KEEPS, Keeps
from slim.files.slow_path import SlowPath
from slim.files.table import NO_DIGEST, Kind, LayerTable
from slim.files.toc_check import TOC
from slim.limits import DEFAULT_LIMITS, Limits, exceeded
from slim.stream.feed import Feed
from slim.stream.header import BLOCK, Header
from slim.stream.usual_headers import DIRECTORY, FILE, LONG_NAME, SYMLINK

_FILE = int(Kind.FILE)
_DIRECTORY = int(Kind.DIRECTORY)
_DOTS = (b"", b".", b"..")


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
    names, read = slow.names, slow.usual.read
    link_names = names.link_names
    add_kind, add_directory, add_name = table.kind.append, table.directory.append, table.name.append
    add_size, add_stored, add_data = table.size.append, table.stored.append, table.data.append
    digests, digest_of = table.digests, xxhash.xxh3_128_digest
    if picker is not None:
        heads, library_heads = picker.heads, picker.library_heads
        known, places, libraries = picker.names, picker.places, picker.libraries
    named = counted = 0
    going = True
    while going:
        chunk, at, base = feed.chunk, feed.at, feed.base
        length, view = len(chunk), memoryview(chunk)
        by_text = names.by_text
        while (start := at + BLOCK) < length:  # a byte of content, or of what follows, is there
            usual = read(chunk[at:start])
            if usual is None:
                break
            if usual[0] >= LONG_NAME:
                extended = slow.usual.read_extended(chunk, start, usual[3], usual[0])
                if extended is None:
                    break
                start, usual = extended
                slow.extensions += 1
            kind, name, target, size = usual
            if kind == DIRECTORY:
                if name[-1:] != b"/":
                    break
                full = name = name[:-1]
            above, _, name = name.rpartition(b"/")
            if name < b"0" and (name in _DOTS or name[:4] == b".wh."):
                break
            directory = by_text.get(above)
            if directory is None:
                if not above:
                    break
                directory = names.directory(above)
                by_text = names.by_text
                if picker is not None:
                    picker.add_directory(directory)
            if kind != FILE:
                if size:
                    break
                if kind == DIRECTORY:
                    add_kind(_DIRECTORY)
                    add_directory(directory)
                    add_name(name)
                    add_size(0)
                    add_stored(0)
                    add_data(base + start)
                    digests += NO_DIGEST
                    directory = names.add_directory(directory, name)
                    by_text = names.by_text
                    by_text[full] = directory
                    if picker is not None:
                        picker.add_directory(directory)
                else:
                    if kind == SYMLINK:
                        slow.add_symbolic_link(directory, name, target, base + start)
                    else:
                        shown = above + b"/" + name
                        slow.add_hard_link(directory, name, target, base + start, shown)
                    by_text = names.by_text
                at = start
                continue
            if name in link_names:
                if name == TOC:
                    break
                names.add_other(directory, name)
                by_text = names.by_text
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
                    ways = library_heads if directory in libraries else heads
                    endings = ways.endings[chunk[start]]
                    if (
                        (
                            endings
                            and name.endswith(endings)
                            and chunk[start : start + 2] in ways.pairs
                        )
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
        if start != at + BLOCK:  # the slow path reads the records once more
            slow.extensions -= 1
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
