"""Compressed blobs: whole, cut off, damaged, padded, in many members, and what each file of them costs."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from slim import analyze
from slim.errors import SlimError
from slim.files.blob import scan_blob
from slim.files.ledger import account
from slim.files.overlay import resolve
from slim.files.table import LayerTable
from slim.limits import DEFAULT_LIMITS, Limits
from slim.stream.compression import Marks, sniff
from slim.stream.inflate import inflate, zstd_window
from tests.conftest import require
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import END, Layer, MemoryBlob, file, header, image, layer, padded, save
from tests.support.building import gzip as members_of
from tests.support.building import zstandard as frames_of
from tests.support.compression import TAR, in_window
from tests.support.layouts import (
    DOCKER_LAYER,
    LAYER,
    Members,
    config,
    docker,
    entry,
    packed,
    simple,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EMPTY_MEMBER = members_of(b"")
EMPTY_FRAME = zstd.compress(b"")
SKIPPABLE = struct.pack("<II", 0x184D2A50, 5) + b"hello"
LABELS = {"none": LAYER, "gzip": LAYER + "+gzip", "zstd": LAYER + "+zstd"}
SQUEEZE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": members_of,
    "zstd": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def stored(blob: bytes, label: str, tar: bytes = TAR) -> Members:
    """An image whose one layer is this blob; `label` is a compression or a media type."""
    layer = Layer((), tar, blob)
    return simple(layer, layers=[entry(blob, LABELS.get(label, label))])


def saved(blob: bytes, tar: bytes = TAR) -> Members:
    """A docker-archive whose one layer is this blob."""
    layer = Layer((), tar, blob)
    return docker(config(layer), layer)


def with_header(flags: int, extra: bytes, content: bytes = TAR) -> bytes:
    """A gzip member with optional fields (RFC 1952 section 2.3)."""
    members = members_of(content)
    return members[:3] + bytes([flags]) + members[4:10] + extra + members[10:]


GZIPPED = members_of(TAR)
ZSTD = frames_of(TAR)

ATTACKS = (
    *(
        Attack(
            id=f"Z1-{label}-{kind}",
            given=f"a layer labelled {label} whose bytes are {kind}",
            make=packed(stored(blob, label)),
            warns="media-type-mismatch",
            says=(f"labelled as {label}, but its bytes are {kind}",),
            counts={"totals.live_bytes": 5},
        )
        for label, kind, blob in (
            ("gzip", "none", TAR),
            ("gzip", "zstd", ZSTD),
            ("zstd", "gzip", GZIPPED),
            ("zstd", "none", TAR),
            ("gzip", "xz", lzma.compress(TAR)),
            ("gzip", "bzip2", bz2.compress(TAR)),
        )
    ),
    Attack(
        id="Z2",
        given="a layer labelled as a plain tar whose bytes are gzip",
        make=packed(stored(GZIPPED, "none")),
        warns="media-type-mismatch",
        says=("containerd cannot unpack it",),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z2-docker",
        given="a layer with Docker's type for a plain tar whose bytes are gzip",
        make=packed(stored(GZIPPED, DOCKER_LAYER)),
        warns="media-type-mismatch",
        counts={"totals.live_bytes": 5},
        reason="every engine looks at what is in blobs of this type, so nothing is said of failing",
    ),
    Attack(
        id="Z3",
        given="a layer labelled +lz4",
        make=packed(stored(TAR, LAYER + "+lz4")),
        error="unsupported-layer",
    ),
    Attack(
        id="Z4",
        given="gzip in 40 members",
        make=packed(stored(members_of(TAR, 40), "gzip")),
        quiet="media-type-mismatch trailing-garbage",
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z5",
        given="gzip with zeros behind it",
        make=packed(stored(GZIPPED + bytes(700), "gzip")),
        warns="trailing-zeros",
        says=("700 zero bytes",),
        counts={"totals.pull_bytes": len(GZIPPED) + 700},
    ),
    Attack(
        id="Z5-zstd",
        given="zstd with zeros behind it",
        make=packed(stored(ZSTD + bytes(3), "zstd")),
        warns="trailing-zeros",
        says=("3 zero bytes",),
    ),
    Attack(
        id="Z6",
        given="gzip with garbage behind it, the tar complete",
        make=packed(stored(GZIPPED + b"garbage", "gzip")),
        warns="trailing-garbage",
        says=("7 bytes",),
        counts={"totals.pull_bytes": len(GZIPPED) + 7},
    ),
    Attack(
        id="Z6-after-zeros",
        given="gzip, zeros, and another gzip member",
        make=packed(stored(GZIPPED + bytes(9) + GZIPPED, "gzip")),
        warns="trailing-garbage",
        says=(f"{len(GZIPPED) + 9} bytes",),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z6-open",
        given="gzip with garbage behind it, the tar without its end",
        make=packed(stored(members_of(TAR[:-1024]) + b"garbage", "gzip", TAR[:-1024])),
        error="layer-garbage",
        says=("7 bytes",),
    ),
    Attack(
        id="Z6-empty",
        given="an empty gzip member with garbage behind it",
        make=packed(stored(EMPTY_MEMBER + b"garbage", "gzip", b"")),
        error="layer-garbage",
        says=("7 bytes",),
    ),
    Attack(
        id="Z6-zstd-and-gzip",
        given="a zstd frame and a gzip member in one blob",
        make=packed(stored(ZSTD + GZIPPED, "zstd")),
        warns="trailing-garbage",
        outcome="warning trailing-garbage: one blob has one compression",
    ),
    *(
        Attack(
            id=f"Z7-{name}",
            given=f"gzip {what}",
            make=packed(stored(blob, "gzip")),
            options={"verify": False},
            error=error,
        )
        for name, what, blob, error in (
            ("crc", "with a wrong CRC", GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:], "layer-corrupt"),
            ("size", "with a wrong size", GZIPPED[:-4] + b"\0\0\0\1", "layer-corrupt"),
            ("no-trailer", "without its trailer", GZIPPED[:-8], "layer-truncated"),
            ("half-trailer", "with half of its trailer", GZIPPED[:-3], "layer-truncated"),
            ("half", "cut in the middle", GZIPPED[: len(GZIPPED) // 2], "layer-truncated"),
            (
                "block",
                "with an invalid block",
                GZIPPED[:10] + b"\xff" + GZIPPED[11:],
                "layer-corrupt",
            ),
        )
    ),
    Attack(
        id="Z8",
        given="three empty gzip members before the tar",
        make=packed(stored(EMPTY_MEMBER * 3 + GZIPPED, "gzip")),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z8-many",
        given="20,000 empty gzip members before the tar",
        make=packed(stored(EMPTY_MEMBER * 20_000 + GZIPPED, "gzip")),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z8-too-many",
        given="more members than the limit",
        make=packed(stored(EMPTY_MEMBER * 11 + GZIPPED, "gzip")),
        options={"limits": Limits(frames=10)},
        error="limit-frames",
        code=5,
    ),
    Attack(
        id="Z9",
        given="zstd in 40 frames",
        make=packed(stored(frames_of(TAR, 40), "zstd")),
        quiet="trailing-garbage",
        counts={"totals.live_bytes": 5},
    ),
    *(
        Attack(
            id=f"Z9-skippable-{name}",
            given=f"zstd with a skippable frame {what}",
            make=packed(stored(blob, "zstd")),
            quiet="trailing-garbage trailing-zeros media-type-mismatch",
            counts={"totals.live_bytes": 5},
        )
        for name, what, blob in (
            ("first", "first", SKIPPABLE + ZSTD),
            ("last", "last", ZSTD + SKIPPABLE),
            ("middle", "in the middle", frames_of(TAR[:700]) + SKIPPABLE + frames_of(TAR[700:])),
            ("empty", "of no bytes", struct.pack("<II", 0x184D2A5F, 0) + ZSTD),
            ("and-empty", "and empty frames", SKIPPABLE + EMPTY_FRAME + ZSTD + EMPTY_FRAME),
        )
    ),
    *(
        Attack(
            id=f"Z10-{name}",
            given=f"zstd cut off {what}",
            make=packed(stored(blob, "zstd")),
            options={"verify": False},
            error="layer-truncated",
        )
        for name, what, blob in (
            ("end", "by a byte", ZSTD[:-1]),
            ("middle", "in the middle", ZSTD[: len(ZSTD) // 2]),
            ("second", "in the second frame", ZSTD + frames_of(TAR)[:-1]),
            ("skippable", "in a skippable frame", ZSTD + SKIPPABLE[:-1]),
        )
    ),
    Attack(
        id="Z11",
        given="zstd with a window of 2^27 bytes",
        make=packed(stored(in_window(27), "zstd")),
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="Z11-larger",
        given="zstd with a window of 2^28 bytes",
        make=packed(stored(in_window(28), "zstd")),
        error="limit-window-log",
        code=5,
        says=("28", "27"),
    ),
    Attack(
        id="Z11-raised",
        given="the same, with the limit raised",
        make=packed(stored(in_window(28), "zstd")),
        options={"limits": Limits(window_log=28)},
        counts={"totals.live_bytes": 5},
    ),
    *(
        Attack(
            id=f"Z12-{name}",
            given=f"gzip with {name} in its header",
            make=packed(stored(with_header(flags, extra), "gzip")),
            counts={"totals.live_bytes": 5},
        )
        for name, flags, extra in (
            ("name", 8, b"layer.tar\0"),
            ("comment", 16, b"hello\0"),
            ("extra", 4, b"\4\0SG\0\0"),
            ("all", 4 | 8 | 16, b"\1\0xname\0comment\0"),
            ("long-extra", 4 | 8, b"\xff\xff" + bytes(0xFFFF) + b"name\0"),
            ("longest-name", 8, b"x" * 511 + b"\0"),
        )
    ),
    *(
        Attack(
            id=f"Z12-{name}",
            given=f"gzip with {given} in its header",
            make=packed(stored(with_header(flags, extra), "gzip")),
            error="layer-corrupt",
            says=(says,),
        )
        for name, given, flags, extra, says in (
            ("reserved-32", "the reserved flag 0x20", 0x20, b"", "reserved flags"),
            ("reserved-64", "the reserved flag 0x40", 0x40, b"", "reserved flags"),
            ("reserved-128", "the reserved flag 0x80", 0x80, b"", "reserved flags"),
            (
                "long-name",
                "a name of 512 bytes, which Go refuses",
                8,
                b"x" * 512 + b"\0",
                "a name or comment",
            ),
            ("long-comment", "a comment of 600 bytes", 16, b"x" * 600 + b"\0", "a name or comment"),
            ("sum", "a wrong checksum of itself", 2, b"\0\0", "damaged"),
        )
    ),
    Attack(
        id="Z12-reserved-later",
        given="a reserved flag in the second gzip member",
        make=packed(stored(members_of(TAR[:512]) + with_header(0x80, b"", TAR[512:]), "gzip")),
        error="layer-corrupt",
        says=("reserved flags",),
    ),
    *(
        Attack(
            id=f"Z7-header-{size}",
            given=f"gzip that ends in its header, after {size} bytes",
            make=packed(stored(with_header(4 | 8, b"\4\0SG\0\0name\0")[:size], "gzip")),
            error="layer-truncated",
        )
        for size in (10, 11, 14, 18)
    ),
    Attack(
        id="Z13",
        given="a layer of 0 bytes, labelled gzip",
        make=packed(stored(b"", "gzip", b"")),
        warns="empty-layer-blob",
        quiet="media-type-mismatch",
        counts={"totals.disk_bytes": 0, "totals.pull_bytes": 0},
    ),
    *(
        Attack(
            id=f"Z14-{kind}",
            given=f"a docker-archive with a layer in {kind}",
            make=packed(saved(squeeze(TAR))),
            warns="docker-only-compression",
            counts={"totals.live_bytes": 5},
        )
        for kind, squeeze in (("bzip2", bz2.compress), ("xz", lzma.compress))
    ),
    *(
        Attack(
            id=f"Z14-{kind}-oci",
            given=f"an OCI image with a layer in {kind}",
            make=packed(stored(squeeze(TAR), "gzip")),
            warns="docker-only-compression media-type-mismatch",
            counts={"totals.live_bytes": 5},
            reason="its bytes are known and counted, so they are shown, and that no engine pulls it is said",
        )
        for kind, squeeze in (("bzip2", bz2.compress), ("xz", lzma.compress))
    ),
    Attack(
        id="Z14-xz-memory",
        given="xz that needs 128 MiB of memory",
        make=packed(
            saved(lzma.compress(TAR, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 128 << 20}]))
        ),
        error="xz-memory",
        says=("83,886,080",),
    ),
    Attack(
        id="Z14-xz-9",
        given="xz -9",
        make=packed(saved(lzma.compress(TAR, preset=9))),
        counts={"totals.live_bytes": 5},
        reason="xz -9 needs 65 MiB, so that a limit of 64 MiB would refuse what people make",
    ),
    Attack(
        id="Z14-many",
        given="bzip2 and xz in several streams",
        outcome="read as one",
        proof="test_streams_on_end_are_one",
    ),
    Attack(
        id="Z15",
        given="an eStargz layer",
        outcome="each file's pull bytes are those of its own table of contents",
        proof="test_estargz_shares_are_those_of_its_table_of_contents",
    ),
    Attack(
        id="Z16",
        given="a zstd:chunked layer",
        outcome="each file's pull bytes are those of its own table of contents",
        proof="test_zstd_chunked_shares_are_those_of_its_table_of_contents",
    ),
)


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_compression(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


def scanned(blob: bytes, step: int = 1 << 20, limits: Limits = DEFAULT_LIMITS) -> LayerTable:
    return scan_blob(MemoryBlob(blob, step), limits=limits)


def marks_of(blob: bytes, step: int = 1 << 20) -> Marks:
    """The checkpoints that the decompressor leaves."""
    marks = Marks()
    chunks = MemoryBlob(blob, step).chunks()
    for _ in inflate(chunks, sniff(blob), marks, DEFAULT_LIMITS):
        pass
    return marks


LONG = layer({"d/": None, "d/a": b"a" * 700, "d/b": bytes(range(256)) * 4, "d/c": b""}).tar


@pytest.mark.parametrize("kind", SQUEEZE)
def test_a_cut_blob_is_an_error_wherever_it_is_cut(kind: str) -> None:
    blob = SQUEEZE[kind](LONG)
    assert len(scanned(blob)) == 4
    for length in range(1, len(blob)):
        with pytest.raises(SlimError):
            scanned(blob[:length])


@pytest.mark.parametrize("kind", SQUEEZE)
def test_a_cut_between_members_is_the_tar_s_to_notice(kind: str) -> None:
    """Each member is complete, so that only the tar in them can be cut off."""
    pieces = [SQUEEZE[kind](LONG[at : at + 300]) for at in range(0, len(LONG), 300)]
    for count in range(1, len(pieces)):
        with suppress(SlimError):
            table = scanned(b"".join(pieces[:count]))
            assert "missing-eoa" in table.warnings or count * 300 >= len(LONG) - 512
            assert table.tar_bytes == count * 300


@pytest.mark.parametrize("kind", SQUEEZE)
def test_a_changed_bit_is_an_error_or_changes_nothing(kind: str) -> None:
    """Every format here has a checksum over its contents."""
    blob = SQUEEZE[kind](LONG)
    whole = scanned(blob)
    for at in range(len(blob)):
        for bit in (1, 128):
            changed = blob[:at] + bytes([blob[at] ^ bit]) + blob[at + 1 :]
            with suppress(SlimError):
                table = scanned(changed)
                same = (table.diff_id, table.name) == (whole.diff_id, whole.name)
                # A block that is not read any more is garbage behind a complete tar.
                assert same or "trailing-garbage" in table.warnings


@pytest.mark.parametrize("kind", [*SQUEEZE, "none"])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 64, 511, 513])
def test_chunks_may_end_anywhere(kind: str, step: int) -> None:
    squeeze = SQUEEZE.get(kind, bytes)
    blob = b"".join(squeeze(LONG[at : at + 999]) for at in range(0, len(LONG), 999))
    table, other = scanned(blob), scanned(blob, step)
    assert (table.name, table.size, table.digests, table.diff_id) == (
        other.name,
        other.size,
        other.digests,
        other.diff_id,
    )
    assert table.pull == other.pull
    marks = marks_of(blob, step)
    assert (marks.raw[-1], marks.out[-1]) == (len(blob), len(LONG))


@pytest.mark.parametrize("compression", SQUEEZE)
def test_checkpoints_do_not_depend_on_how_the_bytes_arrive(compression: str) -> None:
    """A file, a pipe and a registry cut a blob differently; what its files cost is the same."""
    random = Random(1)  # noqa: S311
    files = [file(f"f{n}", random.randbytes(random.randrange(40_000))) for n in range(40)]
    blob = SQUEEZE[compression](layer(files).tar)
    expected, marks = scan_blob(MemoryBlob(blob)), marks_of(blob)
    assert len(marks.raw) > (1 if compression == "bzip2" else 8)
    for step in (997, 4_096, 65_535, 65_536, 65_537, 200_000):
        table = scan_blob(MemoryBlob(blob, step))
        assert marks_of(blob, step) == marks
        assert (table.pull, table.labels) == (expected.pull, expected.labels)


@pytest.mark.parametrize("kind", ["bzip2", "xz"])
def test_streams_on_end_are_one(kind: str) -> None:
    blob = b"".join(SQUEEZE[kind](LONG[at : at + 1000]) for at in range(0, len(LONG), 1000))
    assert scanned(blob).diff_id == scanned(LONG).diff_id


@pytest.mark.parametrize("window_log", [10, 17, 23, 27, 28, 31])
def test_the_window_of_a_frame_is_in_its_header(window_log: int) -> None:
    assert zstd_window(in_window(window_log)) == 1 << window_log


@pytest.mark.parametrize("size", [1, 255, 256, 300, 65_791, 65_792, 100_000])
def test_the_window_of_a_single_segment_is_its_size(size: int) -> None:
    assert zstd_window(zstd.compress(bytes(size))) in (size, 1 << 17)
    assert zstd_window(zstd.compress(bytes(size))[:5]) == 0


def shares(blob: bytes) -> dict[str, int]:
    """Path → pull bytes of the files of one layer."""
    table = scanned(blob)
    files = resolve([table])
    pull = account(files, [table], [len(blob)]).pull
    return {files.path(row).decode(): pull[row] for row in range(len(files)) if files.size[row]}


CONTENTS = {
    "etc/a": b"a" * 5000,
    "etc/b": b"b",
    "etc/c": zlib.compress(b"c" * 40) * 300,
    "etc/empty": b"",
    "etc/d": bytes(70_000),
}


def estargz(closed: bool, chunk: int = 30_000) -> tuple[bytes, dict[str, int]]:
    """A layer in eStargz (docs/estargz.md), and what each file takes by its table of contents.

    The payload of a file, or each chunk of it, begins a gzip member. With `closed` it ends one too;
    the reference writer leaves padding and the next header in it.
    """
    blob = b""
    open_member = b""
    toc: list[dict[str, Any]] = []

    def close() -> None:
        nonlocal blob, open_member
        if open_member:
            blob += members_of(open_member)
            open_member = b""

    for name, content in CONTENTS.items():
        open_member += header(file(name, content))
        for at in range(0, len(content), chunk):
            close()
            kind = "chunk" if at else "reg"
            toc.append({"name": name, "type": kind, "size": len(content), "offset": len(blob)})
            open_member += content[at : at + chunk]
        if content and closed:
            close()
            toc[-1]["end"] = len(blob)
        open_member += bytes(-len(content) % 512)
    close()
    offset = len(blob)
    index = json.dumps({"version": 1, "entries": toc}).encode()
    blob += members_of(header(file("stargz.index.json", index)) + padded(index) + END)
    extra = b"SG\x16\0" + b"%016xSTARGZ" % offset
    footer = b"\x1f\x8b\x08\4" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    blob += footer + b"\1\0\0\xff\xff" + bytes(8)
    assert len(footer) + 13 == 51
    starts = [entry["offset"] for entry in toc] + [offset]
    sizes = dict.fromkeys((entry["name"] for entry in toc), 0)
    for listed, following in zip(toc, starts[1:], strict=True):
        sizes[listed["name"]] += listed.get("end", following) - listed["offset"]
    return blob, sizes


def test_estargz_shares_are_those_of_its_table_of_contents() -> None:
    blob, sizes = estargz(closed=True)
    found = shares(blob)
    assert gzip.decompress(blob)[:5] == b"etc/a"
    assert found.pop("stargz.index.json") > 0
    assert found == sizes


def test_estargz_of_the_reference_writer_is_exact_too() -> None:
    blob, sizes = estargz(closed=False)
    found = shares(blob)
    del found["stargz.index.json"]
    assert found == sizes


def chunked() -> tuple[bytes, dict[str, int]]:
    """A layer in zstd:chunked (containers/storage pkg/chunked), and what each file takes."""
    blob = b""
    sizes: dict[str, int] = {}
    for name, content in CONTENTS.items():
        blob += frames_of(header(file(name, content)))
        if content:
            sizes[name] = len(frames_of(content))
            blob += frames_of(content)
        blob += frames_of(bytes(-len(content) % 512))
    blob += frames_of(END)
    toc = zstd.compress(json.dumps(sizes).encode())
    footer = struct.pack("<7Q", len(blob), len(toc), 0, 1, 0, 0, 0) + b"GNUlInUx"
    for part in (toc, footer):
        blob += struct.pack("<II", 0x184D2A50, len(part)) + part
    return blob, sizes


def test_zstd_chunked_shares_are_those_of_its_table_of_contents() -> None:
    blob, sizes = chunked()
    assert shares(blob) == sizes


@pytest.mark.real
def test_zstd_chunked_by_skopeo(tmp_path: Path) -> None:
    """The table of contents that skopeo writes says where each file begins and ends."""
    require("skopeo")
    save(image(layer(CONTENTS), tags=("app:1",)), tmp_path / "in", "oci-dir")
    options = ["--quiet", "--insecure-policy", "--dest-compress-format=zstd:chunked"]
    places = [f"oci:{tmp_path}/in:1", f"oci:{tmp_path}/out:1"]
    subprocess.run(["skopeo", "copy", *options, *places], check=True)
    blobs = tmp_path / "out" / "blobs" / "sha256"
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_text())
    descriptor = manifest["layers"][0]
    position = descriptor["annotations"]["io.github.containers.zstd-chunked.manifest-position"]
    at, size = map(int, position.split(":")[:2])
    blob = (blobs / descriptor["digest"][7:]).read_bytes()
    toc = json.loads(zstd.decompress(blob[at : at + size]))
    sizes = {
        entry["name"]: entry["endOffset"] - entry["offset"]
        for entry in toc["entries"]
        if entry["type"] == "reg" and entry.get("size")
    }
    report = analyze(tmp_path / "out", top=100)
    assert {file.path: file.pull_bytes for file in report.largest_files} == sizes
