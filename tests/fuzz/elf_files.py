"""Programs and libraries: an input is one ELF file.

Oracle: nothing is raised; what would be stripped is part of the file; the parts that slim asks for while
the file streams by give what the whole file gives, or less, which is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.files.extract.elf import parse_elf
from slim.files.extract.elf_headers import read_header, spans
from slim.files.extract.pieces import Collector, Pieces
from tests.support.elf import ELF_SHAPES, SECTIONS, elf_image, go_section

_LOADER = b"/lib/ld.so"


def seeds() -> Iterator[bytes]:
    for bits, order in ELF_SHAPES:
        yield elf_image(
            SECTIONS, bits=bits, order=order, needed=(b"libc.so.6",), interpreter=_LOADER
        )
    yield elf_image([])
    built = go_section("path\tx\nmod\tx\tv1\nbuild\t-ldflags=-s\n")
    yield elf_image([(b".go.buildinfo", 1, 2, built, 0)], runpath=b"$ORIGIN")


def check(data: bytes) -> None:
    found = parse_elf(Pieces.whole(data))
    header = read_header(data[:4096])
    assert (found is None) == (header is None)
    if header is None:
        return
    collector = Collector(spans(header, data[:4096], len(data)))
    for at in range(0, len(data), 777):
        collector.add(memoryview(data)[at : at + 777])
    streamed = parse_elf(collector.pieces())
    assert (found is None) == (streamed is None)
    if found is None or streamed is None:
        return
    assert 0 <= found.debug_bytes + found.symtab_bytes <= len(data)
    assert 0 <= found.debug_packed <= found.debug_bytes
    assert 0 <= found.symtab_packed <= found.symtab_bytes
    assert found.weight <= 10 * len(data) + 200
    assert streamed == found or streamed.partial
