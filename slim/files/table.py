"""The tables: one row per tar entry, in columns, never changed after they are built.

`LayerTable` is what one blob holds: a pure function of its bytes. `Files` is all layers of an image on
top of each other, with the directories interned once (parents before children) and the fate of every
row. Columns are the standard library's arrays.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from functools import reduce
from itertools import chain, compress, pairwise
from operator import ge, itemgetter, or_
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from slim.files.extract.found import Archive, Beam, Elf
from slim.files.extract.texts import NAMED_BYTES, may_be_secret

if TYPE_CHECKING:
    from slim.files.overlay.children import Children

T = TypeVar("T")


class Kind(IntEnum):
    """What a row is."""

    FILE = 0
    HARDLINK = 1
    SYMLINK = 2
    DIRECTORY = 3
    DEVICE = 4
    """Character or block device or FIFO."""
    WHITEOUT = 5
    OPAQUE = 6
    OTHER = 7
    """Never a file of the image: entries that no engine unpacks, or without a usable name."""


class Fate(IntEnum):
    """What became of a row's bytes in the final filesystem."""

    LIVE = 0
    REWRITTEN = 1
    """Same path again in a later layer, other content."""
    METADATA_ONLY = 2
    """Same path again in a later layer, same content: only owner, mode, time or xattrs differ."""
    DELETED = 3
    """Whiteout of it or above it, opaque directory, or a type change over it."""
    DUPLICATE_ENTRY = 4
    """Twice in one layer."""
    ORPHAN = 5
    """Under a name that nothing can reach."""

    @property
    def label(self) -> str:
        """The word of the report: `metadata-only`."""
        return self.name.lower().replace("_", "-")


def mask(column: array[int] | bytearray | bytes, *values: int) -> bytes:
    """1 where a column of bytes has one of the values: for `itertools.compress`, at C speed."""
    chosen = bytearray(256)
    for value in values:
        chosen[value] = 1
    return memoryview(column).tobytes().translate(chosen)


def both(left: bytes, right: bytes) -> bytes:
    """1 where both masks, which are of equal length, have a 1."""
    joined = int.from_bytes(left, "big") & int.from_bytes(right, "big")
    return joined.to_bytes(len(left), "big")


def either(left: bytes, right: bytes) -> bytes:
    """1 where one of two masks of equal length has it."""
    joined = int.from_bytes(left, "big") | int.from_bytes(right, "big")
    return joined.to_bytes(len(left), "big")


def picked(column: Sequence[T], rows: Sequence[int]) -> Sequence[T]:
    """The values of a column at some rows, at C speed."""
    return itemgetter(*rows)(column) if len(rows) > 1 else [column[row] for row in rows]


def runs(*columns: array[int]) -> Iterator[tuple[int, int]]:
    """Spans (first row, row after the last) in which each of the columns has one value throughout.

    Files come directory by directory in a tar: what is done once for a run is not done for each file.
    """
    length = len(columns[0])
    changes = 0
    for column in columns:
        changes |= _changes(column)
    ends = compress(range(1, length), changes.to_bytes(length, "little"))
    return pairwise(chain((0,), ends, (length,))) if length else iter(())


def _changes(column: array[int]) -> int:
    """A number whose byte N, from the low end, is not 0 where row N + 1 differs from row N.

    All rows are compared at once: each number of a column with the next one is two long numbers.
    """
    width, data = column.itemsize, column.tobytes()
    differs = int.from_bytes(data[width:], "little") ^ int.from_bytes(data[:-width], "little")
    if width == 1:
        return differs
    numbers = differs.to_bytes(len(data), "little")
    parts = (int.from_bytes(numbers[byte::width], "little") for byte in range(width))
    return reduce(or_, parts)


Bytes = tuple[int, int]
"""(bytes of the uncompressed tar, bytes of the pull)."""
DIGEST_BYTES = 16
NO_DIGEST = bytes(DIGEST_BYTES)
ASSIGNED = "assigned"
"""Flag of a settings file that assigns a secret; the other flags name a kind of private key."""
MAX_KNOWN_PATHS, MAX_KNOWN_BYTES = 65_536, 512
"""How many paths of directories are remembered, and how long they may be: 32 MB at most."""
ROOT = 0
"""Id of the root directory in every table."""


class LayerWarning(Struct):
    """A warning about a layer: how often it applies, and where it applied first."""

    text: str
    path: bytes
    count: int = 1


class LayerTable(Struct):
    """The entries of one layer in tar order, and how its bytes are laid out.

    All offsets and sizes are bytes of the uncompressed tar unless said otherwise.
    """

    kind: array[int] = field(default_factory=lambda: array("B"))
    directory: array[int] = field(default_factory=lambda: array("i"))
    """Index into `dirs`: the directory that the entry is in (for a directory: its parent)."""
    name: list[bytes] = field(default_factory=list)
    """Last path component; of a whiteout the name that it hides."""
    size: array[int] = field(default_factory=lambda: array("q"))
    """Logical size of a regular file, else 0."""
    stored: array[int] = field(default_factory=lambda: array("q"))
    """Payload bytes in the tar: differs from `size` for sparse files and for odd entries."""
    data: array[int] = field(default_factory=lambda: array("q"))
    """Offset of the payload; empty in a table from the cache, whose shares of the pull are known."""
    digests: bytearray = field(default_factory=bytearray)
    """`DIGEST_BYTES` of xxh3-128 over the payload per row: groups content, proves nothing."""
    unhashed: array[int] = field(default_factory=lambda: array("i"))
    """Rows of files that were not read: their `digests` are `NO_DIGEST`, until `identity` has to know."""
    links: dict[int, bytes] = field(default_factory=dict)
    """Row to link target, for hard links and symbolic links."""
    dirs: list[tuple[int, bytes, bool]] = field(default_factory=lambda: [(-1, b"", False)])
    """(parent, name, hidden) of each directory, parents first. Hidden: below a whiteout-like name."""
    warnings: dict[str, LayerWarning] = field(default_factory=dict)
    """What a reader should know, by warning id; `note` adds to it."""
    texts: dict[int, bytes] = field(default_factory=dict)
    """Row to content, for the small files that `extract.texts` names. This and the next five are empty
    unless contents were asked for, and have the rows that hold bytes: no hard links."""
    named: dict[int, bytes] = field(default_factory=dict)
    """The same for files that somebody asked for by their paths, until `settled` has looked at them."""
    elfs: dict[int, Elf] = field(default_factory=dict)
    beams: dict[int, Beam] = field(default_factory=dict)
    archives: dict[int, Archive] = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    """Row to the kind of private key that the file holds, or `ASSIGNED`."""
    tar_bytes: int = 0
    """Size of the uncompressed stream."""
    end: int = 0
    """Offset after the last entry's padding; what follows is the end of the archive."""
    blob_bytes: int = 0
    """Size of the stored blob."""
    gzip_bytes: int | None = None
    """What a registry would send of a layer that an archive stores uncompressed; None: what is stored."""
    estimated: bool = False
    """`gzip_bytes` is an estimate, and so are its shares."""
    compression: str = ""
    """`none`, `gzip`, `zstd`, `bzip2` or `xz`, by magic bytes."""
    pull: array[int] = field(default_factory=lambda: array("q"))
    """Row to its share of `pull_bytes`; filled with `labels` when the blob has been read."""
    simple: array[int] = field(default_factory=lambda: array("i"))
    """Directory to the row of its entry, or -1: see `find_simple`; filled with `labels`, too."""
    labels: dict[str, Bytes] = field(default_factory=dict)
    """What belongs to no file, by bracketed label."""
    blob_digest: str = ""
    """Digest of the stored blob, as computed; empty when not verified."""
    diff_id: str = ""
    """Digest of the uncompressed tar, as computed; empty when not verified."""
    toc_digest: str = ""
    """Digest of an eStargz table of contents; empty when there is none among the entries."""

    def __len__(self) -> int:
        return len(self.name)

    @property
    def pull_bytes(self) -> int:
        """What a registry sends of it."""
        return self.blob_bytes if self.gzip_bytes is None else self.gzip_bytes

    def note(self, id: str, path: bytes, text: str) -> None:
        """Record a warning: the first path stands for all, so that hostile input stays bounded."""
        known = self.warnings.get(id)
        if known is None:
            self.warnings[id] = LayerWarning(text, path)
        else:
            known.count += 1

    def digest(self, row: int) -> bytes:
        """Content identity of a row."""
        return bytes(self.digests[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES])

    def directory_path(self, directory: int) -> bytes:
        """Path of a directory without leading slash; empty for the root."""
        parts: list[bytes] = []
        while directory > ROOT:
            directory, name, _ = self.dirs[directory]
            parts.append(name)
        return b"/".join(reversed(parts))

    def path(self, row: int) -> bytes:
        """Path of a row without leading slash."""
        above = self.directory_path(self.directory[row])
        return above + b"/" + self.name[row] if above else self.name[row]


def unread(table: LayerTable, paths: Collection[bytes]) -> bytes | None:
    """The first of the wanted paths whose content the table should have and does not."""
    names = {path.rpartition(b"/")[2] for path in paths}
    held = (table.texts, table.named, table.elfs, table.archives, table.flags)
    for row in compress(range(len(table)), map(names.__contains__, table.name)):
        if (
            table.kind[row] == Kind.FILE
            and 0 < table.size[row] <= NAMED_BYTES
            and not any(row in kept for kept in held)
            and not may_be_secret(table.name[row])
            and (path := table.path(row)) in paths
        ):
            return path
    return None


def settled(table: LayerTable, paths: Collection[bytes]) -> LayerTable:
    """The table with the contents of the files that are wanted by their paths, and of no others.

    A table that was made for another image then says what one made for this image says.
    """
    if not table.named:
        return table
    named = {row: text for row, text in table.named.items() if table.path(row) in paths}
    return replace(table, texts={**table.texts, **named}, named={})


class Files(Struct, frozen=True):
    """All layers on top of each other. Row ids run through the layers in order.

    Equal lengths of all columns and parents before children are guarded on construction.
    """

    starts: tuple[int, ...]
    """First row of each layer, and the number of rows as a last element."""
    kind: array[int]
    directory: array[int]
    name: list[bytes]
    size: array[int]
    stored: array[int]
    digests: bytearray
    links: dict[int, bytes]
    dir_parent: array[int]
    dir_name: list[bytes]
    fate: array[int]
    """A `Fate` per row: of the bytes of a file; of the name for rows without bytes."""
    ended_by: array[int]
    """Layer that ended the row, -1 while live."""
    shown: bytearray
    """1 where the final filesystem shows the row's name."""
    body: dict[int, int]
    """Hard link row to the row that holds the bytes; absent when the target is missing."""
    children: Children
    """The final filesystem: directory → name → row, or `~directory` for a directory in it."""
    dir_shown: bytearray
    """1 where the final filesystem has the directory."""
    hid: dict[int, int]
    """Whiteout row of a directory to the bytes that it hid."""
    changes: tuple[tuple[int, int, int], ...]
    """Names of regular files that each layer (added, changed, removed)."""
    warnings: tuple[tuple[int, str, LayerWarning], ...]
    """(layer, warning id, warning)."""
    texts: dict[int, bytes] = field(default_factory=dict)
    """Row to content, as in `LayerTable`; look a hard link up by its `body`."""
    elfs: dict[int, Elf] = field(default_factory=dict)
    beams: dict[int, Beam] = field(default_factory=dict)
    archives: dict[int, Archive] = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    _paths: dict[int, bytes] = field(default_factory=dict)
    """Directory to its path: of those asked for, which are mostly asked for again."""

    def __post_init__(self) -> None:
        rows = self.starts[-1]
        columns = (self.kind, self.directory, self.name, self.size, self.stored)
        if any(len(column) != rows for column in (*columns, self.fate, self.ended_by, self.shown)):
            raise AssertionError("columns of unequal length")
        if any(map(ge, self.dir_parent, range(len(self.dir_parent)))):
            raise AssertionError("a directory comes before its parent")

    def __len__(self) -> int:
        return self.starts[-1]

    def layer_of(self, row: int) -> int:
        """Index of the layer that a row is in."""
        return bisect_right(self.starts, row) - 1

    def rows_of(self, layer: int) -> range:
        """Rows of a layer, in tar order."""
        return range(self.starts[layer], self.starts[layer + 1])

    def digest(self, row: int) -> bytes:
        """Content identity of a row."""
        return bytes(self.digests[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES])

    def directory_path(self, directory: int) -> bytes:
        """Path of a directory without leading slash; empty for the root."""
        known = self._paths
        path = known.get(directory)
        if path is None:
            parts: list[bytes] = []
            above = directory
            while above > ROOT and above not in known:
                parts.append(self.dir_name[above])
                above = self.dir_parent[above]
            if above > ROOT:
                parts.append(known[above])
            path = b"/".join(reversed(parts))
            if len(known) < MAX_KNOWN_PATHS and len(path) < MAX_KNOWN_BYTES:
                known[directory] = path
        return path

    def path(self, row: int) -> bytes:
        """Path of a row without leading slash."""
        above = self.directory_path(self.directory[row])
        return above + b"/" + self.name[row] if above else self.name[row]

    def live_files(self) -> Iterator[int]:
        """Rows of regular files and hard links whose name the final filesystem shows."""
        return compress(range(len(self)), self.live_names())

    def live_names(self) -> bytes:
        """Mask of these rows."""
        return both(mask(self.kind, Kind.FILE, Kind.HARDLINK), bytes(self.shown))

    def live_bodies(self) -> bytes:
        """Mask of the rows whose bytes the final filesystem shows."""
        return both(mask(self.kind, Kind.FILE), mask(self.fate, Fate.LIVE))
