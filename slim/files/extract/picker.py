"""Decides for each file that streams by whether something of it is kept, and keeps it.

The walk over a tar asks cheap questions first: the file's first two bytes with the ending of its name,
its name, its directory. Only what passes one of them gets here. What is kept has a budget that depends on
the layer's bytes alone, so that a layer has the same facts in every image.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import IntEnum
from functools import partial
from typing import NamedTuple, TypeVar

from slim.files.budget import PARSED, TEXT
from slim.files.extract import archive, assigned, beam, elf, elf_headers, keys, texts
from slim.files.extract.fatbin import MAX_HEADERS, GpuScan
from slim.files.extract.found import Beam, Elf
from slim.files.extract.pieces import Collector, Pieces, Span
from slim.files.table import ASSIGNED, ROOT, LayerTable

_HEAD = 4096
"""First bytes that a decision needs at most."""
_FIRST_LINE = 256
"""Of a large script that much may say what runs it."""
_MIB = 1 << 20
_TEXTS_BYTES = 64 * _MIB
_DATABASES_BYTES = 256 * _MIB
_NAMED_BYTES = 16 * _MIB
_SOURCES_BYTES = 16 * _MIB
_FREE_BYTES, _RATIO = _MIB, 16
"""A small blob cannot make much be kept: this, and so many times its size."""
_RECORD, _SECTION = 512, 16
"""What a parsed file, and a section of it, take from the budget: it bounds the work, too."""
_ARCHIVE = 64 << 10
"""What an archive takes from its budget: some are looked at, not a thousand."""

_FREE_GPU_HEADERS, _GPU_CODE = 1024, 128
"""Code for GPUs is compressed already: a small blob has few headers, these and one for so many bytes."""

_ANY = (b"",)
_MAGIC = dict.fromkeys((b"\x7fE", b"FO", b"#!", b"--", b"Pu", b"AG", b"PK"), _ANY)
_PACKED = dict.fromkeys((b"\x1f\x8b", b"BZ", b"\xfd7", b"\x28\xb5"), (b".beam", *archive.TARS))


class _Room(IntEnum):
    """Budgets that do not take from each other; places in a list of what is left of each."""

    TEXTS = 0
    DATABASES = 1
    NAMED = 2
    ARCHIVES = 3
    SOURCES = 4


_Parsed = TypeVar("_Parsed", Elf, Beam)
_Watch = Callable[[memoryview], None]


class _Plan(NamedTuple):
    """What is wanted of a file."""

    spans: tuple[Span, ...]
    keep: Callable[[Pieces], None]
    """What to do with it."""
    watch: _Watch | None = None
    """To be shown all bytes before."""


class Heads:
    """How files begin that are looked at for their content: cheap questions, asked of every file."""

    def __init__(self, pairs: Mapping[bytes, tuple[bytes, ...]]) -> None:
        """`pairs`: the first two bytes, and how the name must end with these."""
        self.pairs = frozenset(pairs)
        found: dict[int, dict[bytes, None]] = {}
        for pair, endings in pairs.items():
            found.setdefault(pair[0], {}).update(dict.fromkeys(endings))
        every = [tuple(found.get(byte, ())) for byte in range(256)]
        self.endings = tuple(_ANY if _ANY[0] in endings else endings for endings in every)
        """By the first byte, how the name must end; mostly nothing will do."""

    def fit(self, head: bytes, name: bytes) -> bool:
        """Whether a file of this name that begins with `head` is looked at; the walk asks the same."""
        return head[:2] in self.pairs and name.endswith(self.endings[head[0]])


class Picker:
    """What is kept of one layer. All calls are about the last row of its table."""

    def __init__(
        self, table: LayerTable, keeps: texts.Keeps, extra: Collection[bytes] | None = ()
    ) -> None:
        self._table = table
        self._keeps = keeps
        allowance = _FREE_BYTES + _RATIO * table.blob_bytes
        most = {
            _Room.TEXTS: _TEXTS_BYTES,
            _Room.DATABASES: _DATABASES_BYTES,
            _Room.NAMED: _NAMED_BYTES,
            _Room.ARCHIVES: _TEXTS_BYTES,
            _Room.SOURCES: _SOURCES_BYTES,
        }
        self._left = [min(most[room], allowance) for room in _Room]
        self._gpu_headers = min(MAX_HEADERS, _FREE_GPU_HEADERS + table.blob_bytes // _GPU_CODE)
        self.kept_bytes = 0
        """About what the contents that were kept take in memory."""
        self._all = extra is None
        """Nobody knows yet which files will be named: what may be is kept."""
        split = [path.rpartition(b"/")[::2] for path in extra or ()]
        self._extra = frozenset(parts for parts in split if not texts.may_be_secret(parts[1]))
        self.heads = Heads({**keeps.heads(), **_MAGIC, **_PACKED})
        """How a file begins that is looked at for its content …"""
        self.library_heads = Heads({**keeps.heads(of_library=True), **_MAGIC, **_PACKED})
        """… and one in a directory of a library."""
        self.names = keys.NAMES | assigned.NAMES | {name for _, name in self._extra}
        self.names |= keeps.by_name.keys()
        self.places: set[int] = set()
        """Directories of which every file is looked at …"""
        self.libraries: set[int] = set()
        """… and those of libraries."""
        self._known: set[int] = set()
        """Directories that were added."""
        self._path = (ROOT, b"")
        """Where the last file was that was looked at."""

    def add_directory(self, directory: int) -> None:
        """A directory that may have files; not the root."""
        if directory in self._known:
            return
        self._known.add(directory)
        dirs = self._table.dirs
        parent, name, _ = dirs[directory]
        if name in self._keeps.directories or dirs[parent][1] in self._keeps.parents:
            self.places.add(directory)
        elif self._all:
            path = self._table.directory_path(directory)
            if self._keeps.unnamed.isdisjoint(path.split(b"/")):
                self.places.add(directory)
        elif (parent in self.libraries and dirs[parent][1] != b"src") or self._keeps.is_library(
            self._table.directory_path(directory)
        ):
            # What is in a library is of it, but for the applications in usr/src.
            self.libraries.add(directory)

    def take(self, content: memoryview) -> None:
        """A file of which all bytes are at hand."""
        plan = self.plan(bytes(content[:_HEAD]), len(content))
        if plan is not None:
            plan.keep(Pieces.whole(content))

    def parts(self, size: int) -> _Watch:
        """What to call with the bytes of a file, in order, until there were `size`."""
        return _Parts(self, size).add

    def plan(self, head: bytes, size: int) -> _Plan | None:
        """What of a file is wanted, and what to do with it, given its first bytes."""
        name = self._table.name[-1]
        if elf_headers.is_elf(head):
            header = elf_headers.read_header(head)
            if header is None or not self._spend(_RECORD + _SECTION * header.section_limit):
                return None
            scan = GpuScan(size, self._gpu_headers)
            # What is kept whole is scanned where it has such code.
            watch = scan.add if size > elf_headers.WHOLE_BYTES else None
            return _Plan(
                elf_headers.spans(header, head, size), partial(self._keep_elf, scan=scan), watch
            )
        if beam.is_beam(head, name):
            if size > beam.MAX_BYTES or not self._spend(_RECORD):
                return None
            return _Plan(((0, size),), self._keep_beam)
        if archive.is_archive(head, name, size) and self._has_room(_ARCHIVE, _Room.ARCHIVES):
            return _Plan(archive.spans(name, size), self._keep_archive)
        if keys.may_be_key(head):
            return _Plan(((0, min(size, keys.HEAD_BYTES)),), self._keep_flag)
        if name in assigned.NAMES:
            return _Plan(((0, min(size, assigned.HEAD_BYTES)),), self._keep_assigned)
        directory = self._table.directory[-1]
        if directory != ROOT:
            self.add_directory(directory)
        heads = self.library_heads if directory in self.libraries else self.heads
        if heads.fit(head, name) or name in self.names or directory in self.places:
            if directory != self._path[0]:
                self._path = directory, self._table.directory_path(directory)
            above = self._path[1]
            if self._is_text(above, head, name, size):
                return _Plan(((0, size),), self._keep_text)
            if (
                head.startswith(b"#!")
                and size > texts.SCRIPT_BYTES
                and texts.may_start(above, name)
            ):
                # A program with a line in front that says what runs it.
                return _Plan(((0, _FIRST_LINE),), self._keep_first)
            if self._may_be_named(above, head, name, size):
                return _Plan(((0, size),), self._keep_named)
        return None

    def _is_text(self, directory: bytes, head: bytes, name: bytes, size: int) -> bool:
        table = self._table
        choice = self._keeps.choose(directory, name)
        if choice is not None and choice.heads:
            return (
                size <= choice.cap
                and (head[:2] in choice.heads or head.startswith(b"#!"))
                and not texts.may_hold_settings(name)
                and self._has_room(size, _Room.SOURCES)
            )
        if choice is not None:
            if size > choice.cap:
                table.note(
                    "content-too-large",
                    table.path(len(table) - 1),
                    f"{size:,} bytes: no such file has so many, it is not looked at",
                )
                return False
            return self._spend(size, _Room.DATABASES if choice.database else _Room.TEXTS)
        return (
            head.startswith(b"#!")
            and size <= texts.SCRIPT_BYTES
            and texts.may_start(directory, name)
            and not texts.may_be_secret(name)
            and self._spend(size)
        )

    def _may_be_named(self, directory: bytes, head: bytes, name: bytes, size: int) -> bool:
        if self._all:
            text = b"\0" not in head and not texts.may_be_secret(name)
            return text and size <= texts.SCRIPT_BYTES and self._spend(size, _Room.NAMED)
        named = (directory, name) in self._extra
        return named and size <= texts.NAMED_BYTES and self._spend(size, _Room.NAMED)

    def _spend(self, count: int, room: _Room = _Room.TEXTS) -> bool:
        if not self._has_room(count, room):
            self._table.note(
                "content-limit",
                self._table.path(len(self._table) - 1),
                "more programs, package lists and scripts than are looked at in one layer",
            )
            return False
        return True

    def _has_room(self, count: int, room: _Room) -> bool:
        if count > self._left[room]:
            return False
        self._left[room] -= count
        return True

    def _keep_elf(self, file: Pieces, scan: GpuScan) -> None:
        found = elf.parse_elf(file, scan)
        self._gpu_headers = scan.left
        if found is not None:
            self._keep_parsed(self._table.elfs, found)

    def _keep_beam(self, file: Pieces) -> None:
        found = beam.parse_beam(file.upto(0, file.size) or b"")
        if found is not None:
            self._keep_parsed(self._table.beams, found)

    def _keep_parsed(self, rows: dict[int, _Parsed], found: _Parsed) -> None:
        weight = found.weight
        if self._spend(weight):
            rows[len(self._table) - 1] = found
            self.kept_bytes += 2 * weight + PARSED

    def _keep_archive(self, file: Pieces) -> None:
        found = archive.parse_archive(file, self._table.name[-1])
        if self._has_room(found.weight, _Room.ARCHIVES):
            self._table.archives[len(self._table) - 1] = found
            self.kept_bytes += 2 * found.weight + PARSED
        else:  # no more of them are read
            self._left[_Room.ARCHIVES] = 0

    def _keep_flag(self, file: Pieces) -> None:
        found = keys.private_key(file.upto(0, keys.HEAD_BYTES) or b"")
        if found:
            self._table.flags[len(self._table) - 1] = found

    def _keep_assigned(self, file: Pieces) -> None:
        if assigned.assigns_secret(file.upto(0, assigned.HEAD_BYTES) or b""):
            self._table.flags[len(self._table) - 1] = ASSIGNED

    def _keep_text(self, file: Pieces) -> None:
        self._table.texts[len(self._table) - 1] = text = file.upto(0, file.size) or b""
        self.kept_bytes += len(text) + TEXT

    def _keep_first(self, file: Pieces) -> None:
        line, found, _ = (file.upto(0, _FIRST_LINE) or b"").partition(b"\n")
        if found:
            self._table.texts[len(self._table) - 1] = line + b"\n"
            self.kept_bytes += len(line) + TEXT

    def _keep_named(self, file: Pieces) -> None:
        self._table.named[len(self._table) - 1] = text = file.upto(0, file.size) or b""
        self.kept_bytes += len(text) + TEXT


class _Parts:
    """A file that comes in parts: decided upon when enough of it is there."""

    def __init__(self, picker: Picker, size: int) -> None:
        self._picker = picker
        self._size = size
        self._early: bytearray | None = bytearray()
        """What has come while nothing is decided."""
        self._collector: Collector | None = None
        self._plan: _Plan | None = None
        self._seen = 0

    def add(self, part: memoryview) -> None:
        """The next bytes."""
        self._seen += len(part)
        if self._early is not None:
            if self._early or len(part) < min(_HEAD, self._size):
                self._early += part
                if len(self._early) < min(_HEAD, self._size):
                    return
                part = memoryview(self._early)
            self._early = None
            self._plan = self._picker.plan(bytes(part[:_HEAD]), self._size)
            if self._plan is not None:
                self._collector = Collector(self._plan.spans)
        if self._collector is not None and self._plan is not None:
            if self._plan.watch is not None:
                self._plan.watch(part)
            self._collector.add(part)
            if self._seen == self._size:
                self._plan.keep(self._collector.pieces())
