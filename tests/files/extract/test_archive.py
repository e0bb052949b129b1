"""What is seen of archives: members from a zip's end and a tar's beginning, and nothing from damaged ones."""

from __future__ import annotations

import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.ecosystems import KEEPS
from slim.files.extract import archive
from slim.files.extract.archive import is_archive, parse_archive, spans
from slim.files.extract.found import Archive
from slim.files.extract.pieces import Collector
from slim.files.table import LayerTable
from slim.files.tar import walk
from tests.conftest import LONG
from tests.support.building import file, tar
from tests.support.zips import JAR, TREE, noise, packed, zipped

NOTHING = Archive()


def seen(data: bytes, name: str) -> Archive:
    """What is kept when only the bytes that are asked for are."""
    collector = Collector(spans(name.encode(), len(data)))
    for at in range(0, len(data), 100_000):
        collector.add(memoryview(data)[at : at + 100_000])
    return parse_archive(collector.pieces(), name.encode())


MEMBERS = (
    (b"META-INF/MANIFEST.MF", 22), (b"BOOT-INF/lib/a-1.jar", 50_000), (b"BOOT-INF/lib/b-1.jar", 40_000)
)  # fmt: skip


@pytest.mark.parametrize("comment", [b"", b"a comment, PK\5\6 not in it"[:9], b"x" * 60_000])
@pytest.mark.parametrize("front", [b"", b"#!/bin/sh\nexec java -jar $0\n" * 100])
def test_members_of_a_zip(comment: bytes, front: bytes) -> None:
    found = seen(front + zipped(JAR, comment), "shop.jar")
    assert (found.members, found.nested) == (MEMBERS, MEMBERS[1:])


def test_of_many_members_some_are_kept_and_all_jars() -> None:
    many = {f"classes/C{at}.class": b"%d" % at for at in range(3000)}
    found = seen(zipped(many | JAR | {"WEB-INF/lib/last.jar": b"last"}), "shop.war")
    assert len(found.members) == archive._SAMPLE
    assert [name for name, _ in found.nested] == [
        b"BOOT-INF/lib/a-1.jar", b"BOOT-INF/lib/b-1.jar", b"WEB-INF/lib/last.jar"
    ]  # fmt: skip
    assert found.members[0][0] < found.members[12][0]


def test_a_zip_with_long_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = zipped(JAR)
    assert b"PK\x06\x06" in data
    assert seen(data, "shop.jar").members == MEMBERS


def test_a_directory_larger_than_what_is_read_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_TAIL", 100)
    assert seen(zipped(JAR), "shop.jar") == NOTHING


@pytest.mark.parametrize("mode", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_a_compressed_tar(mode: str, form: int) -> None:
    found = seen(packed(TREE, f"w:{mode}", form), f"pkg.tar.{mode}")
    assert found.members == ((b"pkg/" + b"long/" * 40 + b"a", 30_000), (b"pkg/b", 500))


@LONG
def test_only_the_beginning_of_a_tar_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_UNPACKED", 20_000)
    data = packed({"a": noise(5_000, 1), "b": bytes(10**8), "c": b"1"}, "w:gz")
    assert seen(data, "x.tgz").members == ((b"a", 5_000), (b"b", 10**8))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a//b", "a/./b", "n" * 2000])
def test_members_with_other_paths_are_left_out(name: str) -> None:
    assert seen(zipped({name: b"1"}), "x.zip").members == ()
    assert seen(packed({name: b"1"}, "w:gz"), "x.tgz") == NOTHING


@given(st.binary(max_size=400), st.sampled_from(["x.jar", "x.tar.gz", "x.tar.xz"]))
def test_anything_else_is_nothing(data: bytes, name: str) -> None:
    assert seen(data, name) == NOTHING


@given(st.data())
@LONG
def test_damaged_archives_do_no_harm(data: st.DataObject) -> None:
    name, whole = data.draw(
        st.sampled_from(
            [
                ("x.jar", zipped(JAR)),
                ("x.tgz", packed(TREE, "w:gz")),
                ("x.txz", packed(TREE, "w:xz")),
            ]
        )
    )
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[-data.draw(st.integers(1, min(len(whole), 600)))] = data.draw(st.integers(0, 255))
    found = seen(bytes(changed), name)
    assert found.weight < 10_000


def test_a_directory_of_nothing_weighs_what_it_takes_to_read() -> None:
    """So that a layer of such archives is not read to its end."""
    empty = zipped(dict.fromkeys(map(str, range(2000)), b""))
    assert seen(empty, "x.zip").weight >= 60_000


def test_which_files_are_looked_at() -> None:
    assert is_archive(b"PK\x03\x04", b"a.jar", archive.SMALLEST)
    assert is_archive(b"\x1f\x8b\x08\0\0\0", b"a.tar.gz", archive.SMALLEST)
    assert not is_archive(b"PK\x03\x04", b"a.jar", archive.SMALLEST - 1)
    assert not is_archive(b"PK\x03\x04", b"a.docx", archive.SMALLEST)
    assert not is_archive(b"plain text", b"a.tgz", archive.SMALLEST)
    assert not is_archive(b"\x1f\x8b\x08\0\0\0", b"a.js.gz", archive.SMALLEST)


@pytest.mark.parametrize("step", [1 << 20, 5000])
def test_a_layer_keeps_what_its_archives_hold_and_no_more_than_fits(step: int) -> None:
    inner = zipped({f"lib/{at}.jar": noise(2_000, at) for at in range(60)})
    data = tar([file(f"app/{at}.jar", inner) for at in range(40)] + [file("etc/passwd", b"root\n")])
    table = LayerTable(blob_bytes=len(data) // 100)
    walker = walk(table, extract=True, keeps=KEEPS)
    next(walker)
    for at in range(0, len(data), step):
        walker.send(data[at : at + step])
    with pytest.raises(StopIteration):
        walker.send(b"")
    assert 10 < len(table.archives) < 40
    assert {len(found.nested) for found in table.archives.values()} == {60}
    assert [table.path(row) for row in table.texts] == [b"etc/passwd"]
    assert not table.warnings
