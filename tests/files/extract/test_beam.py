"""BEAM files: exactly the bytes that stripping drops, as Erlang's own beam_lib counts them."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.files.extract.beam import is_beam, parse_beam
from slim.files.extract.found import Beam
from tests.conftest import LONG, require
from tests.support.beam import MODULE, atoms, beam_file, chunk

KEPT = (b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Line", b"Type", b"Meta")


def test_dropped_chunks_with_their_padding() -> None:
    found = parse_beam(MODULE)
    assert found is not None
    assert found == Beam(
        module=b"Elixir.App",
        file_bytes=len(MODULE),
        form_bytes=len(MODULE),
        dropped=((b"Dbgi", 1012), (b"Docs", 16)),
        gzipped=False,
        # The letters of `Dbgi` are all the same, and eight of `Docs` stay eight.
        dropped_packed=found.dropped_packed,
    )
    assert found.strip_bytes == 1028
    assert 0 < found.strip_packed < 30


def test_stripped_module_has_nothing_to_drop() -> None:
    found = parse_beam(beam_file(atoms(b"m"), *(chunk(name, b"x") for name in KEPT[1:])))
    assert found is not None
    assert found.dropped == ()
    assert found.strip_bytes == 0


def test_second_chunk_of_a_name_is_read_by_nobody() -> None:
    found = parse_beam(beam_file(atoms(b"m"), chunk(b"Code", b"1234"), chunk(b"Code", b"")))
    assert found is not None
    assert found.dropped == ((b"Code", 8),)


def test_a_chunk_that_is_compressed_takes_what_it_is() -> None:
    """Its term says so. All others are deflated together, as they lie in the file."""
    text = b"line of many\n" * 80
    terms, loose = (
        parse_beam(beam_file(atoms(b"m"), chunk(b"Dbgi", start + text), chunk(b"LocT", text)))
        for start in (b"\x83P", b"\x83h")
    )
    assert terms is not None
    assert loose is not None
    assert loose.dropped_packed < 60
    assert len(text) + 2 < terms.dropped_packed < len(text) + 62


def test_gzipped_module() -> None:
    data = gzip.compress(MODULE)
    found = parse_beam(data)
    assert found is not None
    assert (found.module, found.gzipped) == (b"Elixir.App", True)
    assert (found.file_bytes, found.form_bytes) == (len(data), len(MODULE))
    assert 0 < found.strip_bytes < len(data)


@LONG
def test_gzip_that_grows_without_end() -> None:
    assert parse_beam(gzip.compress(MODULE + bytes(70 << 20))) is None
    assert parse_beam(gzip.compress(MODULE)[:-9]) is None


@pytest.mark.parametrize("length", [9, 300])
def test_atoms_as_erlang_28_writes_them(length: int) -> None:
    """A negative count, and lengths as compact terms."""
    name = b"m" * length
    size = bytes([length << 4]) if length < 16 else bytes([length >> 8 << 5 | 8, length & 0xFF])
    table = (-1 & 0xFFFFFFFF).to_bytes(4, "big") + size + name
    found = parse_beam(beam_file(chunk(b"AtU8", table), chunk(b"Code", b"")))
    assert found is not None
    assert found.module == name


def test_what_is_looked_at() -> None:
    assert is_beam(MODULE[:12], b"anything")
    assert is_beam(b"\x1f\x8b\x08\0", b"a.beam")
    assert not is_beam(b"\x1f\x8b\x08\0", b"a.gz")
    assert not is_beam(b"FOR1\0\0\0\x10AIFF", b"a.beam")


_edits = st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=5)


@settings(max_examples=300)
@given(_edits, st.integers(0, len(MODULE)), st.booleans())
@LONG
def test_damaged_files_never_raise(edits: list[tuple[int, bytes]], cut: int, zipped: bool) -> None:
    data = bytearray(gzip.compress(MODULE) if zipped else MODULE)
    for at, value in edits:
        data[at : at + len(value)] = value
    for version in (bytes(data), bytes(data[:cut])):
        found = parse_beam(version)
        if found is not None:
            assert 0 <= found.strip_bytes <= len(version)
            assert found.module


@given(st.binary(max_size=200))
def test_random_chunks(tail: bytes) -> None:
    found = parse_beam(b"FOR1\0\0\0\0BEAM" + atoms(b"m") + tail)
    assert found is None or found.module


_STRIP = """
Keep = ["Attr" | beam_lib:significant_chunks()],
Size = fun(File) ->
    {ok, Data} = file:read_file(File),
    {ok, {Module, Chunks}} = beam_lib:chunks(Data, Keep, [allow_missing_chunks]),
    {ok, New} = beam_lib:build_module([One || {_, Bytes} = One <- Chunks, is_binary(Bytes)]),
    io:format("~ts ~b ~b~n", [Module, byte_size(Data), byte_size(New)])
end,
[Size(File) || File <- init:get_plain_arguments()],
halt().
"""
"""What `mix release` does to each module: module, bytes before and after."""


def _modules(most: int) -> list[Path]:
    """Some modules of Erlang's own, and of Elixir's where Debian's package is installed."""
    ask = ["erl", "-noshell", "-eval", 'io:format("~ts", [code:lib_dir()]), halt().']
    erlang = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=300).stdout
    roots = (Path(erlang), Path("/usr/lib/elixir/lib"))
    found = sorted(path for root in roots for path in root.glob("*/ebin/*.beam"))
    return found[:: max(1, len(found) // most)]


@pytest.mark.real
def test_the_same_as_beam_lib() -> None:
    require("erl")
    modules = _modules(300)
    assert len(modules) > 50
    command = ["erl", "-noshell", "-eval", _STRIP, "-extra", *map(str, modules)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    lines = output.stdout.splitlines()
    assert len(lines) == len(modules)
    dropped = 0
    for path, line in zip(modules, lines, strict=True):
        module, before, after = line.split()
        found = parse_beam(path.read_bytes())
        assert found is not None
        assert found.module.decode() == module
        assert found.file_bytes == int(before)
        assert found.file_bytes - found.strip_bytes == int(after), path
        dropped += found.strip_bytes
    assert dropped > 0
