"""What one reader accepts and another refuses is an error: every header field of tar, gzip and zstd.

Each field gets a few values, and what slim accepts must be read by all tools, and alike. It may refuse more.
"""

from __future__ import annotations

import bz2
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
import zlib
from itertools import product
from pathlib import Path

import pytest

from slim.errors import SlimError
from slim.limits import DEFAULT_LIMITS
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import inflate
from tests.conftest import require
from tests.support.building import file, tar, zstandard
from tests.support.tar_entries import list_entries

pytestmark = pytest.mark.real

TAR = tar([file("f", b"12345")])
TAR_FIELDS = {
    "mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12), "time": (136, 12),
    "magic": (257, 6), "version": (263, 2), "major": (329, 8), "minor": (337, 8),
    "prefix": (345, 155),
}  # fmt: skip
TAR_VALUES = (b" ", b"\0", b"8", b"z", b"-1", b"0000001", b" 1", b"1 1", b"\x80", b"\xff", b"0x1")
GNU_REFUSES = {("mode", b" "), ("uid", b" "), ("gid", b" "), ("time", b" ")} | set(
    product(("uid", "gid"), (b"\x80", b"\xff"))
)
"""Blanks where a number should be, and users beyond 32 bits, which Go and slim read: no engine unpacks by
GNU tar, and neither changes a name or a size."""
NAMED_BY_GO = "prefix"
"""In a header of GNU's format GNU tar has times there, Python always reads a prefix, and Go, as slim, does
where the times are no numbers (golang.org/issue/12594): all engines are written in Go."""


def tar_of(field: str, value: bytes) -> bytes:
    at, size = TAR_FIELDS[field]
    whole = value * size if len(value) == 1 and field != "prefix" else value.ljust(size, b"\0")
    return tar([file("f", b"12345", patch=((at, whole[:size]),)), file("g", b"67")])


def ours(data: bytes) -> list[tuple[str, int]] | None:
    """Names and sizes; None where slim refuses."""
    try:
        return [(entry.name.decode("latin-1"), entry.size) for entry in list_entries([data])]
    except SlimError:
        return None


@pytest.mark.parametrize(("field", "value"), [*product(TAR_FIELDS, TAR_VALUES)])
def test_what_is_read_of_a_tar_is_what_gnu_tar_and_python_read(field: str, value: bytes) -> None:
    require("tar")
    data = tar_of(field, value)
    listed = ours(data)
    if listed is None:
        return
    run = subprocess.run(
        ["tar", "--quoting-style=literal", "-tvf", "-"],
        input=data, capture_output=True, check=False,
    )  # fmt: skip
    lines = [line.split() for line in run.stdout.decode("latin-1").splitlines()]
    if field != NAMED_BY_GO:
        assert [(line[-1], int(line[2])) for line in lines] == listed
    assert (run.returncode != 0) == ((field, value) in GNU_REFUSES), run.stderr
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(member.name, member.size) for member in archive]
    assert members == listed or field == NAMED_BY_GO


# --- gzip -----------------------------------------------------------------------------------


def gzip_of(
    flags: int, fields: bytes, sum_of_header: int | None = None, rest: bytes = b""
) -> bytes:
    """A member with any header; with `sum_of_header` its own checksum is there, off by so much."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    head = b"\x1f\x8b\x08" + bytes([flags]) + (rest or bytes(4) + b"\0\xff") + fields
    if sum_of_header is not None:
        head += struct.pack("<H", (zlib.crc32(head) + sum_of_header) & 0xFFFF)
    trailer = struct.pack("<II", zlib.crc32(TAR), len(TAR))
    return head + engine.compress(TAR) + engine.flush() + trailer


GZIP = {
    **{f"flags-{flags:#04x}": gzip_of(flags, b"") for flags in (0, 1, 0x20, 0x40, 0x80, 0xE1)},
    **{f"name-{size}": gzip_of(8, b"n" * size + b"\0") for size in (0, 1, 511, 512, 513, 70_000)},
    **{f"comment-{size}": gzip_of(16, b"n" * size + b"\0") for size in (0, 511, 512)},
    **{
        f"extra-{size}": gzip_of(4, struct.pack("<H", size) + bytes(size))
        for size in (0, 1, 4, 65_535)
    },
    **{f"sum-{off}": gzip_of(2, b"", off) for off in (0, 1)},
    **{f"all-{off}": gzip_of(0x1F, b"\2\0xxn\0c\0", off) for off in (0, 3)},
    "name-latin": gzip_of(8, b"\xff\xe9\0"),
    "time": gzip_of(0, b"", rest=b"\xff\xff\xff\xff\0\xff"),
    "level": gzip_of(0, b"", rest=b"\0\0\0\0\x77\xff"),
    "system": gzip_of(0, b"", rest=b"\0\0\0\0\0\x77"),
    "length": gzip_of(0, b"")[:-4] + b"\1\0\0\0",
    "content": gzip_of(0, b"")[:-8] + bytes(4) + gzip_of(0, b"")[-4:],
    "cut": gzip_of(8, b"name\0")[:12],
    "cut-trailer": gzip_of(0, b"")[:-1],
}


def inflated(data: bytes, compression: str) -> bool:
    """Whether slim reads it, to the same bytes."""
    try:
        return b"".join(inflate([data], compression, Marks(), DEFAULT_LIMITS)) == TAR
    except SlimError:
        return False


def by_zlib(data: bytes) -> bool:
    engine = zlib.decompressobj(31)
    try:
        return engine.decompress(data) == TAR and engine.eof
    except zlib.error:
        return False


@pytest.fixture(scope="session")
def by_go(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Go says to each of `GZIP`."""
    require("go")
    program = tmp_path_factory.mktemp("gunzip") / "gunzip"
    source = Path(__file__).parent / "gunzip" / "main.go"
    subprocess.run(["go", "build", "-o", program, source], check=True)
    lines = "".join(data.hex() + "\n" for data in GZIP.values())
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return dict(zip(GZIP, run.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("name", GZIP)
def test_a_gzip_member_is_read_if_all_read_it(name: str, by_go: dict[str, str]) -> None:
    data = GZIP[name]
    tools = ["gzip", *(tool for tool in ("pigz", "unpigz", "igzip") if shutil.which(tool))]
    runs = {
        tool: subprocess.run([tool, "-dc"], input=data, capture_output=True, check=False)
        for tool in tools
    }
    read = {tool: run.returncode == 0 and run.stdout == TAR for tool, run in runs.items()}
    read |= {"zlib": by_zlib(data), "go": by_go[name] == "ok"}
    assert inflated(data, "gzip") == (read["gzip"] and read["zlib"] and read["go"]), read


# --- zstd -----------------------------------------------------------------------------------

ZSTD = zstandard(TAR)


@pytest.mark.parametrize("bit", range(8 * 10))
def test_a_zstd_frame_is_read_if_zstd_reads_it(bit: int) -> None:
    """Each bit of the first bytes turned over: the magic, the descriptor, the window, the size."""
    require("zstd")
    data = bytearray(ZSTD)
    data[bit // 8] ^= 1 << bit % 8
    run = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False)
    if bit < 32:  # another format
        assert run.returncode != 0
        return
    assert inflated(bytes(data), "zstd") == (run.returncode == 0 and run.stdout == TAR)


# --- heads and tails of all others ----------------------------------------------------------

STREAMS: dict[str, bytes] = {
    "xz": lzma.compress(TAR),
    "bzip2": bz2.compress(TAR),
    "zstd": ZSTD,
    "gzip": gzip_of(0, b""),
}


@pytest.mark.parametrize("program", STREAMS)
def test_what_is_read_of_a_stream_is_what_its_program_reads(program: str) -> None:
    """Each bit of its head and tail turned over, padded and cut off: what is read besides has a warning."""
    require(program)
    data = STREAMS[program]
    spots = (*range(14), *range(len(data) - 30, len(data)))
    changed = [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in spots
        for bit in range(8)
    ]
    changed += [data + bytes(count) for count in (1, 4, 511)]
    changed += [data[:-count] for count in (1, 4, 8)]
    for one in changed:
        if sniff(one) != program:
            continue
        marks = Marks()
        try:
            read = b"".join(inflate([one], program, marks, DEFAULT_LIMITS))
        except SlimError:
            continue
        run = subprocess.run([program, "-dc"], input=one, capture_output=True, check=False)
        assert read == run.stdout
        assert run.returncode == 0 or marks.garbage or marks.zeros, one.hex()
