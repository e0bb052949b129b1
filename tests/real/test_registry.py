"""Images in Debian's docker-registry: the report is that of the file, whatever stands between."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import slim
from slim.errors import NetworkError, UsageError
from slim.files.cache import TableCache
from slim.image.registry.access import Access, Login
from slim.image.registry.client import Client
from slim.report.untrusted import bare
from tests.real.registries import PASSWORD, USER, Registry, docker_registry
from tests.real.tools import need, run
from tests.support.building import delete, descriptor, digest, encode, file, image, layer, save
from tests.support.checked import checked_analyze
from tests.support.lazy_layers import estargz, with_layers

pytestmark = pytest.mark.real

INDEX = "application/vnd.oci.image.index.v1+json"

CONTENTS = {f"usr/share/doc/{name}/copyright": name.encode() * 5_000 for name in "abcdefgh"}


def contents(report: slim.Report) -> dict[str, Any]:
    """A report without what says where the image came from."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    del found["source"]
    for key in ("name", "tags"):
        del found["image"][key]
    return found


SECOND = layer(delete("usr/share/doc/a/copyright"), {"usr/share/doc/b/copyright": b"new"})


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of two layers, the second of which deletes and rewrites."""
    built = image(layer(CONTENTS), SECOND, compression="gzip")
    return save(built, tmp_path_factory.mktemp("layout") / "in", "oci-dir")


@pytest.fixture(scope="module")
def plain_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, not compressed: skopeo compresses nothing a second time."""
    return save(image(layer(CONTENTS), SECOND), tmp_path_factory.mktemp("plain") / "in", "oci-dir")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that is open to all, without TLS."""
    need("docker-registry", "skopeo")
    with docker_registry(tmp_path_factory.mktemp("plain")) as registry:
        yield registry


@pytest.mark.parametrize("compression", ["gzip", "zstd", "zstd:chunked"])
def test_the_report_is_that_of_the_file(
    server: Registry, plain_layout: Path, tmp_path: Path, compression: str
) -> None:
    copied = compressed(plain_layout, tmp_path, compression)
    reference = server.push(f"oci:{copied}:1", f"team/{compression.replace(':', '-')}:1")
    report = checked_analyze(reference, registry=server.access(), full=True)
    assert report.source.format == "registry"
    assert report.source.verified
    assert {layer.compression for layer in report.layers} == {compression.partition(":")[0]}
    assert report.totals.dead_bytes > 0
    assert contents(report) == contents(slim.analyze(copied))


def compressed(layout: Path, folder: Path, compression: str) -> Path:
    """The image of a layout, compressed by skopeo."""
    target = folder / "copied"
    run("skopeo", "copy", "--quiet", "--insecure-policy", "--dest-compress-format", compression,
        f"oci:{layout}:1", f"oci:{target}:1")  # fmt: skip
    return target


def test_the_table_of_contents_that_skopeo_writes_is_read(
    server: Registry, plain_layout: Path, tmp_path: Path
) -> None:
    copied = compressed(plain_layout, tmp_path, "zstd:chunked")
    reference = server.push(f"oci:{copied}:1", "team/lazy:1")
    lazy = checked_analyze(reference, registry=server.access())
    full = checked_analyze(reference, registry=server.access(), full=True)
    before = server.sent()
    slim.analyze(reference, registry=server.access(), full=True)
    assert server.sent() - before == full.source.archive_bytes
    assert not lazy.source.verified
    assert lazy.waste == full.waste
    assert lazy.totals.live_pull_bytes == full.totals.live_pull_bytes
    assert [(file.path, file.disk_bytes, file.pull_bytes) for file in lazy.largest_files] == [
        (file.path, file.disk_bytes, file.pull_bytes) for file in full.largest_files
    ]


def test_an_estargz_image_survives_a_push(server: Registry, tmp_path: Path) -> None:
    """skopeo keeps the annotations, and the table is that of the layer."""
    folder = tmp_path / "in"
    entries = [file(name, content) for name, content in CONTENTS.items()]
    _, manifest, blobs = with_layers(estargz(entries))
    save(image(layer({})), folder, "oci-dir")
    for data in (manifest, *blobs.values()):
        (folder / "blobs" / "sha256" / digest(data)[7:]).write_bytes(data)
    media_type = json.loads(manifest)["mediaType"]
    notes = {"org.opencontainers.image.ref.name": "1"}
    top = descriptor(media_type, manifest, annotations=notes)
    (folder / "index.json").write_bytes(encode({"schemaVersion": 2, "manifests": [top]}))
    reference = server.push(f"oci:{folder}:1", "team/estargz:1")
    lazy = checked_analyze(reference, registry=server.access())
    full = checked_analyze(reference, registry=server.access(), full=True)
    assert "estargz" in next(
        bare(warning.text) for warning in lazy.warnings if warning.id == "contents-not-verified"
    )
    from_file = contents(slim.analyze(folder))
    kept = [warning for warning in from_file["warnings"] if warning["id"] != "orphan-blob"]
    assert contents(full) == {**from_file, "warnings": kept}
    table = "stargz.index.json"
    assert {file.path: file.pull_bytes for file in lazy.largest_files if file.path != table} == {
        file.path: file.pull_bytes for file in full.largest_files if file.path != table
    }


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("who", ["anybody", "password", "token"])
def test_every_way_in(tmp_path: Path, layout: Path, tls: bool, who: str) -> None:
    need("docker-registry", "skopeo", "htpasswd", "openssl")
    kind: dict[str, Any] = {"tls": tls, "password": who == "password", "token": who == "token"}
    with docker_registry(tmp_path, **kind) as registry:
        reference = registry.push(f"oci:{layout}:1", "team/app:1")
        report = slim.analyze(reference, registry=registry.access())
        assert contents(report) == contents(slim.analyze(layout))
        if who == "anybody":
            return
        with pytest.raises(NetworkError) as refused:
            slim.analyze(reference, registry=registry.access(logins={}))
        assert refused.value.slug in ("registry-login", "registry-denied")
        wrong = {registry.host: Login(USER, "wrong")}
        with pytest.raises(NetworkError):
            slim.analyze(reference, registry=registry.access(logins=wrong))


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path, layout: Path) -> None:
    need("docker-registry", "skopeo", "openssl")
    with docker_registry(tmp_path, tls=True) as registry:
        reference = registry.push(f"oci:{layout}:1", "app:1")
        with pytest.raises(NetworkError, match="signed by itself") as refused:
            slim.analyze(reference)
        assert refused.value.slug == "registry-tls"
        insecure = Access(insecure=frozenset({registry.host}))
        report = slim.analyze(reference, registry=insecure)
        assert contents(report) == contents(slim.analyze(layout))
        with pytest.raises(NetworkError, match="TLS"):
            slim.analyze(reference, registry=Access(insecure=frozenset({"localhost"})))


@pytest.mark.parametrize(
    "key", ["{host}", "{host}/team", "{host}/team/app", "https://{host}/v2/"], ids=str
)
def test_credentials_of_docker_and_podman_are_found(tmp_path: Path, layout: Path, key: str) -> None:
    need("docker-registry", "skopeo", "htpasswd")
    with docker_registry(tmp_path, password=True) as registry:
        reference = registry.push(f"oci:{layout}:1", "team/app:1")
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        auths = {key.format(host=registry.host): {"auth": auth}, "other.test": {"auth": "eDp5"}}
        file = tmp_path / "auth.json"
        file.write_text(json.dumps({"auths": auths}))
        missing = tmp_path / "missing.json"
        access = registry.access(logins={}, auth_files=(missing, file))
        assert slim.analyze(reference, registry=access).totals.disk_bytes
        file.write_text(json.dumps({"auths": {f"{registry.host}/tea": {"auth": auth}}}))
        with pytest.raises(NetworkError):
            slim.analyze(reference, registry=access)


def test_only_one_platform_is_read(server: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "multi"
    entries = []
    for name in ("amd64", "arm64"):
        built = replace(image(layer({f"bin/{name}": name.encode() * 9})), architecture=name)
        save(built, tmp_path / name, "oci-dir")
        run("cp", "-r", f"{tmp_path / name}/.", folder)
        index = json.loads((folder / "index.json").read_text())
        entries += [{**index["manifests"][0], "platform": {"os": "linux", "architecture": name}}]
    nested = encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    (folder / "blobs" / "sha256" / digest(nested)[7:]).write_bytes(nested)
    tagged = descriptor(INDEX, nested, annotations={"org.opencontainers.image.ref.name": "1"})
    (folder / "index.json").write_bytes(encode({"schemaVersion": 2, "manifests": [tagged]}))
    reference = server.push(f"oci:{folder}:1", "multi:1", "--all")
    with pytest.raises(UsageError, match="2 images match") as refused:
        slim.analyze(reference, registry=server.access())
    assert "--platform" in refused.value.hint
    report = slim.analyze(reference, registry=server.access(), platform="linux/arm64")
    assert [file.path for file in report.largest_files] == ["bin/arm64"]
    assert report.image.platform == "linux/arm64"


def test_of_the_manifest_only_sizes_are_known(server: Registry, layout: Path) -> None:
    reference = server.push(f"oci:{layout}:1", "sizes:1")
    report = checked_analyze(reference, registry=server.access(), manifest_only=True)
    whole = slim.analyze(reference, registry=server.access())
    assert report.totals.pull_bytes == whole.totals.pull_bytes
    assert report.totals.disk_bytes == report.totals.files == 0
    assert not report.source.verified
    assert all(layer.missing and not layer.verified for layer in report.layers)
    assert "manifest-only" in {warning.id for warning in report.warnings}


def test_a_digest_names_what_a_tag_did(server: Registry, layout: Path) -> None:
    reference = server.push(f"oci:{layout}:1", "digest:1")
    by_tag = slim.analyze(reference, registry=server.access())
    name = reference.rpartition(":")[0]
    for given in (f"{name}@{by_tag.image.digest}", f"registry:{name}:9@{by_tag.image.digest}"):
        by_digest = slim.analyze(given, registry=server.access())
        assert contents(by_digest) == contents(by_tag)
    with pytest.raises(NetworkError) as refused:
        slim.analyze(f"{name}@sha256:{'0' * 64}", registry=server.access())
    assert refused.value.slug == "registry-not-found"


def test_layers_that_were_seen_are_not_asked_for_again(
    server: Registry, layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an image of a file, here: a layer is the same wherever it is."""
    monkeypatch.setattr("slim.files.cache._SMALL", 0)
    reference = server.push(f"oci:{layout}:1", "team/cached:1")
    expected = slim.analyze(reference, registry=server.access())
    cache = TableCache(tmp_path / "cache")
    slim.analyze(layout, cache=cache)
    downloads: list[str] = []
    stream = Client.stream

    def counted(client: Client, digest: str, size: int) -> Iterator[bytes]:
        downloads.append(digest)
        return stream(client, digest, size)

    monkeypatch.setattr(Client, "stream", counted)
    assert slim.analyze(reference, registry=server.access(), cache=cache) == expected
    assert downloads == []
    cache.clear()
    assert slim.analyze(reference, registry=server.access(), cache=cache) == expected
    assert len(downloads) == 2
