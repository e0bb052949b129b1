"""A layer's table of contents → rows, without the layer.

eStargz and zstd:chunked layers carry a JSON table of what they hold, with the place of each file's bytes in
the blob, so that a puller can fetch files one by one. It says names, sizes and digests of contents, and
what each file takes of the pull, exactly. It says nothing about tar headers, and contents are not read: what
no file takes of the blob is one label. The table is what the manifest names, and no more: that it tells
the truth about the layer is for whoever reads that.

Sources: stargz-snapshotter docs/estargz.md "TOC"; containers/storage pkg/chunked/internal (FileMetadata).
"""

from __future__ import annotations

from array import array

import xxhash
from msgspec import Struct, field
from msgspec.structs import replace

from slim.errors import InputError
from slim.files.pull_shares import OTHER
from slim.files.simple_directories import find_simple
from slim.files.slow_path import SlowPath
from slim.files.table import DIGEST_BYTES, Bytes, Kind, LayerTable
from slim.image.documents import Object, check_digest, parse
from slim.image.model import TableOfContents
from slim.limits import Limits, exceeded
from slim.stream.feed import Feed
from slim.stream.header import Header

UNREAD = "[not in the table of contents]"
"""Pull bytes that no file takes: tar headers, padding, the table itself."""
TOC_NAME = "stargz.index.json"
_TYPES = {
    "reg": "0",
    "hardlink": "1",
    "symlink": "2",
    "char": "3",
    "block": "4",
    "dir": "5",
    "fifo": "6",
}
_EMPTY = xxhash.xxh3_128_digest(b"")
_ENTRY = (
    "type", "name", "linkName", "mode", "size", "uid", "gid", "devMajor", "devMinor", "digest", "offset",
    "endOffset", "innerOffset", "chunkSize", "chunkOffset", "chunkDigest", "chunkType", "modtime",
    "accesstime", "changetime", "userName", "groupName", "xattrs", "NumLink", "linkname", "uname", "gname",
)  # fmt: skip


class _Chunks(Struct):
    """Where in the blob the bytes of files are: parallel lists, one element per chunk."""

    rows: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


_NODE = 8
"""Bytes that a value of an honest document has at least, on average, its name and all."""


def read_toc(toc: TableOfContents, blob_bytes: int, limits: Limits) -> LayerTable:
    """The rows that a table of contents names; pull bytes of its files are exact.

    Raises:
        InputError: not a table of contents, or one that contradicts itself or its blob.
        LimitError: too many entries, too large, too long or deep a name.
    """
    wide = replace(limits, json_bytes=limits.toc_bytes, json_nodes=limits.toc_bytes // _NODE)
    top = Object(parse(toc.document, "the table of contents", wide), "the table of contents", ())
    if top.integer("version") != 1:
        raise _refused(f"it has version {top.integer('version')}, slim knows 1")
    table = LayerTable(blob_bytes=blob_bytes, compression=toc.compression)
    entries = SlowPath(table, Feed(), limits)
    chunks = _Chunks()
    file = -1
    left = total = 0
    items = top.items("entries")
    if len(items) > limits.layer_entries:
        raise exceeded("layer_entries", len(items), limits.layer_entries, "a layer")
    for number, item in enumerate(items):
        entry = Object(item, f"entry {number} of the table of contents", _ENTRY)
        kind = entry.text("type")
        if kind == "chunk":
            if file < 0 or not left:
                raise _refused(f"entry {number} continues no file")
            left -= _chunk(entry, file, left, toc, chunks)
            continue
        if left:
            raise _refused(f"the chunks before entry {number} are not the whole file")
        header = _header(entry, kind, number)
        if header.size > limits.layer_bytes - total:
            raise exceeded("layer_bytes", total + header.size, limits.layer_bytes, "a layer")
        entries.row(header, header.size, total)
        total += header.size
        row = len(table) - 1
        file = row if kind == "reg" else -1
        left = 0
        if table.kind[row] == Kind.FILE:
            table.digests[-DIGEST_BYTES:] = _identity(entry, header.size, number)
        if header.size:
            left = header.size - _chunk(entry, row, header.size, toc, chunks)
    if left:
        raise _refused("the chunks of its last file are not the whole file")
    if toc.is_file:
        document = len(toc.document)
        entries.row(_plain(TOC_NAME.encode(), document), document, total)
        table.digests[-DIGEST_BYTES:] = xxhash.xxh3_128_digest(toc.document)
        total += document
    table.tar_bytes = table.end = total
    table.pull = _shares(table, chunks, toc)
    table.simple = find_simple(table)
    unread = blob_bytes - sum(table.pull)
    table.labels = {OTHER: _set_apart(table), UNREAD: (0, unread)}
    table.labels = {label: both for label, both in table.labels.items() if both != (0, 0)}
    return table


def _set_apart(table: LayerTable) -> Bytes:
    """Take the bytes of what is not a file, such as a whiteout with contents, from its row."""
    stored = pull = 0
    for row, (kind, size) in enumerate(zip(table.kind, table.stored, strict=True)):
        if size and kind != Kind.FILE:
            stored += size
            pull += table.pull[row]
            table.pull[row] = 0
    return stored, pull


def _header(entry: Object, kind: str, number: int) -> Header:
    flag = _TYPES.get(kind)
    name = entry.text("name").encode()
    link = entry.text("linkName").encode()
    if flag is None:
        raise _refused(f"entry {number} has the type {kind[:20]!r}")
    if not name or 0 in name or 0 in link:
        raise _refused(f"entry {number} has no proper name")
    return Header(
        name=name,
        link=link,
        type=flag,
        size=_number(entry, "size") if kind == "reg" else 0,
        mode=_number(entry, "mode"),
        uid=_number(entry, "uid"),
        gid=_number(entry, "gid"),
        device=(_number(entry, "devMajor"), _number(entry, "devMinor")),
        gnu=False,
    )


def _plain(name: bytes, size: int) -> Header:
    return Header(name, b"", "0", size, 0o444, 0, 0, (0, 0), gnu=False)


def _number(entry: Object, name: str) -> int:
    """Absent means 0: Go leaves out what is zero."""
    return entry.integer(name) if name in entry else 0


def _identity(entry: Object, size: int, number: int) -> bytes:
    """What stands for the contents: a part of their sha256; of no contents what a reader would say."""
    if not size:
        return _EMPTY
    text = check_digest(entry.text("digest"), f"entry {number} of the table of contents")
    algorithm, _, encoded = text.partition(":")
    if algorithm != "sha256":
        raise _refused(f"entry {number} has a {algorithm[:20]} digest")
    return bytes.fromhex(encoded)[:DIGEST_BYTES]


def _chunk(entry: Object, row: int, left: int, toc: TableOfContents, chunks: _Chunks) -> int:
    """Take note of one chunk; returns how many bytes of its file it holds."""
    first, end = _number(entry, "offset"), _number(entry, "endOffset")
    size = _number(entry, "chunkSize") or left
    if toc.has_ends:
        # The first entry of a file says where all its chunks end.
        if entry.text("type") == "chunk":
            return min(size, left)
        inside = first <= end <= toc.position
    else:
        end = -1
        inside = first < toc.position
    if not inside or size > left:
        raise _refused(f"{entry.where} lies outside of the layer, or is larger than its file")
    if first == end:
        return size  # nothing but zeros, which take no bytes
    chunks.rows.append(row)
    chunks.offsets.append(first)
    chunks.inner.append(_number(entry, "innerOffset"))
    chunks.sizes.append(size)
    chunks.ends.append(end)
    return size


def _shares(table: LayerTable, chunks: _Chunks, toc: TableOfContents) -> array[int]:
    """Pull bytes per row. Members are apart from each other; several chunks may share one."""
    shares = array("q", bytes(8 * len(table)))
    order = sorted(
        range(len(chunks.rows)),
        key=lambda chunk: (chunks.offsets[chunk], chunks.inner[chunk], chunk),
    )
    at = 0
    while at < len(order):
        start, last = chunks.offsets[order[at]], at
        while last + 1 < len(order) and chunks.offsets[order[last + 1]] == start:
            last += 1
        group = order[at : last + 1]
        following = chunks.offsets[order[last + 1]] if last + 1 < len(order) else toc.position
        end = chunks.ends[group[0]] if toc.has_ends else following
        if end > following or (toc.has_ends and len(group) > 1):
            raise _refused("two of its files lie in the same bytes of the layer")
        whole = sum(chunks.sizes[chunk] for chunk in group)
        before = done = 0
        for chunk in group:
            done += chunks.sizes[chunk]
            cut = (end - start) * done // whole
            shares[chunks.rows[chunk]] += cut - before
            before = cut
        at = last + 1
    if toc.is_file:
        shares[-1] = toc.stored
    return shares


def _refused(why: str) -> InputError:
    return InputError(
        "bad-toc",
        f"the table of contents contradicts itself: {why}",
        "--full reads the layer instead; who pulls it file by file gets what the table says",
    )
