"""The headers of an ELF file: segments, sections, and which spans of a large file hold what matters.

Everything is found by offsets and counts that the file itself gives, so each is checked and bounded.
Source: the System V ABI, "Object Files" and "Program Loading".
"""

from __future__ import annotations

import struct

from msgspec import Struct

from slim.files.extract.gobuild import SECTION_BYTES
from slim.files.extract.pieces import Pieces, Span

HEAD = 4096
"""Bytes from the beginning that `spans` wants to see."""
DYNAMIC_BYTES = 64 << 10
"""Most that is read of the dynamic section."""
_END_BYTES = 16 << 20
"""What is kept of each end of a large file."""
WHOLE_BYTES = 2 * _END_BYTES
"""A file up to this size is kept whole."""
_TABLE_BYTES = 4 << 20
"""Most that is read of the section headers, or of their names."""
_MAX_SPANS = 8
_MAX_SEGMENTS = 256
_MAX_SECTIONS = 1 << 16
_MAX_SECTION_NAME = 64

LOAD, DYNAMIC, INTERPRETER = 1, 2, 3
"""Types of segments."""
SYMTAB, STRTAB, NOBITS, SYMTAB_INDEX = 2, 3, 8, 18
"""Types of sections."""
ALLOCATED = 2
"""Flag of a section that is loaded."""
_WRITABLE = 2


class Header(Struct, frozen=True):
    """The file header."""

    order: str
    """Byte order as `struct` writes it."""
    bits: int
    type: int
    machine: int
    segments: int
    """Offset of the program headers."""
    segment_count: int
    sections: int
    """Offset of the section headers; 0 without."""
    section_count: int
    names: int
    """Index of the section that has the names of the sections."""

    @property
    def section_limit(self) -> int:
        """How many sections there are at most."""
        return (self.section_count or _MAX_SECTIONS) if self.sections else 0


class Segment(Struct, frozen=True):
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""


class Section(Struct, frozen=True):
    """A section header; nothing says yet that the section lies in the file."""

    name: bytes
    type: int
    flags: int
    offset: int
    size: int
    link: int


def is_elf(head: bytes) -> bool:
    """By the magic number."""
    return head[:4] == b"\x7fELF"


def spans(header: Header, head: bytes, size: int) -> tuple[Span, ...]:
    """What to keep of a file of `size` bytes, given its header and first `HEAD` bytes (or all, if fewer).

    All of a small file. Of a large one the ends, where linkers put headers, names and strings, and what
    the program headers point to in between.
    """
    if size <= WHOLE_BYTES:
        return ((0, size),)
    parts = [(0, _END_BYTES), (size - _END_BYTES, size)]
    if header.sections:
        parts.append((header.sections, header.sections + _TABLE_BYTES))
    for segment in read_segments(Pieces(size, ((0, head),)), header) or ():
        if segment.type == DYNAMIC:
            parts.append((segment.offset, segment.offset + DYNAMIC_BYTES))
        elif segment.type == LOAD and segment.flags & _WRITABLE:
            # Go has its build information at the beginning of the data.
            parts.append((segment.offset, segment.offset + SECTION_BYTES))
    return tuple((begin, min(end, size)) for begin, end in parts[:_MAX_SPANS] if begin < size)


def read_header(head: bytes) -> Header | None:
    """The header from the first 64 bytes; None when they are not those of an ELF file."""
    if len(head) < 52 or not is_elf(head) or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    order, wide = "<>"[head[5] - 1], head[4] == 2
    layout = struct.Struct(order + ("HH12xQQ6x5H" if wide else "HH8xII6x5H"))
    if len(head) < 16 + layout.size:
        return None
    kind, machine, segments, sections, *table = layout.unpack_from(head, 16)
    each_segment, segment_count, each, count, names = table
    return Header(
        order=order,
        bits=64 if wide else 32,
        type=kind,
        machine=machine,
        segments=segments,
        # Tables of another entry size are none that anything can read.
        segment_count=min(segment_count, _MAX_SEGMENTS) * (each_segment == (56 if wide else 32)),
        sections=sections * (each == (64 if wide else 40)),
        section_count=count,
        names=names,
    )


def read_segments(file: Pieces, header: Header) -> list[Segment] | None:
    """The program headers; None when they are not known."""
    wide = header.bits == 64
    layout = struct.Struct(header.order + ("IIQQ8xQ16x" if wide else "III4xI4xI4x"))
    table = file.read(header.segments, layout.size * header.segment_count)
    if table is None:
        return None
    rows = layout.iter_unpack(table)
    if wide:
        return [Segment(*row) for row in rows]
    return [Segment(kind, flags, *place) for kind, *place, flags in rows]


def read_sections(file: Pieces, header: Header) -> list[Section] | None:
    """The section headers with their names; None when they are not known."""
    if not header.sections:
        return []
    layout = struct.Struct(header.order + ("IIQ8xQQI20x" if header.bits == 64 else "III4xIII12x"))
    count, names = header.section_count, header.names
    if not count or names == 0xFFFF:
        # Numbers that do not fit are in the first section header.
        first = file.read(header.sections, layout.size)
        if first is None:
            return None
        _, _, _, _, real_count, real_names = layout.unpack(first)
        count = count or real_count
        names = real_names if names == 0xFFFF else names
    if names >= count or count > _MAX_SECTIONS:
        return None
    table = file.read(header.sections, layout.size * count)
    if table is None:
        return None
    rows = list(layout.iter_unpack(table))
    _, _, _, offset, size, _ = rows[names]
    texts = file.read(offset, size) if size <= _TABLE_BYTES else None
    if texts is None:
        return None
    return [
        Section(texts[at : at + _MAX_SECTION_NAME].split(b"\0", 1)[0], *row) for at, *row in rows
    ]
