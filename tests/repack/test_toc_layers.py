"""Layers with a table of contents: the same tar, each file to be had by its place in the blob."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from slim.image.ref import ImageRef
from slim.image.source import open_image
from slim.repack.certificate import Certificate
from slim.repack.compressors import Compression, parse_compression
from slim.repack.toc_ends import PackedText
from slim.repack.toc_layers import CHUNK, TocLayer
from tests.conftest import LONG
from tests.support.building import (
    Entry,
    delete,
    device,
    directory,
    fifo,
    file,
    hardlink,
    image,
    layer,
    raw_layer,
    save,
    symlink,
    tar,
)
from tests.support.repacking import repack, seen, stored_layers
from tests.support.tidy_stacks import tidy

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMS = ["zstd:chunked:3", "estargz:1"]
LARGE = b"".join(bytes([n]) * CHUNK for n in range(3))[: 2 * CHUNK + 1000]
ENTRIES = [
    directory("etc/", mode=0o711, uid=3, mtime=1_600_000_000),
    file("etc/empty", mode=0o600),
    file("etc/text", b"some text\n" * 99, uid=1, pax=((b"mtime", b"1600000000.25"),)),
    file("large", LARGE, pax=((b"SCHILY.xattr.security.capability", b"\1\0\xff"),)),
    file("é" * 90, b"x"),
    hardlink("etc/again", "etc/text"),
    symlink("etc/link", "text"),
    device("null", 1, 3),
    fifo("pipe"),
    file("last", b"\0" * 5000, pax=((b"atime", b"7"), (b"ctime", b"-1.5"))),
]


def written(items: Sequence[Entry], form: str, threads: int = 1) -> tuple[TocLayer, bytes]:
    with ThreadPoolExecutor(threads) as pool:
        toc_layer = TocLayer(parse_compression(form), pool, threads)
        return toc_layer, b"".join(toc_layer.compressed([tar(items)]))


def table_of(toc_layer: TocLayer, blob: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table of contents, and lines of tar-split where there are any."""
    prefix = "io.github.containers.zstd-chunked."
    if f"{prefix}manifest-position" not in toc_layer.annotations:
        start = int(blob[-51:][16:32], 16)
        member = gzip.decompress(blob[start:-51])
        document = member[512:].rstrip(b"\0")
        assert toc_layer.annotations["containerd.io/snapshot/stargz/toc.digest"] == (
            f"sha256:{hashlib.sha256(document).hexdigest()}"
        )
        return json.loads(document)["entries"], []
    parts = []
    for name in ("manifest", "tarsplit"):
        start, size, whole = map(
            int, toc_layer.annotations[f"{prefix}{name}-position"].split(":")[:3]
        )
        parts.append(zstd.decompress(blob[start : start + size]))
        assert len(parts[-1]) == whole
        if name == "manifest":
            packed = hashlib.sha256(blob[start : start + size]).hexdigest()
            assert toc_layer.annotations[f"{prefix}manifest-checksum"] == f"sha256:{packed}"
        else:
            packed = hashlib.sha256(blob[start : start + size]).hexdigest()
            assert json.loads(parts[0])["tarSplitDigest"] == f"sha256:{packed}"
    return json.loads(parts[0])["entries"], [json.loads(row) for row in parts[1].splitlines()]


def member_at(blob: bytes, at: int) -> bytes:
    if blob[at : at + 2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(blob[at:])
    return zstd.ZstdDecompressor().decompress(blob[at:])


@pytest.mark.parametrize("form", FORMS)
def test_each_file_is_where_the_table_says(form: str) -> None:
    toc_layer, blob = written(ENTRIES, form)
    assert toc_layer.has_table
    rows, _ = table_of(toc_layer, blob)
    contents: dict[str, bytes] = {}
    for row in rows:
        if "offset" in row:
            data = member_at(blob, row["offset"])
            assert len(data) == row.get("chunkSize", len(data))
            assert len(contents.get(row["name"], b"")) == row.get("chunkOffset", 0)
            digest = row.get("chunkDigest") or row["digest"]
            assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
            contents[row["name"]] = contents.get(row["name"], b"") + data
    real = {entry.name.decode(): entry.content for entry in ENTRIES if entry.content}
    assert {name: contents[name] for name in real} == real
    assert set(contents) - set(real) <= {".no.prefetch.landmark"}
    assert sum(row["type"] == "chunk" for row in rows) == 2


@pytest.mark.parametrize("form", FORMS)
def test_the_table_says_what_the_headers_say(form: str) -> None:
    rows, _ = table_of(*written(ENTRIES, form))
    known = {row["name"]: row for row in rows if row["type"] != "chunk"}
    assert known["etc/"]["type"] == "dir"
    assert (known["etc/"]["mode"], known["etc/"]["uid"]) == (0o711, 3)
    assert known["etc/"]["modtime"] == "2020-09-13T12:26:40Z"
    assert known["etc/text"]["modtime"] == "2020-09-13T12:26:40.25Z"
    assert (known["last"]["accesstime"], known["last"]["changetime"]) == (
        "1970-01-01T00:00:07Z",
        "1969-12-31T23:59:58.5Z",
    )
    assert known["large"]["xattrs"] == {"security.capability": "AQD/"}
    assert known["etc/again"]["linkName"] == "etc/text"
    assert (known["null"]["type"], known["null"]["devMajor"], known["null"]["devMinor"]) == (
        "char",
        1,
        3,
    )
    assert known["pipe"]["type"] == "fifo"


def test_tar_split_makes_the_tar_again() -> None:
    toc_layer, blob = written(ENTRIES, "zstd:chunked:3")
    _, lines = table_of(toc_layer, blob)
    contents = {entry.name.decode(): entry.content for entry in ENTRIES}
    parts = [
        base64.b64decode(line["payload"])
        if line["type"] == 2
        else contents[line["name"]][: line["size"]]
        for line in lines
    ]
    assert b"".join(parts) == tar(ENTRIES)
    assert [line["position"] for line in lines] == list(range(len(lines)))
    assert toc_layer.diff_id == f"sha256:{hashlib.sha256(tar(ENTRIES)).hexdigest()}"


@pytest.mark.parametrize("form", FORMS)
def test_threads_make_no_difference(form: str) -> None:
    assert written(ENTRIES, form)[1] == written(ENTRIES, form, threads=4)[1]


@pytest.mark.parametrize("level", [1, 12, 22])
@LONG
def test_a_text_is_held_compressed(level: int) -> None:
    """Also one that comes in very many small pieces."""
    lines = [b"line %d\n" % (number * number) for number in range(30_000)]
    held, again = PackedText(), PackedText()
    for line in lines:
        held.add(line)
        again.add(line)
    assert held.size == len(b"".join(lines))
    assert b"".join(held.pieces()) == b"".join(lines)
    assert zstd.decompress(again.frame(level)) == b"".join(lines)


SPARSE = file(
    "sparse", b"2\n0\n1\n5\n1\n".ljust(512, b"\0") + b"ab",
    pax=((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"s"),
         (b"GNU.sparse.realsize", b"6")),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "more",
    [
        [SPARSE],
        [file(b"\xff\xfe", b"no text")],
        [file("etc/text", b"twice")],
        [file("far", b"x", pax=((b"mtime", b"999999999999"),))],
    ],
    ids=["sparse", "no UTF-8", "twice", "a year of five digits"],
)
def test_what_no_table_can_say(more: list[Entry], form: str) -> None:
    """The layer is one of that compression, and the same tar."""
    toc_layer, blob = written([*ENTRIES, *more], form)
    assert not toc_layer.has_table
    assert not toc_layer.annotations
    expected = tar([*ENTRIES, *more])
    unpacked = b""
    while blob:
        engine = zlib.decompressobj(31) if form.startswith("e") else zstd.ZstdDecompressor()
        unpacked += engine.decompress(blob)
        blob = engine.unused_data
    assert unpacked == expected
    assert toc_layer.diff_id == f"sha256:{hashlib.sha256(expected).hexdigest()}"


def how(form: str) -> Compression:
    return parse_compression(form)


def layers_of(path: Path) -> list[dict[str, str]]:
    with open_image(ImageRef(str(path))) as found:
        return [dict(each.descriptor.annotations) for each in found.layers if each.descriptor]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(12))
def test_images(form: str, seed: int, tmp_path: Path) -> None:
    """The filesystem is the same, and slim's own reader finds that table and layer agree."""
    stack = tidy(seed)
    source, target = save(image(*map(layer, stack)), tmp_path / "source.tar"), tmp_path / "t.tar"
    certificate = repack(source, target, compression=how(form))
    before = seen([list(items) for items in stack])
    after = seen(stored_layers(target))
    extra = {b"stargz.index.json", b".no.prefetch.landmark"} if form.startswith("e") else set()
    assert {path: value for path, value in after.items() if path not in extra} == before
    assert not [change for change in certificate.images[0].layers if change.why]
    if form.startswith("zstd"):  # tables of lower eStargz layers are files that nothing shows
        repack(target, tmp_path / "again.tar", compression=how(form))
        assert (tmp_path / "again.tar").read_bytes() == target.read_bytes()


def test_estargz_adds_two_files_which_the_certificate_names(tmp_path: Path) -> None:
    source = save(
        image(layer({"a": b"1" * 5000, "b": b"2"}), layer(delete("a"), file("c", b"3"))),
        tmp_path / "source.tar",
    )
    certificate = repack(source, tmp_path / "t.tar", compression=how("estargz:1"))
    assert certificate.images[0].format_files == (
        ".no.prefetch.landmark", ".prefetch.landmark", "stargz.index.json",
    )  # fmt: skip
    assert not certificate.images[0].proof.differences
    back: Certificate = repack(tmp_path / "t.tar", tmp_path / "g.tar", compression=how("zstd:3"))
    assert not back.images[0].format_files


def test_a_layer_without_a_table_says_why(tmp_path: Path) -> None:
    source = save(
        image(raw_layer(tar([file(b"\xff", b"x" * 999)]), (), "none", 1)), tmp_path / "s.tar"
    )
    certificate = repack(source, tmp_path / "t.tar", compression=how("zstd:chunked"))
    (change,) = certificate.images[0].layers
    assert "table of contents" in change.why
    assert layers_of(tmp_path / "t.tar") == [{}]
