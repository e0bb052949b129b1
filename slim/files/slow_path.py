"""Tar entries that are not usual: whiteouts, devices, sparse files, whatever has a rare header.

Each is decoded exactly as Go's reader does (`Reader.next` in `src/archive/tar/reader.go`) and becomes
one row. Where engines disagree about an entry, the row follows the specification and a warning says so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from slim.errors import InputError
from slim.files.estargz import Contents
from slim.files.extract.picker import Picker
from slim.files.names import AUFS, OPAQUE, WHITEOUT, Names, whiteout_target
from slim.files.table import DIGEST_BYTES, NO_DIGEST, ROOT, Kind, LayerTable
from slim.files.toc_check import TOC
from slim.limits import Limits, exceeded
from slim.stream import sparse
from slim.stream.feed import Feed
from slim.stream.header import (
    BLOCK,
    HEADER_ONLY,
    ZERO_BLOCK,
    Header,
    HeaderError,
    apply_pax,
    parse_header,
    parse_pax,
)
from slim.stream.usual_headers import UsualHeaders
from slim.units import format_bytes

_OVERLAY = tuple(
    b"%s.xattr.%s." % (by, attribute)
    for by in (b"SCHILY", b"LIBARCHIVE")
    for attribute in (b"trusted.overlay", b"user.overlay", b"user.fuseoverlayfs")
)
"""Records of the attributes by which overlay file systems hide, redirect and merge: engines restore them."""


class SlowPath:
    """Reads one entry after another from a feed into a table."""

    def __init__(
        self,
        table: LayerTable,
        feed: Feed,
        limits: Limits,
        seen: Callable[[Header], None] | None = None,
        picker: Picker | None = None,
    ) -> None:
        self._table = table
        self._feed = feed
        self._limits = limits
        self._seen = seen
        self._picker = picker
        self.names = Names(table, limits)
        # Its bytes are read here and not by the fast path.
        self.names.link_names.add(TOC)
        self.contents: Contents | None = None
        """The table of contents of an eStargz layer."""
        self.extensions = 0
        """Extension headers so far: they count as entries."""
        self.usual = UsualHeaders()
        """Has learnt from the headers that were read here, unless somebody wants to see them all."""

    def entry(self) -> Generator[int | None, bytes, bool]:
        """Read one entry; False at the end of the archive.

        Raises:
            InputError: not an entry that Go's reader accepts, or cut off.
            LimitError: an extension, a path or the tree is too large.
        """
        at = self._feed.offset
        try:
            return (yield from self._entry())
        except HeaderError as error:
            raise InputError(
                "tar-header",
                f"{error}, in the tar entry at offset {at:,}",
                "the layer is damaged, or made to be read differently by different tools",
            ) from None

    def _entry(self) -> Generator[int | None, bytes, bool]:
        feed, table = self._feed, self._table
        records: dict[bytes, bytes] = {}
        long_name = long_link = b""
        extensions = ""
        while True:
            block = yield from feed.block()
            if not block or block == ZERO_BLOCK:
                if extensions:
                    table.note("dangling-extension", b"", "an extension header without its entry")
                yield from self._end(bool(block))
                return False
            header = parse_header(block)
            if self._seen is None:
                self.usual.learn(block)
            if header.type not in "xgLK":
                break
            self.extensions += 1
            if self.extensions > self._limits.layer_entries:
                raise exceeded(
                    "layer_entries", self.extensions, self._limits.layer_entries, "a layer"
                )
            body = yield from self._extension(header)
            if header.type == "g":
                self._global(header, parse_pax(body))
                return True
            if header.type in extensions:
                table.note(
                    "duplicate-extension", b"", "two extension headers of a kind: the last counts"
                )
            extensions += header.type
            if header.type == "x":
                repeated: list[bytes] = []
                records = parse_pax(body, repeated)
                if repeated:
                    table.note(
                        "duplicate-record",
                        records.get(b"path", b""),
                        "an extended header has a key twice: the last counts, for some readers the first",
                    )
            elif header.type == "L":
                long_name = body.split(b"\0", 1)[0]
            else:
                long_link = body.split(b"\0", 1)[0]
        if "x" in extensions and len(set(extensions)) > 1:
            table.note(
                "mixed-extensions", header.name, "PAX and GNU names for one entry: GNU counts"
            )
        apply_pax(header, records)
        header.name = long_name or header.name
        header.link = long_link or header.link
        if header.type == "\0":
            header.type = "5" if header.name.endswith(b"/") else "0"
        if any(key.startswith(_OVERLAY) for key in records):
            table.note(
                "overlay-attribute",
                header.name,
                "an attribute by which overlay file systems hide files or show others: engines restore it",
            )
        yield from self._content(block, header, records)
        return True

    def _content(
        self, block: bytes, header: Header, records: dict[bytes, bytes]
    ) -> Generator[int | None, bytes, None]:
        """The payload: sparse map, row, bytes."""
        feed = self._feed
        stored = 0 if header.type in HEADER_ONLY else header.size
        if stored < 0:
            raise HeaderError("negative size")
        regions: sparse.Map | None = None
        pad, ahead = -stored % BLOCK, b""
        if header.type == "S":
            regions = yield from self._old_map(block, header)
        elif version := sparse.pax_version(records):
            if header.type in HEADER_ONLY:
                raise HeaderError("sparse records for an entry without data")
            sparse.apply_names(header, records)
            if version == "1.0":
                regions, ahead, used = yield from self._map_in_body(stored)
                stored -= used
            else:
                regions = sparse.map_in_records(records)
        if regions is not None:
            sparse.check(regions, header.size, stored)
            self._table.note("sparse", header.name, "a sparse file: layers should not hold any")
        if self._seen is not None:
            self._seen(header)
        self.row(header, stored, feed.offset - len(ahead))
        if self._table.kind[-1] == Kind.FILE:
            watch: Callable[[memoryview], None] | None = None
            if self._table.name[-1] == TOC and self._table.directory[-1] == ROOT and not ahead:
                self.contents = Contents()
                watch = self.contents.watch
            elif self._picker is not None and regions is None:
                watch = self._picker.parts(stored)
            if watch is None and regions is None and feed.is_far(stored + pad):
                self._table.unhashed.append(len(self._table) - 1)
                yield from feed.leap(stored + pad)
                return
            digest = yield from feed.digest(stored - len(ahead), ahead, watch)
            self._table.digests[-DIGEST_BYTES:] = digest
        else:
            yield from feed.skip(stored - len(ahead))
        feed.at += pad

    def row(self, header: Header, stored: int, data: int) -> None:
        """Decide what the entry is and append its row."""
        table, names, kind_of = self._table, self.names, header.type
        parent, name = names.place(header.name)
        hidden = table.dirs[parent][2]
        if not name:
            self._root(header, stored, data)
        elif parent == ROOT and name.startswith(AUFS) and name != OPAQUE:
            table.note("aufs-metadata", header.name, "bookkeeping of AUFS: no part of the tree")
            if kind_of == "5":
                names.add_directory(parent, name)
            self._add(Kind.OTHER, parent, name, 0, stored, data)
        elif name.startswith(WHITEOUT) and not hidden:
            self._whiteout(header, parent, name, stored, data)
        elif kind_of == "5":
            names.add_directory(parent, name)
            self._add(Kind.DIRECTORY, parent, name, 0, 0, data)
        elif kind_of in "07S":
            if kind_of != "0":
                table.note(
                    "unsupported-type",
                    header.name,
                    f"no engine unpacks entries of type {kind_of!r}",
                )
            self._replace(parent, name)
            self._add(Kind.FILE, parent, name, header.size, stored, data)
        elif kind_of == "1":
            self.add_hard_link(parent, name, header.link, data, header.name)
        elif kind_of == "2":
            self.add_symbolic_link(parent, name, header.link, data)
        elif kind_of in "346":
            table.note("device-node", header.name, "a device or FIFO")
            if kind_of == "3" and header.device == (0, 0):
                table.note(
                    "overlay-whiteout-device",
                    header.name,
                    "a device 0/0: overlay engines take it for a whiteout",
                )
            self._replace(parent, name)
            self._add(Kind.DEVICE, parent, name, 0, 0, data)
        else:
            table.note(
                "unsupported-type", header.name, f"no engine unpacks entries of type {kind_of!r}"
            )
            self._add(Kind.OTHER, parent, name, 0, stored, data)
        if kind_of in HEADER_ONLY and header.size and kind_of != "5":
            table.note(
                "size-without-data", header.name, "a size on an entry that has no data: not skipped"
            )

    def _root(self, header: Header, stored: int, data: int) -> None:
        if header.type == "5" and header.name:
            self._add(Kind.DIRECTORY, ROOT, b"", 0, 0, data)
            return
        if header.name:
            text = "the root itself as something else than a directory: ignored"
            self._table.note("root-entry", header.name, text + _with_bytes(stored))
        else:
            text = "an entry without a name: ignored"
            self._table.note("empty-name", b"", text + _with_bytes(stored))
        self._add(Kind.OTHER, ROOT, b"", 0, stored, data)

    def _whiteout(self, header: Header, parent: int, name: bytes, stored: int, data: int) -> None:
        if header.type not in "0" or stored:
            self._table.note(
                "odd-whiteout", header.name, "a whiteout that is not an empty regular file"
            )
        if name == OPAQUE:
            self._add(Kind.OPAQUE, parent, b"", 0, stored, data)
        else:
            target = whiteout_target(header.name, name)
            self._add(Kind.WHITEOUT, parent, target, 0, stored, data)

    def add_hard_link(
        self, parent: int, name: bytes, target: bytes, data: int, shown: bytes
    ) -> None:
        """The row of a hard link; warnings name what is `shown`."""
        table = self._table
        self._replace(parent, name)
        above, last = self.names.target(target)
        if last.startswith(WHITEOUT) and not table.dirs[above][2]:
            table.note("hardlink-to-whiteout", shown, "a hard link to a whiteout: engines disagree")
        path = table.directory_path(above)
        self._add(Kind.HARDLINK, parent, name, 0, 0, data)
        table.links[len(table) - 1] = full = path + b"/" + last if path else last
        self.names.bytes += len(full)

    def add_symbolic_link(self, parent: int, name: bytes, target: bytes, data: int) -> None:
        """The row of a symbolic link; later names of the layer run through it."""
        self._add(Kind.SYMLINK, parent, name, 0, 0, data)
        self._table.links[len(self._table) - 1] = target
        self.names.add_link(parent, name, target)

    def _replace(self, parent: int, name: bytes) -> None:
        if name in self.names.link_names:
            self.names.add_other(parent, name)

    def _add(
        self,
        kind: Kind,
        parent: int,
        name: bytes,
        size: int,
        stored: int,
        data: int,
    ) -> None:
        table = self._table
        table.kind.append(kind)
        table.directory.append(parent)
        table.name.append(name)
        table.size.append(size)
        table.stored.append(stored)
        table.data.append(data)
        table.digests += NO_DIGEST

    def _global(self, header: Header, records: dict[bytes, bytes]) -> None:
        name = records.get(b"path") or header.name
        parts = [part for part in name.split(b"/") if part not in (b"", b".")]
        # containerd and buildah take its name for that of an entry: they delete what a whiteout of that name
        # would, and make the directories above. docker does nothing with it.
        acts = len(parts) > 1 or (parts and parts[-1].startswith(WHITEOUT))
        if acts or not {b"path", b"linkpath", b"size"}.isdisjoint(records):
            self._table.note(
                "global-header",
                header.name,
                "a global header sets names or sizes, or is named like an entry: some engines act upon it",
            )
        if self._seen is not None:
            header.name = records.get(b"path") or header.name
            header.link, header.size = b"", 0
            self._seen(header)
        self._add(Kind.OTHER, ROOT, b"", 0, 0, self._feed.offset)

    def _extension(self, header: Header) -> Generator[None, bytes, bytes]:
        if header.size < 0:
            raise HeaderError("negative size")
        if header.size > self._limits.extension_bytes:
            raise exceeded(
                "extension_bytes",
                header.size,
                self._limits.extension_bytes,
                "a tar extension header",
            )
        body = yield from self._feed.take(header.size)
        self._feed.at += -header.size % BLOCK
        return body

    def _old_map(self, block: bytes, header: Header) -> Generator[None, bytes, sparse.Map]:
        regions, header.size, more = sparse.map_in_header(block)
        read = 0
        while more:
            read += BLOCK
            if read > self._limits.extension_bytes:
                raise exceeded(
                    "extension_bytes", read, self._limits.extension_bytes, "a sparse map"
                )
            further, more = sparse.map_in_extension((yield from self._feed.take(BLOCK)))
            regions += further
        return regions

    def _map_in_body(self, stored: int) -> Generator[None, bytes, tuple[sparse.Map, bytes, int]]:
        """PAX 1.0: (map, bytes of data read ahead, bytes that the map takes)."""
        text, limit = b"", self._limits.extension_bytes
        while (found := sparse.map_in_text(text) if text else None) is None:
            # Double what is read: the map is looked at a bounded number of times.
            more = min(max(BLOCK, len(text)), stored - len(text), limit - len(text))
            if len(text) >= limit:
                raise exceeded("extension_bytes", len(text) + BLOCK, limit, "a sparse map")
            if more <= 0:
                raise HeaderError("sparse map is cut off")
            text += yield from self._feed.take(more)
        regions, used = found
        return regions, text[used:], used

    def _end(self, marked: bool) -> Generator[None, bytes, None]:
        """After the last entry: one or two zero blocks, or nothing; then anything, ignored."""
        feed, table = self._feed, self._table
        table.end = feed.offset - (BLOCK if marked else 0)
        if not marked:
            if feed.offset:
                table.note("missing-eoa", b"", "the tar ends without its end-of-archive blocks")
            return
        second = yield from feed.block()
        if second not in (b"", ZERO_BLOCK):
            raise HeaderError("a zero block is followed by data")
        count = yield from feed.rest()
        if count:
            table.note(
                "data-after-end",
                b"",
                f"{count:,} bytes after the end of the archive are not padding: engines ignore them",
            )


def _with_bytes(stored: int) -> str:
    """For the text about an entry that is not a file: its bytes are in the ledger all the same."""
    return f", with {format_bytes(stored)} of content" if stored else ""
