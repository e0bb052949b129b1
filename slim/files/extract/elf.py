"""Programs and libraries: what they link to, and what `strip` would take from them.

A file that makes no sense is None; where only a part is missing or unknown, `partial` says so.
Source: the System V ABI, "Dynamic Linking"; the names of debugging sections are those that binutils
treats as such (`strip --strip-debug`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from slim.files.extract.deflated import packed_span
from slim.files.extract.elf_headers import (
    ALLOCATED,
    DYNAMIC,
    DYNAMIC_BYTES,
    INTERPRETER,
    LOAD,
    NOBITS,
    STRTAB,
    SYMTAB,
    SYMTAB_INDEX,
    Header,
    Section,
    Segment,
    read_header,
    read_sections,
    read_segments,
)
from slim.files.extract.fatbin import SECTIONS as GPU_SECTIONS
from slim.files.extract.fatbin import GpuScan
from slim.files.extract.found import RELOCATABLE, Elf, GoBuild, GpuCode, Links
from slim.files.extract.gobuild import SECTION_BYTES, parse_go
from slim.files.extract.pieces import Pieces, Span

_MAX_NEEDED = 256
_MAX_NAME = 256
_MAX_SEARCH = 4096
_MAX_PACKED = 32
"""Most sections of which samples are taken."""
_COMMENT_BYTES = 64 << 10
_RUSTC = b"rustc version "
_NEEDED, _STRINGS, _STRINGS_SIZE, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_FLAGS, _IS_PROGRAM = 0x6FFFFFFB, 0x08000000
_DEBUG = (b".debug", b".zdebug", b".gnu.debuglto_.debug_", b".gnu.linkonce.wi.", b".line", b".stab")


def parse_elf(file: Pieces, scan: GpuScan | None = None) -> Elf | None:
    """What an ELF file is; None when it is not one, or its header is damaged.

    Args:
        scan: has seen all bytes of a file of which only parts are known; of others none.
    """
    header = read_header(file.upto(0, 64) or b"")
    if header is None:
        return None
    segments = read_segments(file, header)
    sections = read_sections(file, header)
    partial = segments is None or sections is None
    sections = sections or []
    debug_file = any(section.name == b".text" and section.type == NOBITS for section in sections)
    # The segments of a debugging file describe the code that it does not have.
    links = Links() if debug_file else _links(file, header, segments or [])
    debug_spans, symbol_spans = _strippable(sections)
    debug = _covered(debug_spans, file.size)
    both = _covered(debug_spans + symbol_spans, file.size)
    sampled = header.type != RELOCATABLE and not debug_file
    found = {section.name: section for section in reversed(sections)}
    gpu, all_gpu = _gpu(file, sections, scan or GpuScan(file.size))
    return Elf(
        bits=header.bits,
        machine=header.machine,
        type=header.type,
        links=links,
        debug_bytes=debug,
        symtab_bytes=both - debug,
        debug_link=b".gnu_debuglink" in found,
        debug_file=debug_file,
        rustc=_rustc(file, found.get(b".comment")),
        auditable=b".dep-v0" in found,
        go=_go(file, found.get(b".go.buildinfo")),
        partial=partial or links.partial or not all_gpu,
        debug_packed=_packed(file, debug_spans, debug) if sampled else 0,
        symtab_packed=_packed(file, symbol_spans, both - debug) if sampled else 0,
        gpu=gpu,
    )


def _strippable(sections: list[Section]) -> tuple[list[Span], list[Span]]:
    """Where the debugging sections are, and where the symbols."""
    debug: list[Span] = []
    symbols: list[Span] = []
    for section in sections:
        if section.type == NOBITS or section.flags & ALLOCATED:
            continue
        if section.name.startswith(_DEBUG) or section.name == b".gdb_index":
            debug.append((section.offset, section.offset + section.size))
        elif section.type in (SYMTAB, SYMTAB_INDEX):
            symbols.append((section.offset, section.offset + section.size))
            names = (
                sections[section.link]
                if section.type == SYMTAB and section.link < len(sections)
                else None
            )
            if names is not None and names.type == STRTAB and not names.flags & ALLOCATED:
                symbols.append((names.offset, names.offset + names.size))
    return debug, symbols


def _packed(file: Pieces, spans: list[Span], most: int) -> int:
    """What sections take once deflated; of very many the first."""
    inside = [(begin, end) for begin, end in spans if end <= file.size][:_MAX_PACKED]
    return min(most, sum(packed_span(file, begin, end - begin) for begin, end in inside))


def _gpu(
    file: Pieces, sections: list[Section], scan: GpuScan
) -> tuple[tuple[tuple[GpuCode, ...], ...], bool]:
    """The code for GPUs, and whether that is all of it."""
    spans = [
        (section.offset, section.offset + section.size)
        for section in sections
        if section.name in GPU_SECTIONS and section.type != NOBITS
    ]
    room = _covered(spans, file.size)
    if not room:
        return (), True
    if not scan.seen:
        scan.add(memoryview(file.upto(0, file.size) or b""))
    found = scan.result()
    # What lies elsewhere only looks like a container.
    if sum(code.size for group in found for code in group) > room:
        return (), False
    return found, not scan.partial


def _covered(spans: Iterable[Span], size: int) -> int:
    """Bytes in any of the spans that lie in a file of this size."""
    total = reached = 0
    for begin, end in sorted(spans):
        if end <= size:
            total += max(end - max(begin, reached), 0)
            reached = max(reached, end)
    return total


def _links(file: Pieces, header: Header, segments: list[Segment]) -> Links:
    interpreter, partial = b"", False
    table: bytes | None = b""
    layout = struct.Struct(header.order + ("qQ" if header.bits == 64 else "iI"))
    for segment in segments:
        if segment.type == INTERPRETER:
            text = file.read(segment.offset, min(segment.size, _MAX_NAME))
            interpreter = (text or b"").split(b"\0", 1)[0]
            partial |= text is None
        elif segment.type == DYNAMIC:
            size = min(segment.size, DYNAMIC_BYTES)
            table = file.read(segment.offset, size - size % layout.size)
            partial |= table is None
    values: dict[int, int] = {}
    needed: list[int] = []
    for tag, value in layout.iter_unpack(table or b""):
        if not tag:
            break
        values[tag] = value
        if tag == _NEEDED:
            needed.append(value)
    strings = _offset(segments, values.get(_STRINGS, -1))
    limit = values.get(_STRINGS_SIZE, 0)

    def text_at(at: int | None, most: int) -> bytes:
        """A string of the table; what is cut off is not a name of anything."""
        nonlocal partial
        if at is None:
            return b""
        found = None
        if strings is not None and at < limit:
            found = file.upto(strings + at, min(most, limit - at))
        text, end, _ = (found or b"").partition(b"\0")
        partial |= not end
        return text if end else b""

    names = [text_at(at, _MAX_NAME) for at in needed[:_MAX_NEEDED]]
    return Links(
        interpreter=interpreter,
        needed=tuple(filter(None, names)),
        soname=text_at(values.get(_SONAME), _MAX_NAME),
        rpath=text_at(values.get(_RPATH), _MAX_SEARCH),
        runpath=text_at(values.get(_RUNPATH), _MAX_SEARCH),
        pie=bool(values.get(_FLAGS, 0) & _IS_PROGRAM),
        partial=partial or len(needed) > _MAX_NEEDED,
    )


def _offset(segments: list[Segment], address: int) -> int | None:
    """Where in the file an address is loaded from."""
    for segment in segments:
        if segment.type == LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None


def _rustc(file: Pieces, comment: Section | None) -> bytes:
    text = _content(file, comment, _COMMENT_BYTES)
    begin = text.find(_RUSTC)
    return text[begin : begin + _MAX_NAME].split(b"\0", 1)[0] if begin >= 0 else b""


def _go(file: Pieces, section: Section | None) -> GoBuild | None:
    if section is None:
        return None
    # Where the content was not kept, or is damaged, the name still tells a Go program.
    return parse_go(_content(file, section, SECTION_BYTES)) or GoBuild()


def _content(file: Pieces, section: Section | None, most: int) -> bytes:
    if section is None or section.type == NOBITS:
        return b""
    return file.upto(section.offset, min(section.size, most)) or b""
