"""ELF files made in memory: sections, segments, dynamic tags, and Go's build information."""

from __future__ import annotations

import struct

from slim.files.extract.found import SHARED
from slim.files.extract.gobuild import MAGIC

Sections = list[tuple[bytes, int, int, bytes, int]]
"""(name, type, flags, content, index of the linked section counted from 1)."""

ELF_SHAPES = {
    (64, "<"): ("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "qQ"),
    (64, ">"): ("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "qQ"),
    (32, "<"): ("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "iI"),
    (32, ">"): ("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "iI"),
}

SECTIONS: Sections = [
    (b".text", 1, 6, b"\x90" * 50, 0),
    (b".comment", 1, 0, b"GCC: (A 14) 14.2\0rustc version 1.80.0 (051478957 2024-07-21)\0", 0),
    (b".debug_info", 1, 0, b"d" * 1000, 0),
    (b".debug_gdb_scripts", 1, 2, b"loaded, so it stays", 0),
    (b".zdebug_line", 1, 0, b"z" * 100, 0),
    (b".gnu_debuglink", 1, 0, b"a.debug\0", 0),
    (b".symtab", 2, 0, b"s" * 240, 8),
    (b".strtab", 3, 0, b"n" * 60, 0),
]


def elf_image(
    sections: Sections,
    *,
    bits: int = 64,
    order: str = "<",
    type: int = SHARED,
    needed: tuple[bytes, ...] = (),
    interpreter: bytes = b"",
    runpath: bytes = b"",
    filler: int = 0,
) -> bytes:
    """An ELF file as a linker lays it out: segments first, section headers last; `filler` in between."""
    header, program, section, dynamic = (order + shape for shape in ELF_SHAPES[bits, order])
    strings = bytearray(b"\0")
    tags: list[tuple[int, int]] = []
    for tag, text in [*((1, name) for name in needed), *([(29, runpath)] if runpath else [])]:
        tags.append((tag, len(strings)))
        strings += text + b"\0"
    base = 0x10000
    count = 1 + bool(tags) + bool(interpreter)
    start = 16 + struct.calcsize(header)
    at = start + count * struct.calcsize(program)
    loader = interpreter + b"\0" if interpreter else b""
    table_at = at + len(loader)
    strings_at = table_at + (len(tags) + 3) * struct.calcsize(dynamic) if tags else table_at
    if tags:
        tags += [(5, base + strings_at), (10, len(strings)), (0, 0)]
    table = b"".join(struct.pack(dynamic, *tag) for tag in tags)
    end = strings_at + len(strings)

    def segment(kind: int, offset: int, size: int) -> bytes:
        if bits == 64:
            return struct.pack(program, kind, 4, offset, base + offset, 0, size, size, 1)
        return struct.pack(program, kind, offset, base + offset, 0, size, size, 4, 1)

    segments = segment(1, 0, end)
    if interpreter:
        segments += segment(3, at, len(loader))
    if tags:
        segments += segment(2, table_at, len(table))
    body = bytearray(loader + table + strings + bytes(filler))
    names, rows = bytearray(b"\0"), [bytes(struct.calcsize(section))]
    first = start + len(segments)
    for name, kind, flags, content, link in [*sections, (b".shstrtab", 3, 0, b"", 0)]:
        name_at = len(names)
        names += name + b"\0"
        data = content if name != b".shstrtab" else bytes(names)
        body += bytes(-(first + len(body)) % 8)
        offset = first + len(body)
        rows.append(struct.pack(section, name_at, kind, flags, 0, offset, len(data), link, 0, 1, 0))
        if kind != 8:
            body += data
    sizes = [struct.calcsize(program), count, struct.calcsize(section), len(rows), len(rows) - 1]
    if not sections:
        sizes[3:] = [0, 0]
    fields = struct.pack(
        header, *(type, 62, 1, 0, start, first + len(body) if sections else 0, 0, start), *sizes
    )
    ident = b"\x7fELF" + bytes([bits // 32, "<>".index(order) + 1, 1]) + bytes(9)
    return ident + fields + segments + bytes(body) + (b"".join(rows) if sections else b"")


def go_section(info: str, version: str = "go1.22.1") -> bytes:
    text = b"m" * 16 + info.encode() + b"\n" + b"m" * 16
    size = bytes([len(text) & 0x7F | 0x80, len(text) >> 7])
    return MAGIC + b"\x08\x02" + bytes(16) + bytes([len(version)]) + version.encode() + size + text
