"""`--base HOST/NAME`: the tag that an image was built on is found by the layers of the registry's images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import slim
from slim.errors import NetworkError
from slim.report.model import Base
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import Image, image, layer, oci_members, save
from tests.support.commands import run
from tests.support.fake_registry import Answer, Fake, Request, serve

ROOTFS = layer({"etc/os-release": b"ID=alpine"}, created_by="ADD alpine-minirootfs.tar.gz /")
TOOLS = layer({"usr/bin/tool": b"t" * 500}, created_by="RUN apk add tool")
OTHER = layer({"etc/os-release": b"ID=other"}, created_by="ADD other.tar /")
OWN = layer({"srv/app": b"a" * 900}, created_by="COPY app /srv")
TAGS = {
    "latest": image(OTHER),
    "3.9": image(ROOTFS, OTHER),
    "3.20": image(ROOTFS),
    "3.20-tools": image(ROOTFS, TOOLS),
    "3.21": image(OTHER, TOOLS),
}


def add(fake: Fake, tag: str, pushed: Image) -> str:
    """Push an image; the digest of its manifest."""
    members = oci_members(pushed)
    top: str = json.loads(members["index.json"])["manifests"][0]["digest"]
    for name, data in members.items():
        if name.startswith("blobs/"):
            fake.blobs[f"sha256:{name.rpartition('/')[2]}"] = data
    fake.documents[tag] = fake.documents[top] = fake.blobs.pop(top)
    return top


def lists_tags(fake: Fake, request: Request) -> Answer | None:
    if "/tags/list" not in request.path:
        return None
    tags = [name for name in fake.documents if ":" not in name]
    return Answer(200, json.dumps({"name": "team/app", "tags": tags}).encode())


@pytest.fixture
def registry() -> Iterator[Fake]:
    with serve(None, lists_tags) as fake:
        for tag, pushed in TAGS.items():
            add(fake, tag, pushed)
        yield fake


def base_of(fake: Fake, folder: Path, pushed: Image, name: str = "") -> Base:
    path = save(pushed, folder / "image.tar")
    access = fake.access()
    return slim.analyze(path, base=name or f"{fake.host}/team/app", registry=access).image.base


@LONG
def test_the_tag_with_most_layers_of_the_image_is_found(registry: Fake, tmp_path: Path) -> None:
    base = base_of(registry, tmp_path, image(ROOTFS, TOOLS, OWN))
    assert (base.layers, base.how, base.confidence) == (2, "given", "certain")
    assert bare(base.name).startswith(f"{registry.host}/team/app")
    digest = hashlib.sha256(registry.documents["3.20-tools"]).hexdigest()
    assert base.digest == f"sha256:{digest}"
    assert base_of(registry, tmp_path, image(ROOTFS, OWN)).layers == 1
    configs = {json.loads(each)["config"]["digest"] for each in registry.documents.values()}
    blobs = {pushed.path.rpartition("/")[2] for pushed in registry.paths("/blobs/")}
    assert blobs <= configs, "no layer is read"


def test_a_tag_that_is_named_is_not_searched_for(registry: Fake, tmp_path: Path) -> None:
    name = f"{registry.host}/team/app:3.20"
    assert base_of(registry, tmp_path, image(ROOTFS, TOOLS, OWN), name).layers == 1
    assert not registry.paths("tags/list")


def test_the_digest_that_the_image_names_is_enough(registry: Fake, tmp_path: Path) -> None:
    digest = add(registry, "nightly", image(ROOTFS, TOOLS, OTHER))
    for number in range(30):
        add(registry, f"9.{number}", image(OTHER, layer({f"n{number}": b"n"})))
    labels = {
        "org.opencontainers.image.base.name": "registry.example/team/app:nightly",
        "org.opencontainers.image.base.digest": digest,
    }
    built = image(ROOTFS, TOOLS, OTHER, OWN, config={"Labels": labels})
    base = base_of(registry, tmp_path, built)
    assert (base.layers, base.digest) == (3, digest)
    assert len(registry.log) < 20, "the tag of that name comes first"


def test_no_tag_is_its_base(
    registry: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(image(TOOLS, OWN), tmp_path / "image.tar")
    name = f"{registry.host}/team/app"
    words = ("--base", name, "--plain-http", registry.host, "-o", "json")
    assert run("analyze", str(path), *words) == 0
    assert "is not the base of this image" in capsys.readouterr().err


def test_what_is_no_image_is_passed_over(registry: Fake, tmp_path: Path) -> None:
    for tag in ("chart", "broken"):
        document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
        if tag == "chart":
            document |= {"manifests": []}
        data = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        registry.documents[tag] = registry.documents[digest] = data
    assert base_of(registry, tmp_path, image(ROOTFS, OWN)).layers == 1


def test_a_registry_that_lists_no_tags_is_an_error(tmp_path: Path) -> None:
    with serve(image(ROOTFS)) as fake, pytest.raises(NetworkError, match="does not list the tags"):
        base_of(fake, tmp_path, image(ROOTFS, OWN))
