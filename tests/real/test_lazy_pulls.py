"""Layers with a table of contents as their own engines pull them, file by file.

zstd:chunked: skopeo writes the same table and tar-split of the same tar, and podman fetches files by ours.
eStargz: the reference implementation opens the layer by its footer and verifies every chunk.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slim.repack.compressors import parse_compression
from slim.repack.run import Form
from tests.real.registries import docker_registry
from tests.real.tools import TAG, need, run
from tests.support.building import (
    Entry,
    delete,
    device,
    directory,
    file,
    hardlink,
    image,
    layer,
    save,
    symlink,
)
from tests.support.filesystem import listing
from tests.support.repacking import repack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.real

LARGE = b"".join(bytes([n]) * 3_000_000 for n in range(3))
STACK: list[list[Entry]] = [
    [
        directory("etc/", mode=0o711, mtime=1_600_000_000),
        file("etc/text", b"some text\n" * 99, uid=1, gid=2, pax=((b"mtime", b"1600000000.25"),)),
        file("etc/empty", mode=0o4755),
        file("large", LARGE, pax=((b"SCHILY.xattr.user.said", b"\1\0\xff"),)),
        file("é" * 90, b"x"),
        hardlink("etc/again", "etc/text", uid=1, gid=2, pax=((b"mtime", b"1600000000.25"),)),
        symlink("etc/link", "text"),
        file("old", b"gone" * 500),
        file("stays", b"\0" * 5000),
    ],
    [delete("old"), file("new", b"n" * 3000), device("null", 1, 3)],
]


def written(folder: Path, name: str, form: Form = "oci-dir") -> Path:
    """The stack, repacked with this compression, as a layout whose image has the tag of the tests."""
    source = save(image(*map(layer, STACK)), folder / "source.tar")
    target = folder / name.replace(":", "-")
    repack(source, target, form=form, compression=parse_compression(name))
    return target


def manifest(layout: Path) -> dict[str, Any]:
    def document(about: dict[str, Any]) -> dict[str, Any]:
        data = (layout / "blobs" / about["digest"].replace(":", "/")).read_bytes()
        found: dict[str, Any] = json.loads(data)
        return found

    index = json.loads((layout / "index.json").read_text())
    return document(index["manifests"][0])


def blob(layout: Path, about: dict[str, Any]) -> Path:
    place: str = about["digest"].replace(":", "/")
    return layout / "blobs" / place


def chunked(layout: Path) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Of each layer the table of contents, and the lines of tar-split."""
    found = []
    for about in manifest(layout)["layers"]:
        data = blob(layout, about).read_bytes()
        texts = []
        for name in ("manifest", "tarsplit"):
            place = about["annotations"][f"io.github.containers.zstd-chunked.{name}-position"]
            start, size = map(int, place.split(":")[:2])
            texts.append(zstd.decompress(data[start : start + size]))
        found.append((json.loads(texts[0]), [json.loads(row) for row in texts[1].splitlines()]))
    return found


def about_files(table: dict[str, Any]) -> list[dict[str, Any]]:
    """What rows say of files, without where they lie and how they are cut."""
    places = ("offset", "endOffset", "chunkSize", "chunkOffset", "chunkDigest", "chunkType")
    return [
        {key: value for key, value in row.items() if key not in places}
        for row in table["entries"]
        if row["type"] != "chunk"
    ]


def test_skopeo_writes_the_same_table(tmp_path: Path) -> None:
    need("skopeo")
    ours = written(tmp_path, "zstd:chunked:3")
    theirs = tmp_path / "theirs"
    run(
        *("skopeo", "copy", "--quiet", "--dest-compress-format", "zstd:chunked"),
        f"oci:{written(tmp_path, 'none')}",
        f"oci:{theirs}:{TAG}",
    )
    for (table, lines), (their_table, their_lines) in zip(
        chunked(ours), chunked(theirs), strict=True
    ):
        assert about_files(table) == about_files(their_table)
        files, their_files = (
            [(row["name"], row.get("size", 0), row["payload"]) for row in each if row["type"] == 1]
            for each in (lines, their_lines)
        )
        assert files == their_files
        segments, their_segments = (
            b"".join(base64.b64decode(row["payload"]) for row in each if row["type"] == 2)
            for each in (lines, their_lines)
        )
        assert segments == their_segments


@pytest.fixture
def podman(tmp_path: Path) -> Iterator[str]:
    """The settings of a podman that pulls single files where it can."""
    need("podman", "docker-registry", "skopeo")
    settings = tmp_path / "storage.conf"
    settings.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{tmp_path}/root"\nrunroot = "{tmp_path}/run"\n'
        '[storage.options]\npull_options = {enable_partial_images = "true"}\n'
    )
    yield str(settings)
    run("podman", "rmi", "--all", "--force", CONTAINERS_STORAGE_CONF=str(settings))
    run("podman", "system", "reset", "--force", CONTAINERS_STORAGE_CONF=str(settings))


def test_podman_pulls_single_files(podman: str, tmp_path: Path) -> None:
    shown, partial = [], []
    with docker_registry(tmp_path / "registry") as registry:
        for name in ("zstd:chunked:3", "gzip:6"):
            reference = registry.push(f"oci:{written(tmp_path, name)}", f"{name[:4]}:1")
            done = subprocess.run(
                ["podman", "--log-level=debug", "pull", "--tls-verify=false", reference],
                env=os.environ | {"CONTAINERS_STORAGE_CONF": podman},
                capture_output=True,
                text=True,
                check=True,
            )
            partial.append(done.stderr.count("Retrieved partial blob"))
            root = run("podman", "image", "mount", reference, CONTAINERS_STORAGE_CONF=podman)
            shown.append(listing(Path(root)))
    assert partial == [2, 0]
    assert shown[0] == shown[1]
    assert b"old" not in shown[0]


@pytest.fixture(scope="module")
def stargzlist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the reference implementation shows of a layer."""
    need("go")
    program = tmp_path_factory.mktemp("stargzlist") / "stargzlist"
    source = Path(__file__).parent / "stargzlist" / "main.go"
    run(
        *("go", "build", "-o", program, source),
        GO111MODULE="off",  # the library is a Debian package
        GOPATH="/usr/share/gocode",
    )
    return program


def test_estargz_holds_what_its_table_says(stargzlist: Path, tmp_path: Path) -> None:
    layout = written(tmp_path, "estargz:1")
    for about, items in zip(manifest(layout)["layers"], STACK, strict=True):
        digest = about["annotations"]["containerd.io/snapshot/stargz/toc.digest"]
        rows = {
            row["Name"]: row
            for row in map(json.loads, run(stargzlist, blob(layout, about), digest).splitlines())
        }
        assert rows.pop(".no.prefetch.landmark")["Size"] == 1
        kept = [entry for entry in items if entry.name not in (b"old", b".wh.old")]
        assert {name.encode() for name in rows if name} == {
            entry.name.rstrip(b"/") for entry in kept
        }
        for entry in kept:
            row = rows[entry.name.rstrip(b"/").decode()]
            if row["Type"] == "reg" and entry.type == b"0":
                assert row["Content"] == hashlib.sha256(entry.content).hexdigest()
                assert (row["Mode"], row["UID"], row["GID"]) == (entry.mode, entry.uid, entry.gid)
        if "large" in rows:
            assert rows["large"]["Xattrs"] == {"user.said": base64.b64encode(b"\1\0\xff").decode()}
            assert rows["etc/link"]["Link"] == "text"
            assert rows["etc"]["Time"] == "2020-09-13T12:26:40Z"
