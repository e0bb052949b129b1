"""Layers that are known by their table of contents: what it says, what it costs, and when it lies."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

import slim
from slim.errors import SlimError
from slim.limits import Limits
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Entry, delete, directory, file, hardlink, symlink
from tests.support.checked import checked_analyze
from tests.support.fake_registry import Answer, Fake, Request
from tests.support.lazy_layers import Change, Maker, Table, chunked, estargz, served

FIRST = [
    directory("etc/"),
    file("etc/a", b"a" * 50_000),
    file("etc/empty"),
    file("etc/b", bytes(range(256)) * 400),
    symlink("etc/link", "a"),
    hardlink("etc/hard", "etc/a"),
    file("srv/same", b"same" * 2000, mode=0o600),
]
SECOND = [
    delete("etc/b"),
    file("etc/a", b"other" * 9000),
    file("srv/same", b"same" * 2000, mode=0o644),
    file("srv/copy", b"same" * 2000),
]
MAKERS: list[Maker] = [estargz, chunked]


def files(report: slim.Report) -> dict[str, tuple[int, int]]:
    """Path → (bytes on disk, bytes of the pull)."""
    return {bare(file.path): (file.disk_bytes, file.pull_bytes) for file in report.largest_files}


@pytest.mark.parametrize("make", MAKERS)
@LONG
def test_a_table_says_what_the_layers_would(make: Maker) -> None:
    with served(make(FIRST), make(SECOND)) as fake:
        lazy = checked_analyze(fake.name, registry=fake.access())
        full = checked_analyze(fake.name, registry=fake.access(), full=True)
    assert full.source.verified
    assert not lazy.source.verified
    assert [layer.verified for layer in lazy.layers] == [False, False]
    extra = {"stargz.index.json"}
    known = {path: sizes for path, sizes in files(full).items() if path not in extra}
    assert {path: sizes for path, sizes in files(lazy).items() if path not in extra} == known
    assert known["etc/a"][0] == 45_000
    for name in ("pull_bytes", "disk_bytes", "live_bytes", "dead_bytes", "files", "live_files"):
        assert getattr(lazy.totals, name) == getattr(full.totals, name), name
    if make is chunked:
        assert lazy.waste == full.waste
    # eStargz's table is a file of the layer, whose share is only estimated where the layer is read.
    assert [(group.kind, group.disk_bytes) for group in lazy.waste] == [
        (group.kind, group.disk_bytes) for group in full.waste
    ]
    ids = [warning.id for warning in lazy.warnings]
    assert ids.count("contents-not-verified") == 2
    assert "contents-not-verified" not in [warning.id for warning in full.warnings]


@LONG
@pytest.mark.parametrize("make", MAKERS)
def test_about_a_hundredth_of_a_large_image_is_transferred(make: Maker) -> None:
    """A large image in small: 40 MB that do not compress, in files of the usual size."""
    noise = random.Random(7)  # noqa: S311 - filler
    entries = [
        file(f"usr/lib/python3/dist-packages/m{n // 50}/f{n}", noise.randbytes(40_000))
        for n in range(1000)
    ]
    layer = make(entries, chunk=4 << 20) if make is estargz else make(entries)
    with served(layer) as fake:
        report = slim.analyze(fake.name, registry=fake.access())
        assert report.totals.files == 1000 + (make is estargz)
        assert report.totals.pull_bytes == len(layer.blob) > 40_000_000
        assert fake.sent < len(layer.blob) / 100
        documents = len(fake.manifest) + sum(
            len(blob) for blob in fake.blobs.values() if blob is not layer.blob
        )
        assert fake.sent == documents + layer.toc_bytes
        (warning,) = [
            warning for warning in report.warnings if warning.id == "contents-not-verified"
        ]
        assert f"{layer.toc_bytes:,} of {len(layer.blob):,} bytes" in bare(warning.text)


@pytest.mark.parametrize("make", MAKERS)
def test_rules_about_names_advise_and_are_not_certain(make: Maker) -> None:
    cache = [file(f"var/cache/apt/archives/p{n}.deb", bytes([n]) * 400_000) for n in range(5)]
    with served(make(cache), make([delete("var/cache/apt/archives/p0.deb")])) as fake:
        lazy = slim.analyze(fake.name, registry=fake.access())
        full = slim.analyze(fake.name, registry=fake.access(), full=True)
    assert [finding.rule for finding in lazy.findings] == [
        finding.rule for finding in full.findings
    ]
    assert "LYR001" in [finding.rule for finding in lazy.findings]
    for finding in lazy.findings:
        if finding.rule.startswith("LYR"):
            assert (finding.confidence, finding.safety) == ("certain", "safe")
        else:
            assert finding.confidence != "certain"
            assert finding.safety != "safe"


@pytest.mark.parametrize("make", MAKERS)
def test_without_a_digest_in_the_manifest_a_table_is_not_believed(make: Maker) -> None:
    with served(replace(make(FIRST), annotations={})) as fake:
        report = slim.analyze(fake.name, registry=fake.access())
    assert report.source.verified
    assert report.layers[0].tar_bytes == len(make(FIRST).tar)


@pytest.mark.parametrize("make", MAKERS)
def test_an_annotation_that_was_left_on_another_blob_promises_nothing(make: Maker) -> None:
    """skopeo does that when it finds a blob of the same contents in the registry."""
    other = estargz if make is chunked else chunked
    left = replace(other(FIRST), annotations=make(FIRST).annotations)
    with served(left) as fake:
        assert slim.analyze(fake.name, registry=fake.access()).source.verified


@pytest.mark.parametrize("make", MAKERS)
def test_a_registry_without_ranges_is_read_as_a_whole(make: Maker) -> None:
    def whole(fake: Fake, request: Request) -> Answer | None:
        data = fake.blobs.get(request.path.rpartition("/")[2])
        return Answer(200, data) if data else None

    with served(make(FIRST)) as fake:
        fake.script = whole
        assert slim.analyze(fake.name, registry=fake.access()).source.verified


def first(**fields: Any) -> Change:
    """Change the first file that has bytes."""

    def change(table: Table) -> None:
        next(row for row in table if row.get("size")).update(fields)

    return change


def drop(*names: str) -> Change:
    def change(table: Table) -> None:
        for row in table:
            for name in names:
                row.pop(name, None)

    return change


def overlap(table: Table) -> None:
    large = [row for row in table if row.get("size")]
    large[1].update(offset=large[0]["offset"] + 1)


LIES: list[tuple[str, Change, str, int]] = [
    ("offset behind the table", first(offset=1 << 40, endOffset=(1 << 40) + 1), "bad-toc", 3),
    ("negative offset", first(offset=-1), "bad-document", 3),
    ("offset that is not a number", first(offset="7"), "bad-document", 3),
    ("negative size", first(size=-1), "bad-document", 3),
    ("absurd size", first(size=1 << 62, chunkSize=0), "limit-layer-bytes", 5),
    ("chunk larger than its file", first(size=10, chunkSize=11, offset=1 << 50), "bad-toc", 3),
    ("unknown type", first(type="socket"), "bad-toc", 3),
    ("chunk of nothing", lambda table: table.insert(0, {"type": "chunk", "name": "x"}), "bad-toc", 3),
    ("no name", first(name=""), "bad-toc", 3),
    ("name with NUL", first(name="a\0b"), "bad-toc", 3),
    ("no digest", drop("digest"), "bad-document", 3),
    ("digest that is none", first(digest="sha256:../../x"), "bad-document", 3),
    ("name in another case", lambda table: table.append({"Type": "reg", "name": "x"}), "bad-document", 3),
    ("path too deep", first(name="d/" * 600 + "f"), "limit-path-depth", 5),
    ("invalid whiteout", first(name="etc/.wh."), "invalid-whiteout", 3),
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("lie", "slug", "code"), [lie[1:] for lie in LIES], ids=[x[0] for x in LIES]
)
def test_lies_of_a_table_end_in_one_error(make: Maker, lie: Change, slug: str, code: int) -> None:
    with served(make(FIRST, lie)) as fake, pytest.raises(SlimError) as refused:
        slim.analyze(fake.name, registry=fake.access())
    assert (refused.value.slug, refused.value.exit_code) == (slug, code), refused.value.message


def test_files_in_the_same_bytes_are_refused() -> None:
    with served(chunked(FIRST, overlap)) as fake, pytest.raises(SlimError) as refused:
        slim.analyze(fake.name, registry=fake.access())
    assert refused.value.slug == "bad-toc"


@pytest.mark.parametrize("make", MAKERS)
def test_a_whiteout_with_contents_is_no_file(make: Maker) -> None:
    contents = [file("etc/.wh.b", b"x" * 5000), file("etc/c", b"y" * 100)]
    with served(make(FIRST), make(contents)) as fake:
        lazy = checked_analyze(fake.name, registry=fake.access())
        full = slim.analyze(fake.name, registry=fake.access(), full=True)
    labels = {label.label: label for label in lazy.layers[1].labels}
    expected = {label.label: label for label in full.layers[1].labels}
    label = "[other entries]"
    assert labels[label].tar_bytes == expected[label].tar_bytes == 5000
    assert 0 < labels[label].pull_bytes < lazy.layers[1].pull_bytes


def test_several_small_files_in_one_member_share_it_by_size() -> None:
    """`innerOffset`: eStargz with a minimal size of chunks."""

    def join(table: Table) -> None:
        large = [row for row in table if row.get("offset") and row["type"] == "reg"]
        large[1].update(offset=large[0]["offset"], innerOffset=large[0]["size"])

    entries = [file("a", b"x" * 3000), file("b", b"y" * 1000), file("c", b"z" * 500)]
    layer = estargz(entries)
    with served(layer) as fake:
        alone = files(slim.analyze(fake.name, registry=fake.access()))
    with served(estargz(entries, join)) as fake:
        shared = files(checked_analyze(fake.name, registry=fake.access()))
    both = alone["a"][1] + alone["b"][1]
    assert shared["a"][1] + shared["b"][1] == both
    assert shared["a"][1] == both * 3 // 4
    assert shared["c"] == alone["c"]


@pytest.mark.parametrize("make", MAKERS)
def test_another_table_than_the_manifest_names_is_refused(make: Maker) -> None:
    layer = make(FIRST)
    notes = {
        name: f"sha256:{'0' * 64}" if value.startswith("sha256:") else value
        for name, value in layer.annotations.items()
    }
    with served(replace(layer, annotations=notes)) as fake, pytest.raises(SlimError) as refused:
        slim.analyze(fake.name, registry=fake.access())
    assert (refused.value.slug, refused.value.exit_code) == ("toc-digest", 4)


@pytest.mark.parametrize(
    ("position", "slug"),
    [("{0}:{1}:{2}:1", "limit-toc-bytes"), ("9999999999:5:5:1", "bad-toc"), ("0:1:1:1", "toc-digest")],
)  # fmt: skip
def test_positions_of_a_table_are_bounded(position: str, slug: str) -> None:
    layer = chunked(FIRST)
    key = "io.github.containers.zstd-chunked.manifest-position"
    shown = position.format(*layer.annotations[key].split(":"))
    limits = Limits(toc_bytes=64)
    changed = replace(layer, annotations={**layer.annotations, key: shown})
    with served(changed) as fake, pytest.raises(SlimError) as refused:
        slim.analyze(fake.name, registry=fake.access(), limits=limits)
    assert refused.value.slug == slug


def test_a_table_that_unfolds_to_more_than_it_says_is_refused() -> None:
    layer = chunked([Entry(b"a", content=b"x" * 100_000)])
    key = "io.github.containers.zstd-chunked.manifest-position"
    at, stored, size, kind = layer.annotations[key].split(":")
    shown = {**layer.annotations, key: f"{at}:{stored}:{int(size) - 1}:{kind}"}
    with served(replace(layer, annotations=shown)) as fake, pytest.raises(SlimError) as refused:
        slim.analyze(fake.name, registry=fake.access())
    assert refused.value.slug == "limit-toc-bytes"
