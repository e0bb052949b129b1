"""A table of contents that a layer carries, against the entries of its tar.

Engines that pull lazily read names and contents by the table; all others, and slim, by the tar. A table
that says something else is a filesystem that nobody has looked at.
"""

from __future__ import annotations

from threading import Lock

import msgspec

from slim.files.names import OPAQUE, WHITEOUT
from slim.files.table import Kind, LayerTable

TOC = b"stargz.index.json"
LANDMARKS = frozenset((b".prefetch.landmark", b".no.prefetch.landmark"))
"""Files by which eStargz says what to fetch first: no table lists them as files of the image."""
MAX_BYTES = 16 << 20
"""Of a table, once decompressed: larger ones are not compared."""
_TYPES = {
    "reg": Kind.FILE,
    "symlink": Kind.SYMLINK,
    "hardlink": Kind.HARDLINK,
    "char": Kind.DEVICE,
    "block": Kind.DEVICE,
    "fifo": Kind.DEVICE,
}
_MAX_OBJECTS = 250_000
"""Of a table: with more it takes too much memory to be compared."""
_MAX_LED, _MAX_WORK = 1_000, 1_000_000
"""Names that are led through links, and the components that are looked at for all of them together: what
is over is taken as it is, and differs …"""
_MAX_TARGET = 8_192
"""… and what runs through a link whose target has more bytes."""
_TURN = Lock()
"""Layers are compared one at a time: a document takes many times its size."""
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)

Named = dict[bytes, tuple[Kind, int | bytes]]
"""Path → kind, and its size or link target; directories need no entries and are left out."""


class _Entry(msgspec.Struct):
    name: str
    type: str
    size: int = 0
    link: str = msgspec.field(name="linkName", default="")


class _Document(msgspec.Struct):
    entries: list[_Entry] | None
    """Null where a Go program lists nothing."""


# Made at import: msgspec crashes where two threads have it look at a type for the first time.
_DECODER = msgspec.json.Decoder(_Document)


def hold_against(table: LayerTable, text: bytes, where: bytes, own: set[int]) -> None:
    """Add `toc-mismatch` to the table's warnings if the document says anything else than the rows.

    `where` is the path to name when the document cannot be read; `own` are rows that it does not list.
    """
    # Each entry has a brace, however it is written.
    if text.count(b"{") > _MAX_OBJECTS:
        warning = f"the table of contents lists more than {_MAX_OBJECTS:,} entries: not compared with the tar"
        table.note("toc-mismatch", where, warning)
        return
    with _TURN:
        _compare(table, text, where, own)


def _compare(table: LayerTable, text: bytes, where: bytes, own: set[int]) -> None:
    try:
        document = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        table.note("toc-mismatch", where, "the table of contents cannot be read")
        return
    found = _found(table, own)
    listed = _led(_listed(document), found)
    wrong = sorted(
        path for path in listed.keys() | found.keys() if listed.get(path) != found.get(path)
    )
    if wrong:
        message = (
            f"the table of contents and the tar differ about {len(wrong):,} names:"
            " an engine that pulls lazily shows other files"
        )
        table.note("toc-mismatch", wrong[0], message)


def _listed(document: _Document) -> Named:
    listed: Named = {}
    for entry in document.entries or ():
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


def _led(listed: Named, found: Named) -> Named:
    """Names below a symbolic link of the layer's own are those below its target: the tar's rows are, too."""
    other = listed.keys() - found.keys()
    if len(other) > _MAX_LED:
        return listed
    guide = _Guide(found)
    return {guide.lead(path) if path in other else path: about for path, about in listed.items()}


class _Guide:
    """Leads names through the links of the layer; bounds the work for all of them."""

    def __init__(self, found: Named) -> None:
        self._found = found
        self._work = _MAX_WORK

    def lead(self, path: bytes) -> bytes:
        """Where a name leads to; the name itself where that takes too long."""
        done: list[bytes] = []
        *above, name = path.split(b"/")
        left = above[::-1]
        while left:
            self._work -= 1 + len(done)
            if self._work < 0:
                return path
            part = left.pop()
            if part == b"..":
                del done[-1:]
                continue
            kind, target = self._found.get(b"/".join([*done, part]), (Kind.DIRECTORY, b""))
            if kind != Kind.SYMLINK or not isinstance(target, bytes):
                done.append(part)
                continue
            if len(target) > _MAX_TARGET:
                return path
            if target.startswith(b"/"):
                done = []
            steps = [step for step in target.split(b"/") if step not in (b"", b".")]
            self._work -= len(target)
            left += steps[::-1]
        return b"/".join([*done, name])


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
