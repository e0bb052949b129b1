"""The outer container: docker-archives and OCI layouts, whole and broken, in tars and directories."""

from __future__ import annotations

import gzip
import lzma
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import slim
from slim.image.directory import DirectoryArchive
from slim.limits import DEFAULT_LIMITS
from tests.conftest import LONG
from tests.support import building
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import (
    FORMATS,
    archive,
    delete,
    encode,
    file,
    image,
    layer,
    save,
    tar,
    zstandard,
)
from tests.support.building import gzip as gzipped
from tests.support.layouts import (
    BYE,
    DROP,
    HELLO,
    Members,
    blob_name,
    config,
    docker,
    entry,
    index,
    pack,
    packed,
    simple,
    stored,
    unpack,
    with_config,
    world,
    write,
)

SMALL = image(layer({"etc/a": b"one"}, created_by="COPY a /etc/a"), layer(delete("etc/a")))


def saved(form: str) -> Callable[[Path], Path]:
    return lambda folder: save(SMALL, folder / "image", form)


def spread(members: Members) -> Callable[[Path], Path]:
    return lambda folder: unpack(folder, members)


def both_worlds(oci: Members, **changes: Any) -> Members:
    """A layout with a sound manifest.json of HELLO and BYE in it, as docker 25 saves them."""
    settings = config(HELLO, BYE)
    names = (blob_name(HELLO.blob), blob_name(BYE.blob))
    listed = {
        "Config": blob_name(settings),
        "RepoTags": ["app:1"],
        "Layers": list(names),
        **changes,
    }
    blobs = {blob_name(data): data for data in (settings, HELLO.blob, BYE.blob)}
    return {**oci, **blobs, "manifest.json": encode([listed])}


def linked(target: str, more: Members | None = None) -> Members:
    """A docker-archive whose second layer is a link."""
    members = docker(config(HELLO, HELLO), HELLO, HELLO)
    return {**members, "1/layer.tar": target, **(more or {})}


def chain(hops: int) -> Members:
    """A layer behind this many links."""
    links: Members = {f"l{n}": f"l{n + 1}" for n in range(1, hops)}
    return linked("../l1", {**links, f"l{hops}": "0/layer.tar"})


def tar_with(*items: building.Entry, end: bytes = building.END) -> bytes:
    """An image archive made entry by entry: the members of a docker-archive, and these."""
    members = docker(config(HELLO), HELLO)
    entries = [file(name, data) for name, data in members.items() if isinstance(data, bytes)]
    return tar([*entries, *items], end)


OTHER = encode([{"Config": "other.json", "RepoTags": ["other:1"], "Layers": ["1/layer.tar"]}])
"""A manifest.json that names another image."""


def hidden_by(*items: building.Entry) -> bytes:
    """A member between the others that is read as something else by a reader that miscounts."""
    members = docker(config(HELLO), HELLO)
    entries = [file(name, data) for name, data in members.items() if isinstance(data, bytes)]
    return tar([*items, *entries])


def smuggled() -> bytes:
    """A tar in which manifest.json names the other layer, to be hidden in a body."""
    return tar([file("manifest.json", OTHER)], b"")


TWO_IMAGES = encode(
    [
        {"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["0/layer.tar"]},
        {"Config": "other.json", "RepoTags": ["app:2"], "Layers": ["1/layer.tar"]},
    ]
)
TWO = {
    **docker(config(HELLO), HELLO),
    "other.json": config(BYE),
    "1/layer.tar": BYE.blob,
    "manifest.json": TWO_IMAGES,
}
ONE_ORPHAN = {**simple(HELLO), blob_name(b"nobody's"): b"nobody's"}

ATTACKS = (
    Attack(
        id="O1",
        given="an OCI layout",
        make=saved("oci-dir"),
        counts={"source.format": "oci-dir", "totals.layers": 2},
    ),
    Attack(
        id="O1-version",
        given="oci-layout of version 1.1.0",
        make=packed({**simple(HELLO), "oci-layout": encode({"imageLayoutVersion": "1.1.0"})}),
        error="layout-version",
        says=("'1.1.0'",),
    ),
    Attack(
        id="O1-no-index",
        given="oci-layout without index.json",
        make=packed({name: data for name, data in simple(HELLO).items() if name != "index.json"}),
        error="missing-blob",
        says=("index.json",),
    ),
    Attack(
        id="O1-no-layout",
        given="index.json without oci-layout",
        make=packed({name: data for name, data in simple(HELLO).items() if name != "oci-layout"}),
        error="missing-blob",
        says=("oci-layout",),
    ),
    Attack(
        id="O1-extra",
        given="files in a layout that the specification does not know",
        make=spread({**simple(HELLO), "README": b"hello", "more/of/it": b"x"}),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O2",
        given="a docker-archive as before Docker 25",
        make=saved("docker-old"),
        counts={"source.format": "docker-archive", "totals.layers": 2},
    ),
    Attack(
        id="O2-v1",
        given="repositories without manifest.json",
        make=packed({"repositories": b"{}", "x/layer.tar": HELLO.blob}),
        error="docker-v1",
        says=("before Docker 1.10",),
    ),
    Attack(
        id="O2-nothing",
        given="a tar with nothing that makes an image",
        make=packed({"hello": b"hello"}),
        error="not-an-image",
    ),
    Attack(
        id="O2-no-tar",
        given="a file that is not a tar archive",
        make=stored(b"x" * 5000),
        error="not-an-image",
    ),
    Attack(id="O2-empty", given="an empty file", make=stored(b""), error="not-an-image"),
    Attack(
        id="O2-null",
        given="manifest.json with null",
        make=packed({"manifest.json": b"null"}),
        error="bad-document",
    ),
    Attack(
        id="O2-none",
        given="manifest.json with no image",
        make=packed({"manifest.json": b"[]"}),
        error="no-image",
    ),
    Attack(
        id="O2-count",
        given="manifest.json with more layers than diff ids",
        make=packed(docker(config(HELLO), HELLO, BYE)),
        error="layer-count",
        says=("2 layers", "1 diff ids"),
    ),
    Attack(
        id="O3",
        given="a docker-archive of Docker 25: both worlds, a legacy config per layer",
        make=saved("docker"),
        warns="orphan-blob",
        says=("2 blobs of",),
        counts={"source.format": "docker-archive", "totals.layers": 2, "image.tags": ["app:1"]},
    ),
    Attack(
        id="O3-other",
        given="index.json and manifest.json that describe different images",
        make=packed(
            {
                **simple(HELLO),
                "manifest.json": OTHER,
                "other.json": config(BYE),
                "1/layer.tar": BYE.blob,
            }
        ),
        warns="manifest-differs",
        counts={"totals.live_bytes": 5},
    ),
    Attack(
        id="O4-no-layers",
        given="an index whose manifest has no layers, beside a sound manifest.json",
        make=packed(both_worlds(with_config(config(HELLO, BYE)))),
        warns="docker25-index-broken",
        counts={"totals.layers": 2, "totals.live_bytes": 13},
    ),
    Attack(
        id="O4-order",
        given="an index with the layers in another order than the config's diff ids",
        make=packed(both_worlds(with_config(config(HELLO, BYE), BYE, HELLO))),
        options={"verify": False},
        warns="docker25-index-broken",
        counts={"totals.layers": 2, "image.digest": ""},
    ),
    Attack(
        id="O4-order-alone",
        given="the same without manifest.json",
        make=packed(with_config(config(HELLO, BYE), BYE, HELLO)),
        error="layer-diff-id",
        code=4,
    ),
    Attack(
        id="O4-null",
        given='"manifests": null beside a sound manifest.json',
        make=packed(both_worlds(world(index(manifests=None)))),
        warns="docker25-index-broken",
        counts={"totals.layers": 2},
    ),
    Attack(
        id="O4-missing",
        given="an index whose manifest is not there, beside a sound manifest.json",
        make=packed(both_worlds(world(index(entry(b"gone"))))),
        warns="docker25-index-broken",
        counts={"totals.layers": 2},
    ),
    Attack(
        id="O5",
        given="a repeated layer that is a symbolic link to the first",
        make=packed(linked("../0/layer.tar")),
        counts={"totals.layers": 2, "totals.live_files": 1, "totals.dead_bytes": 5},
    ),
    Attack(
        id="O5-missing",
        given="a layer that links to a member that is not there",
        make=packed(linked("../2/layer.tar")),
        error="broken-link",
        says=("'1/layer.tar'", "'2/layer.tar'"),
    ),
    Attack(
        id="O5-self",
        given="a layer that links to itself",
        make=packed(linked("layer.tar")),
        error="broken-link",
        says=("circle",),
    ),
    Attack(
        id="O5-cycle",
        given="two layers that link to each other",
        make=packed(linked("../2/layer.tar", {"2/layer.tar": "../1/layer.tar"})),
        error="broken-link",
        says=("circle",),
    ),
    Attack(
        id="O5-hops",
        given="a layer behind eight links",
        make=packed(chain(7)),
        counts={"totals.layers": 2},
    ),
    Attack(
        id="O5-more-hops",
        given="a layer behind ten links",
        make=packed(chain(9)),
        error="broken-link",
        says=("more than 8",),
    ),
    Attack(
        id="O5-host",
        given="a layer that links to /etc/passwd of the host",
        make=packed(linked("/etc/passwd")),
        error="broken-link",
        says=("'etc/passwd'",),
    ),
    Attack(
        id="O5-up",
        given="a layer that links out of the archive",
        make=packed(linked("../../../../../../etc/passwd")),
        error="broken-link",
        says=("'etc/passwd'",),
    ),
    Attack(
        id="O6",
        given="two images, no choice",
        make=packed(TWO),
        error="ambiguous-image",
        code=2,
        says=("app:1", "app:2"),
    ),
    Attack(
        id="O6-tag",
        given="two images, the second chosen by tag",
        make=packed(TWO),
        options={"tag": "app:2"},
        counts={"totals.live_bytes": 8, "image.tags": ["app:2"]},
    ),
    Attack(
        id="O6-index",
        given="two images, the second chosen by position",
        make=packed(TWO),
        options={"image_index": 1},
        counts={"totals.live_bytes": 8},
    ),
    Attack(
        id="O6-no-tag",
        given="a tag that no image has",
        make=packed(TWO),
        options={"tag": "app:3"},
        error="no-such-tag",
        code=2,
    ),
    Attack(
        id="O6-no-index",
        given="a position beyond the images",
        make=packed(TWO),
        options={"image_index": 2},
        error="no-such-image",
        code=2,
    ),
    Attack(
        id="O7-absolute",
        given="a config named /etc/passwd",
        make=packed(docker(config(HELLO), HELLO, Config="/etc/passwd")),
        error="bad-document",
        says=("outside the archive",),
    ),
    Attack(
        id="O7-up",
        given="a layer named ../../etc/passwd",
        make=packed(docker(config(HELLO), HELLO, Layers=["../../etc/passwd"])),
        error="bad-document",
        says=("outside the archive",),
    ),
    Attack(
        id="O7-nul",
        given="a layer name with a NUL byte",
        make=packed(docker(config(HELLO), HELLO, Layers=["0/layer.tar\0.txt"])),
        error="bad-document",
    ),
    Attack(
        id="O7-none",
        given="an image without a config",
        make=packed(docker(config(HELLO), HELLO, Config=DROP)),
        error="bad-document",
    ),
    Attack(
        id="O7-missing",
        given="a layer that is not in the archive",
        make=packed(docker(config(HELLO), HELLO, Layers=["9/layer.tar"])),
        error="missing-blob",
        says=("9/layer.tar",),
    ),
    Attack(
        id="O8",
        given="one layer file listed for two diff ids",
        make=packed(docker(config(HELLO, BYE), HELLO, names=("0/layer.tar", "0/layer.tar"))),
        error="layer-diff-id",
        code=4,
    ),
    Attack(
        id="O8-unverified",
        given="the same, unverified",
        make=packed(docker(config(HELLO, BYE), HELLO, names=("0/layer.tar", "0/layer.tar"))),
        options={"verify": False},
        warns="layer-path-reused",
        counts={"source.verified": False},
    ),
    Attack(
        id="O8-same",
        given="one layer file listed twice for one diff id",
        make=packed(docker(config(HELLO, HELLO), HELLO, names=("0/layer.tar", "0/layer.tar"))),
        quiet="layer-path-reused",
        counts={"totals.layers": 2},
    ),
    *(
        Attack(
            id=f"O9-{kind}",
            given=f"an archive compressed as a whole with {kind}",
            make=stored(squeeze(archive(docker(config(HELLO), HELLO)))),
            counts={"source.compression": kind, "totals.live_bytes": 5},
        )
        for kind, squeeze in (("gzip", gzipped), ("zstd", zstandard), ("xz", lzma.compress))
    ),
    Attack(
        id="O9-twice",
        given="an archive compressed twice",
        make=stored(gzipped(gzipped(archive(simple(HELLO))))),
        error="not-an-image",
        outcome="error not-an-image: one layer of compression is undone, never more",
    ),
    Attack(
        id="O9-cut",
        given="a compressed archive that is cut off",
        make=stored(gzipped(archive(simple(HELLO)))[:-30]),
        error="archive-truncated",
    ),
    Attack(
        id="O9-inner-cut",
        given="a cut archive, compressed afterwards",
        make=stored(gzipped(tar_with(file("big", b"x" * 3000))[:-3000])),
        error="archive-truncated",
    ),
    Attack(
        id="O9-inner-cut-big",
        given="a cut archive with a large member, compressed afterwards",
        make=stored(gzipped(tar_with(file("big", bytes(3 << 20)))[: -(1 << 20)])),
        error="archive-truncated",
    ),
    Attack(
        id="O10-clean",
        given="members named ./index.json and so on",
        make=packed({f"./{name}": data for name, data in simple(HELLO).items()}),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O10-differs",
        given="two different members named manifest.json",
        make=stored(tar_with(file("manifest.json", OTHER))),
        error="duplicate-member",
        says=("'manifest.json'",),
    ),
    Attack(
        id="O10-layer-differs",
        given="two different members of a layer's name",
        make=stored(tar_with(file("0/layer.tar", BYE.blob))),
        error="duplicate-member",
    ),
    Attack(
        id="O10-same",
        given="a member twice with the same bytes",
        make=stored(tar_with(file("./0/layer.tar", HELLO.blob))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O10-link",
        given="a layer, and a link of its name",
        make=stored(tar_with(building.symlink("0/layer.tar", "../1/layer.tar"))),
        error="duplicate-member",
    ),
    Attack(
        id="O10-unused",
        given="different members of a name that nothing refers to",
        make=stored(tar_with(file("x", b"1"), file("x", b"2"))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O10-pax-name",
        given="members with their names in PAX records",
        make=stored(
            tar(
                [
                    file("x", data, pax=((b"path", name.encode()),))
                    for name, data in docker(config(HELLO), HELLO).items()
                    if isinstance(data, bytes)
                ]
            )
        ),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O10-sparse",
        given="a member that is stored as an old GNU sparse file",
        make=stored(tar_with(file("x", b"x" * 600, type=b"S"))),
        error="sparse-member",
    ),
    Attack(
        id="O10-pax-sparse",
        given="a member that is stored as a PAX sparse file",
        make=stored(
            tar_with(
                file("x", b"x", pax=((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0")))
            )
        ),
        error="sparse-member",
    ),
    Attack(
        id="O10-slash",
        given="a regular member named with a trailing slash, with a tar in its body",
        make=stored(hidden_by(file("x/", smuggled()))),
        counts={"totals.live_bytes": 5},
        outcome="the body is passed over, as Go does: the members in it stay unseen",
    ),
    Attack(
        id="O10-global",
        given="a PAX path, then a global header, then another member",
        make=stored(
            building.extension(b"x", building.pax_record(b"path", b"manifest.json"))
            + building.extension(b"g", building.pax_record(b"comment", b"x"))
            + tar([file("x", OTHER)], b"")
            + tar_with()
        ),
        counts={"totals.live_bytes": 5},
        outcome="the global header ends what was said about the next entry, as in Go",
    ),
    Attack(
        id="O10-zero",
        given="one zero block between members",
        make=stored(tar_with(end=bytes(512)) + smuggled() + building.END),
        error="not-an-image",
        says=("zero block",),
    ),
    Attack(
        id="O10-after-end",
        given="a second archive after the end of the first",
        make=stored(tar_with() + tar([file("manifest.json", b"null")])),
        counts={"totals.live_bytes": 5},
        outcome="what follows the end of the archive is not read, as in every engine",
    ),
    Attack(
        id="O11",
        given="an archive with index.json last",
        make=packed(dict(reversed(simple(HELLO).items()))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="O11-pipe",
        given="an archive from a pipe",
        outcome="read from a temporary copy; the same report",
        proof="test_a_pipe_is_read_like_a_file",
    ),
    Attack(
        id="O12-link",
        given="a layout directory with a symbolic link as a blob",
        make=spread({**simple(HELLO), blob_name(HELLO.blob): "/etc/passwd"}),
        error="unreadable",
        says=("symbolic link",),
    ),
    Attack(
        id="O12-index-link",
        given="a layout directory with a symbolic link as index.json",
        make=spread({**simple(HELLO), "index.json": "/etc/passwd"}),
        error="unreadable",
        says=("'index.json'", "symbolic link"),
    ),
    Attack(
        id="O12-folder-link",
        given="a layout directory whose blobs folder is a symbolic link",
        outcome="error missing-blob (exit code 3): what is behind the link is not looked at",
        proof="test_a_linked_blobs_folder_is_not_entered",
    ),
    Attack(
        id="O12-fifo",
        given="a layout directory with a FIFO as a blob",
        outcome="error unreadable (exit code 3), at once",
        proof="test_special_files_in_a_layout_are_refused",
    ),
    Attack(
        id="O12-many",
        given="a layout directory with more blobs than files can be open",
        outcome="read like any other",
        proof="test_a_layout_may_have_more_blobs_than_open_files",
    ),
    Attack(
        id="O12-docker",
        given="a docker-archive unpacked into a directory",
        make=spread(docker(config(HELLO), HELLO)),
        error="not-an-image",
        outcome="error not-an-image (exit code 3): only layouts are read from directories",
    ),
    Attack(
        id="O13-manifest",
        given="an index whose only manifest is missing",
        make=packed(world(index(entry(b"gone")))),
        error="missing-blob",
    ),
    Attack(
        id="O13-config",
        given="a manifest whose config is missing",
        make=packed({n: d for n, d in simple(HELLO).items() if n != blob_name(config(HELLO))}),
        error="missing-blob",
    ),
    Attack(
        id="O13-layer",
        given="a layer that is missing and not foreign",
        make=packed({n: d for n, d in simple(HELLO).items() if n != blob_name(HELLO.blob)}),
        error="missing-blob",
        says=("layer 0",),
    ),
    Attack(
        id="O14",
        given="a blob that nothing refers to",
        make=packed(ONE_ORPHAN),
        warns="orphan-blob",
        says=("1 blobs of 8 bytes",),
    ),
    Attack(
        id="O14-link",
        given="an orphan that is a dangling link",
        make=packed({**simple(HELLO), "blobs/sha256/00": "nowhere"}),
        warns="orphan-blob",
    ),
)


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_containers(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("squeeze", [None, gzip.compress, zstandard, lzma.compress])
def test_every_form_tells_the_same(
    form: str, squeeze: Callable[[bytes], bytes] | None, tmp_path: Path
) -> None:
    """However an image is wrapped, its layers are the same layers."""
    path = save(SMALL, tmp_path / "image", form)
    if squeeze is not None:
        if path.is_dir():
            return
        path.write_bytes(squeeze(path.read_bytes()))
    report = slim.analyze(path)
    archived = slim.analyze(save(SMALL, tmp_path / "plain", "oci-archive"))
    assert report.totals == archived.totals
    assert [layer.diff_id for layer in report.layers] == [
        layer.diff_id for layer in archived.layers
    ]
    assert report.waste == archived.waste
    assert report.source.archive_bytes == sum(
        file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file()
    )


@pytest.mark.parametrize("prefix", ["", "docker-archive:", "oci-archive:"])
def test_a_prefix_decides_between_two_worlds(prefix: str, tmp_path: Path) -> None:
    path = pack(tmp_path, both_worlds(simple(HELLO, BYE)))
    report = slim.analyze(f"{prefix}{path}")
    assert report.source.format == ("oci-archive" if prefix == "oci-archive:" else "docker-archive")
    assert bool(report.image.digest) == (prefix != "docker-archive:")


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        ("oci-dir:", "no-input"),
        ("oci-dir:{file}", "not-a-directory"),
        ("docker-archive:{folder}", "not-a-file"),
        ("oci-archive:{folder}", "not-a-file"),
    ],
)
def test_a_prefix_that_does_not_fit(ref: str, slug: str, tmp_path: Path) -> None:
    path = pack(tmp_path, simple(HELLO))
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(ref.format(file=path, folder=tmp_path))
    assert (caught.value.slug, caught.value.exit_code) == (slug, 2)


@LONG
def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    path = saved("docker")(tmp_path)
    command = [sys.executable, "-m", "slim", "analyze", "-o", "json"]
    done = subprocess.run([*command, "-"], input=path.read_bytes(), capture_output=True, check=True)
    with path.open("rb") as stdin:
        redirected = subprocess.run([*command, "-"], stdin=stdin, capture_output=True, check=True)
    direct = subprocess.run([*command, str(path)], capture_output=True, check=True)
    name = encode(str(path))
    assert done.stdout == redirected.stdout == direct.stdout.replace(name, b'"-"')


def test_a_linked_blobs_folder_is_not_entered(tmp_path: Path) -> None:
    root = unpack(tmp_path, simple(HELLO))
    (root / "blobs").rename(tmp_path / "elsewhere")
    (root / "blobs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(root)
    assert caught.value.slug == "missing-blob"


@pytest.mark.parametrize("member", ["index.json", blob_name(HELLO.blob)])
def test_special_files_in_a_layout_are_refused(member: str, tmp_path: Path) -> None:
    root = unpack(tmp_path, simple(HELLO))
    (root / member).unlink()
    os.mkfifo(root / member)
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(root)
    assert caught.value.slug == "unreadable"
    assert "not a regular file" in caught.value.message


def test_a_layout_may_have_more_blobs_than_open_files(tmp_path: Path) -> None:
    layers = [layer({f"f{number}": b"x"}) for number in range(100)]
    root = save(image(*layers), tmp_path / "layout", "oci-dir")
    for number in range(300):
        (root / "blobs" / "sha256" / f"{number:064x}").write_bytes(b"")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        assert slim.analyze(root).totals.live_files == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "path", ["/dev/zero", "/dev/null", "{fifo}", "{missing}", "/proc/self/environ"]
)
def test_what_is_no_file_is_refused(path: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(slim.SlimError) as caught:
        slim.analyze(path.format(fifo=tmp_path / "fifo", missing=tmp_path / "missing"))
    assert caught.value.exit_code == 3


def test_a_blob_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    root = unpack(tmp_path, simple(HELLO))
    path = root / blob_name(HELLO.blob)
    blob = DirectoryArchive(root, DEFAULT_LIMITS).blob(blob_name(HELLO.blob))
    assert blob is not None
    path.write_bytes(HELLO.blob + b"more")
    with pytest.raises(slim.SlimError, match="has changed"):
        list(blob.chunks())
    write(tmp_path, HELLO.blob, "other").replace(path)
    with pytest.raises(slim.SlimError, match="has changed"):
        list(blob.chunks())


def test_tags_of_one_image_are_all_reported(tmp_path: Path) -> None:
    tags = ("app:1", "app:latest")
    report = slim.analyze(save(replace(SMALL, tags=tags), tmp_path / "image", "docker"))
    assert report.image.tags == list(tags)
