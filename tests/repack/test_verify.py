"""The comparison that a certificate rests on finds every way in which two filesystems can differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from slim import pipeline
from slim.files.options import ReadOptions
from slim.formats.certificate.verified import render_verified
from slim.image.ref import ImageRef
from slim.repack.verify import Verified
from tests.support.building import (
    Entry,
    Parts,
    delete,
    device,
    directory,
    entries,
    file,
    hardlink,
    image,
    layer,
    save,
    symlink,
)

XATTR = ((b"SCHILY.xattr.security.capability", b"\1\0\0\2"),)


def compared(folder: Path, before: Sequence[Parts], after: Sequence[Parts]) -> Verified:
    paths = [
        save(image(*map(layer, layers)), folder / f"{name}.tar")
        for name, layers in (("before", before), ("after", after))
    ]
    source, result = (ImageRef(str(path)) for path in paths)
    return pipeline.verify(source, result, ReadOptions())


def differences(folder: Path, before: Sequence[Parts], after: Sequence[Parts]) -> dict[str, str]:
    found = compared(folder, before, after)
    assert found.holds == (not found.images[0].proof.differences)
    return {difference.path: difference.what for difference in found.images[0].proof.differences}


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (file("f", b"1"), file("f", b"2"), "content"),
        (file("f", b"1"), file("f", b"12"), "size, content"),
        (file("f", mode=0o644), file("f", mode=0o600), "mode"),
        (file("f", mode=0o755), file("f", mode=0o4755), "mode"),
        (file("f"), file("f", uid=1), "owner"),
        (file("f"), file("f", gid=1), "owner"),
        (file("f"), file("f", mtime=1), "time"),
        (file("f"), file("f", pax=((b"mtime", b"0.5"),)), "time"),
        (file("f"), file("f", pax=XATTR), "xattrs"),
        (symlink("f", "a"), symlink("f", "b"), "link target"),
        (symlink("f", "a"), file("f"), "type, link target"),
        (device("f", 1, 3), device("f", 1, 5), "device"),
        (device("f", 1, 3), device("f", 1, 3, type=b"4"), "type"),
        (directory("f"), file("f"), "type"),
        (directory("f"), directory("f", mode=0o700), "mode"),
        (directory("f"), directory("f", uid=5), "owner"),
    ],
    ids=lambda value: value.name.decode() if isinstance(value, Entry) else value,
)
def test_every_attribute(tmp_path: Path, before: Entry, after: Entry, what: str) -> None:
    assert differences(tmp_path, [[before]], [[after]]) == {"f": what}
    assert differences(tmp_path, [[before]], [[before]]) == {}


def test_paths_of_one_side(tmp_path: Path) -> None:
    found = differences(tmp_path, ["d/ d/a=1 d/b=2"], ["d/ d/a=1 e->d"])
    assert found == {"d/b": "only in the source", "e": "only in the result"}


def test_names_of_one_file(tmp_path: Path) -> None:
    assert differences(tmp_path, ["a=1 b=>a c=1"], ["a=1 b=1 c=>a"]).keys() == {"b", "c"}


def test_how_layers_are_cut_makes_no_difference(tmp_path: Path) -> None:
    before = ["d/ d/a=1 d/b=2 x=3", ".wh.x d/ d/b=4", "l->d"]
    assert differences(tmp_path, before, ["d/ d/a=1 d/b=4 l->d"]) == {}
    assert differences(tmp_path, before, ["l->d", "d/ d/b=4", "d/ d/a=1"]) == {}


def test_a_directory_without_an_entry_is_as_engines_make_it(tmp_path: Path) -> None:
    assert differences(tmp_path, ["d/a=1"], [[directory("d", mtime=9), *entries("d/a=1")]]) == {}
    closed = [directory("d", mode=0o700), *entries("d/a=1")]
    assert differences(tmp_path, ["d/a=1"], [closed]) == {"d": "mode"}


def test_records_and_headers_that_say_the_same_are_the_same(tmp_path: Path) -> None:
    name = "n" * 150
    stack = [[file(name, b"1", mtime=7)]]
    records = [[file("short", b"1", pax=((b"path", name.encode()), (b"mtime", b"7.000")))]]
    assert differences(tmp_path, stack, records) == {}


def test_a_metadata_change_alone_is_found_in_the_layer_that_made_it(tmp_path: Path) -> None:
    before = [[file("f", b"same", mode=0o600)], [file("f", b"same", mode=0o644)]]
    assert differences(tmp_path, before, [[file("f", b"same", mode=0o644)]]) == {}
    assert differences(tmp_path, before, before[:1]) == {"f": "mode"}


def test_all_differences_are_counted_and_a_thousand_listed(tmp_path: Path) -> None:
    many = [[file(f"f{number}") for number in range(1_200)]]
    proof = compared(tmp_path, many, [[]]).images[0].proof
    assert (len(proof.differences), proof.omitted_differences) == (1_000, 200)


def test_a_dropped_link_leaves_the_names_of_the_others(tmp_path: Path) -> None:
    stack = [[file("a", b"1"), hardlink("b", "a"), hardlink("c", "a")], [delete("a")]]
    assert differences(tmp_path, stack, ["b=1 c=>b"]) == {}
    assert differences(tmp_path, stack, ["b=1 c=1"]) == {"c": "hard links"}


def test_layers_that_engines_unpack_differently_are_named(tmp_path: Path) -> None:
    """containerd and buildah delete what this header is named after, docker does not."""
    header_entry = Entry(b".wh.f", b"g", content=b"13 comment=x\n")
    found = compared(tmp_path, ["f=1", [header_entry, file("g")]], ["f=1 g="])
    assert found.holds
    assert found.images[0].divergent == (("source", 1, ("global-header",)),)
    text = " ".join(render_verified(found).split())
    assert "Engines unpack layer 1 of the source differently (global-header)" in text
    same = compared(tmp_path, ["f=1 g="], ["f=1 g="])
    assert "differently" not in render_verified(same)
