"""Whatever an entry is named and of whatever type it is: each of its bytes is a file's, or has a label."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import slim
from slim.files.blob import scan_blob
from slim.files.overlay import resolve
from slim.files.pull_shares import END, HEADERS, OTHER, PADDING
from slim.files.table import Kind
from slim.report.untrusted import bare
from tests.support.building import Entry, MemoryBlob, file, image, layer, save

NAMES = (
    *("", ".", "/", "./", "..", "a/..", "//", "f", "d/", "d/.", "/f", "../f", ".wh.f"),
    *("d/.wh..wh..opq", ".wh..wh.plnk", ".wh..wh.plnk/f", ".wh.d/f", "\n", "\xff"),
)
TYPES = (b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"V", b"D", b"A")
CONTENT = b"x" * 7


@pytest.mark.parametrize(("name", "type"), [*product(NAMES, TYPES)])
def test_each_byte_is_a_file_s_or_has_a_label(name: str, type: bytes) -> None:
    is_directory = type == b"\0" and name.endswith("/")
    content = b"" if type in b"123456" or is_directory else CONTENT
    entry = Entry(name.encode("latin-1"), type, content, link=b"t")
    new_layer = layer([entry, file("last", b"1")])
    table = scan_blob(MemoryBlob(new_layer.blob), verify=False)
    files = sum(
        stored for kind, stored in zip(table.kind, table.stored, strict=True) if kind == Kind.FILE
    )
    labels = {label: tar for label, (tar, _) in table.labels.items()}
    headers = 512 * 2
    assert labels.pop(HEADERS) == headers
    assert labels.pop(PADDING) == (-len(content) % 512) + 511
    assert labels.pop(END) == 1024
    assert labels.pop(OTHER, 0) + files == len(content) + 1
    assert not labels
    shown = resolve([table])
    assert sum(table.size) == files
    assert bytes(shown.kind).count(Kind.FILE) == bytes(table.kind).count(Kind.FILE)


def test_the_byte_of_a_file_without_a_name_is_in_the_report(tmp_path: Path) -> None:
    sample = image(layer([Entry(b"", content=b"1"), file("f", b"xy")]))
    report = slim.analyze(save(sample, tmp_path / "image", "docker"), advice=False)
    labels = {label.label: label.tar_bytes for label in report.layers[0].labels}
    assert labels[OTHER] == 1
    assert [
        (warning.id, bare(warning.text))
        for warning in report.warnings
        if warning.id != "orphan-blob"
    ] == [("empty-name", "an entry without a name: ignored, with 1 B of content")]
