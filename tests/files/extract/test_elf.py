"""ELF files: against readelf and strip on the programs of this machine, and against hostile bytes."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.files.extract import elf_headers
from slim.files.extract.elf import parse_elf
from slim.files.extract.found import EXECUTABLE, SHARED, Elf, GoBuild
from slim.files.extract.gobuild import MAGIC, parse_go
from slim.files.extract.pieces import Collector, Pieces, Span
from tests.conftest import LONG, require
from tests.support.elf import ELF_SHAPES, SECTIONS, elf_image, go_section

_KINDS = sorted(ELF_SHAPES)


def parsed(data: bytes) -> Elf:
    found = parse_elf(Pieces.whole(data))
    assert found is not None
    return found


def kept_spans(data: bytes) -> tuple[Span, ...]:
    head = data[: elf_headers.HEAD]
    header = elf_headers.read_header(head)
    assert header is not None
    return elf_headers.spans(header, head, len(data))


@pytest.mark.parametrize(("bits", "order"), _KINDS)
def test_every_word_size_and_byte_order(bits: int, order: str) -> None:
    data = elf_image(
        SECTIONS,
        bits=bits,
        order=order,
        needed=(b"libc.so.6", b"libm.so.6"),
        interpreter=b"/lib/ld.so",
        runpath=b"$ORIGIN/../lib",
    )
    found = parsed(data)
    assert (found.bits, found.type, found.machine) == (bits, SHARED, 62)
    assert found.links.needed == (b"libc.so.6", b"libm.so.6")
    assert found.links.interpreter == b"/lib/ld.so"
    assert found.links.runpath == b"$ORIGIN/../lib"
    assert found.program
    assert not found.static
    assert (found.debug_bytes, found.symtab_bytes) == (1100, 300)
    assert found.debug_link
    assert found.rustc == b"rustc version 1.80.0 (051478957 2024-07-21)"
    assert not found.partial


def test_program_without_sections_or_libraries_is_static() -> None:
    found = parsed(elf_image([], type=EXECUTABLE))
    assert found.static
    assert found.debug_bytes == found.symtab_bytes == 0
    assert not found.partial


def test_sections_that_overlap_count_once() -> None:
    data = bytearray(elf_image([(b".debug_info", 1, 0, b"d" * 500, 0)] * 4))
    at = struct.unpack_from("<Q", data, 40)[0]
    for index in range(2, 5):
        data[at + 64 * index + 24 : at + 64 * index + 32] = data[at + 64 + 24 : at + 64 + 32]
    assert parsed(bytes(data)).debug_bytes == 500


def test_sections_beyond_the_end_do_not_count() -> None:
    data = bytearray(elf_image([(b".debug_info", 1, 0, b"d" * 500, 0)]))
    at = struct.unpack_from("<Q", data, 40)[0]
    struct.pack_into("<Q", data, at + 64 + 32, 1 << 40)
    assert parsed(bytes(data)).debug_bytes == 0


def test_cut_off_file_is_partial() -> None:
    data = elf_image(SECTIONS)
    found = parsed(data[:-100])
    assert found.partial
    assert found.debug_bytes == 0


def test_debug_file_links_to_nothing() -> None:
    sections = [(b".text", 8, 6, b"x" * 50, 0), (b".debug_info", 1, 0, b"d" * 70, 0)]
    found = parsed(elf_image(sections, needed=(b"libc.so.6",)))
    assert found.debug_file
    assert found.links.needed == ()
    assert found.debug_bytes == 70


def test_go_build_information() -> None:
    info = (
        "path\texample.com/a/cmd/b\nmod\texample.com/a\tv1.2.3\th1:x=\ndep\tx\tv0\n"
        "build\t-ldflags=-s -X main.key=hunter2 -w\nbuild\tCGO_ENABLED=0\nbuild\tvcs.revision=1"
    )
    found = parsed(elf_image([(b".go.buildinfo", 1, 3, go_section(info), 0)])).go
    assert found == GoBuild(
        version=b"go1.22.1",
        main=b"example.com/a/cmd/b",
        module=b"example.com/a",
        module_version=b"v1.2.3",
        settings=((b"-ldflags", b"-s -w"), (b"CGO_ENABLED", b"0")),
    )


def test_go_of_older_versions_is_known_by_name() -> None:
    section = MAGIC + b"\x08\0" + bytes(16)
    assert parsed(elf_image([(b".go.buildinfo", 1, 3, section, 0)])).go == GoBuild()
    assert parse_go(b"\xff Go") is None


@given(st.binary(max_size=200))
def test_any_go_section(tail: bytes) -> None:
    found = parse_go(MAGIC + b"\x08\x02" + bytes(16) + tail)
    assert found is not None
    assert found.version in tail


@pytest.mark.parametrize("step", [1 << 20, 70_000])
def test_large_file_is_known_by_its_ends(step: int) -> None:
    """Half of a file of 80 MiB is never kept, and what is said of it is the same."""
    data = elf_image(SECTIONS, needed=(b"libc.so.6",), filler=80 << 20)
    kept = Collector(kept_spans(data))
    for at in range(0, len(data), step):
        kept.add(memoryview(data)[at : at + step])
    pieces = kept.pieces()
    assert pieces.read(40 << 20, 1) is None
    assert parse_elf(pieces) == parsed(data)


_SAMPLE = elf_image(
    [*SECTIONS, (b".go.buildinfo", 1, 3, go_section("path\ta"), 0)],
    needed=(b"libc.so.6",),
    interpreter=b"/lib/ld.so",
)
_edits = st.lists(
    st.tuples(st.integers(0, len(_SAMPLE) - 1), st.binary(min_size=1, max_size=8)), max_size=6
)
_header_edits = st.lists(
    st.tuples(st.integers(4, 200), st.sampled_from([b"\xff" * 8, b"\xff\xff", b"\0\0", b"\x01"])),
    max_size=4,
)


@settings(max_examples=400)
@given(_edits, _header_edits, st.integers(0, len(_SAMPLE)))
@LONG
def test_damaged_files_never_raise(
    edits: list[tuple[int, bytes]], more: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(_SAMPLE)
    for at, value in edits + more:
        data[at : at + len(value)] = value
    for version in (bytes(data), bytes(data[:cut])):
        found = parse_elf(Pieces.whole(version))
        if found is not None:
            assert all(0 <= begin <= end <= len(version) for begin, end in kept_spans(version))
            assert found.debug_bytes >= 0
            assert found.symtab_bytes >= 0
            assert found.debug_bytes + found.symtab_bytes <= len(version)


@given(st.binary(max_size=300), st.sampled_from([1, 2]), st.sampled_from([1, 2]))
def test_random_bytes_after_the_magic_number(tail: bytes, bits: int, order: int) -> None:
    found = parse_elf(Pieces.whole(b"\x7fELF" + bytes([bits, order]) + tail))
    assert found is None or found.debug_bytes <= len(tail)


def test_a_table_of_names_without_ends_is_linear() -> None:
    """65,000 sections whose names never end: the time is that of reading them."""
    sections = [(b"", 1, 0, b"", 0)] * 60_000
    data = elf_image([(b"x" * 2_000_000, 1, 0, b"", 0), *sections])
    assert parsed(data).partial is False


# Against the tools of this machine.


def _programs(most: int) -> list[Path]:
    """Some ELF files of this machine, the same in every run; Python's own are there everywhere."""
    found = []
    own = (sysconfig.get_path("platlib"), sysconfig.get_path("platstdlib"))
    for folder in ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", *own):
        for directory, _, names in os.walk(folder):
            found += [Path(directory, name) for name in names if "." not in name or ".so" in name]
    found.sort(key=lambda path: hashlib.sha256(str(path).encode()).digest())
    chosen: list[Path] = []
    for path in found:
        if len(chosen) == most:
            break
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 64 << 20:
            continue
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                chosen.append(path)
    return chosen


def _tool(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


_SECTION = re.compile(r"\s*\[ *\d+\] (\S*) +(\S+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ (.*)")


def _debug_by_readelf(path: Path) -> tuple[int, int]:
    debug = symbols = 0
    for line in _tool("readelf", "-SW", path).splitlines():
        match = _SECTION.match(line)
        if match is None:
            continue
        name, kind, size, rest = match[1], match[2], int(match[3], 16), match[4]
        if kind == "NOBITS" or "A" in rest[:4].split("  ")[0]:
            continue
        if name.startswith((".debug_", ".zdebug_")):
            debug += size
        elif name in (".symtab", ".strtab"):
            symbols += size
    return debug, symbols


@pytest.mark.real
def test_the_same_as_readelf() -> None:
    require("readelf")
    programs = _programs(120)
    assert len(programs) > 20
    for path in programs:
        found = parsed(path.read_bytes())
        text = _tool("readelf", "-hldW", path)
        dynamic = re.findall(r"\((\w+)\) +(?:Shared library|Library \w+): \[(.*)\]", text)
        assert f"Class:                             ELF{found.bits}" in text
        assert re.search(r"Type: +(\w+)", text)[1] == {1: "REL", 2: "EXEC", 3: "DYN"}[found.type]  # type: ignore[index]
        assert [name for tag, name in dynamic if tag == "NEEDED"] == [
            library.decode() for library in found.links.needed
        ], path
        for tag, mine in (
            ("SONAME", found.links.soname),
            ("RPATH", found.links.rpath),
            ("RUNPATH", found.links.runpath),
        ):
            assert [name for key, name in dynamic if key == tag] == [mine.decode()] * bool(mine)
        loader = re.search(r"interpreter: (.*)\]", text)
        assert (loader[1] if loader else "") == found.links.interpreter.decode()
        assert (found.debug_bytes, found.symtab_bytes) == _debug_by_readelf(path), path
        assert not found.partial, path


@pytest.mark.real
@pytest.mark.parametrize("flags", [[], ["-static"], ["-shared", "-fPIC"], ["-no-pie"], ["-gz"]])
def test_strip_takes_what_was_promised(flags: list[str], tmp_path: Path) -> None:
    require("gcc", "strip")
    source, program, stripped = tmp_path / "a.c", tmp_path / "a", tmp_path / "b"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("a"); }\n')
    _tool("gcc", "-g3", *flags, "-o", program, source)
    before = parsed(program.read_bytes())
    assert before.static == (flags == ["-static"])
    assert before.program == ("-shared" not in flags)
    size = program.stat().st_size
    for option, promised, most in (
        # Symbols of source files and debugging sections go as well.
        ("--strip-debug", before.debug_bytes, before.symtab_bytes),
        ("--strip-all", before.debug_bytes + before.symtab_bytes, 0),
    ):
        _tool("strip", option, "-o", stripped, program)
        # Names and headers of the removed sections go too.
        assert promised <= size - stripped.stat().st_size <= promised + most + 4096
    after = parsed(stripped.read_bytes())
    assert after.debug_bytes == after.symtab_bytes == 0
    assert after.links == before.links


@pytest.mark.real
def test_the_same_as_go_version() -> None:
    require("go")
    program = Path(_tool("go", "env", "GOROOT").strip(), "bin", "go").resolve()
    found = parsed(program.read_bytes()).go
    assert found is not None
    text = _tool("go", "version", "-m", program).splitlines()
    assert text[0].split()[1] == found.version.decode()
    assert f"\tpath\t{found.main.decode()}" in text
    built = dict(line.split("\t")[2].split("=", 1) for line in text if "\tbuild\t" in line)
    assert found.settings
    for key, value in found.settings:
        assert built[key.decode()] == value.decode()
