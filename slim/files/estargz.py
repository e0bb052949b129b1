"""The table of contents of an eStargz layer against the layer's own entries.

To an engine without eStargz the table is a file of the layer; one that pulls lazily reads names and
contents by it instead of by the tar ("TOCEntry SHOULD be respected", stargz-snapshotter
docs/estargz.md). A table that says something else is a filesystem that nobody has looked at.
"""

from __future__ import annotations

import hashlib

import msgspec

from slim.files.names import OPAQUE, WHITEOUT
from slim.files.table import ROOT, Kind, LayerTable

TOC = b"stargz.index.json"
LANDMARKS = frozenset((b".prefetch.landmark", b".no.prefetch.landmark"))
ANNOTATION = "containerd.io/snapshot/stargz/toc.digest"
_MAX_BYTES = 16 << 20
_TYPES = {
    "reg": Kind.FILE,
    "symlink": Kind.SYMLINK,
    "hardlink": Kind.HARDLINK,
    "char": Kind.DEVICE,
    "block": Kind.DEVICE,
    "fifo": Kind.DEVICE,
}
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)

Named = dict[bytes, tuple[Kind, int | bytes]]
"""Path → kind, and its size or link target; directories need no entries and are left out."""


class _Entry(msgspec.Struct):
    name: str
    type: str
    size: int = 0
    link: str = msgspec.field(name="linkName", default="")


class _Document(msgspec.Struct):
    entries: list[_Entry]


# Made at import: msgspec crashes where two threads have it look at a type for the first time.
_DECODER = msgspec.json.Decoder(_Document)


class Contents:
    """Takes the bytes of the table of contents as they go by."""

    def __init__(self) -> None:
        self._state = hashlib.sha256()
        self._parts: list[bytes] = []
        self._size = 0

    def watch(self, part: memoryview) -> None:
        """The next bytes."""
        self._state.update(part)
        self._size += len(part)
        if self._size <= _MAX_BYTES:
            self._parts.append(bytes(part))

    @property
    def digest(self) -> str:
        """As the annotation has it."""
        return f"sha256:{self._state.hexdigest()}"

    def note(self, table: LayerTable) -> None:
        """Add to the table's notices what there is to say, once all of its rows are there."""
        table.toc_digest = self.digest
        own = [row for row in range(len(table)) if _is_own(table, row)]
        extra = sum(table.size[row] for row in own)
        table.note("estargz", TOC, f"eStargz: {extra:,} bytes are files that only lazy pulls use")
        if self._size > _MAX_BYTES:
            text = f"the table of contents has {self._size:,} bytes: not compared with the tar"
            table.note("toc-mismatch", TOC, text)
            return
        try:
            document = _DECODER.decode(b"".join(self._parts))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            table.note("toc-mismatch", TOC, "the table of contents cannot be read")
            return
        listed, found = _listed(document), _found(table, set(own))
        wrong = sorted(
            path for path in listed.keys() | found.keys() if listed.get(path) != found.get(path)
        )
        if wrong:
            text = (
                f"the table of contents and the tar differ about {len(wrong):,} names:"
                " an engine that pulls lazily shows other files"
            )
            table.note("toc-mismatch", wrong[0], text)


def _is_own(table: LayerTable, row: int) -> bool:
    return table.directory[row] == ROOT and (table.name[row] in LANDMARKS or table.name[row] == TOC)


def _listed(document: _Document) -> Named:
    listed: Named = {}
    for entry in document.entries:
        path = _clean(entry.name)
        if entry.type not in _TYPES or path in LANDMARKS:
            continue
        kind = _TYPES[entry.type]
        about: int | bytes = entry.size if kind == Kind.FILE else 0
        if kind == Kind.SYMLINK:
            about = entry.link.encode()
        elif kind == Kind.HARDLINK:
            about = _clean(entry.link)
        listed[path] = kind, about
    return listed


def _found(table: LayerTable, own: set[int]) -> Named:
    """The same of the tar: a whiteout is a file to it."""
    found: Named = {}
    for row, number in enumerate(table.kind):
        kind = Kind(number)
        if kind in (Kind.DIRECTORY, Kind.OTHER) or row in own:
            continue
        about: int | bytes = table.size[row]
        if kind in (Kind.SYMLINK, Kind.HARDLINK):
            about = table.links[row]
        above = table.directory_path(table.directory[row])
        name = table.name[row]
        if kind in _MARKERS:
            name = WHITEOUT + name if kind == Kind.WHITEOUT else OPAQUE
            kind, about = Kind.FILE, table.stored[row]
        if isinstance(about, bytes):
            about = _as_json(about)
        found[_as_json(above + b"/" + name if above else name)] = kind, about
    return found


def _as_json(name: bytes) -> bytes:
    """As a writer of JSON has it, where the name is not UTF-8."""
    return name.decode("utf-8", "replace").encode()


def _clean(name: str) -> bytes:
    parts = name.encode("utf-8", "surrogatepass").split(b"/")
    return b"/".join(part for part in parts if part not in (b"", b"."))
